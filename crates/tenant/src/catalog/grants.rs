//! The client grants: which scopes of an API an application may have.

use serde_json::Value;

use super::third_party::is_third_party;
use super::{Audience, Catalog, Granted};
use crate::http::{text, texts};

impl Catalog {
    /// Returns the scopes of an application at an API without a user, or everything. `None` without a client grant.
    ///
    /// Production asks for a grant always. Applications that no export knows are made here, and may do everything.
    pub(crate) fn client_grant(&self, client: &Value, audience: &Audience<'_>) -> Option<Granted> {
        self.granted(client, self.grants_of(client, audience))
    }

    /// Returns the scopes that an application may ask for on behalf of a user, where the API asks for a client grant. `None` without one.
    pub(crate) fn user_grant(&self, client: &Value, audience: &Audience<'_>) -> Option<Granted> {
        self.granted(client, self.all_grants_of(client, audience, true))
    }

    fn granted<'a>(
        &self,
        client: &Value,
        grants: impl Iterator<Item = &'a Value>,
    ) -> Option<Granted> {
        let generated = self
            .generated
            .iter()
            .any(|id| Some(id.as_str()) == text(client, "client_id"));
        if generated {
            return Some(Granted::All);
        }
        let mut scopes = None;
        for grant in grants {
            if grant.get("allow_all_scopes") == Some(&Value::Bool(true)) {
                return Some(Granted::All);
            }
            let scopes: &mut Vec<String> = scopes.get_or_insert_default();
            scopes.extend(texts(grant, "scope").map(str::to_owned));
        }
        scopes.map(Granted::Scopes)
    }

    /// The client grants of an application at an API, without those for logins of users.
    pub(crate) fn grants_of<'a>(
        &'a self,
        client: &'a Value,
        audience: &'a Audience<'a>,
    ) -> impl Iterator<Item = &'a Value> {
        self.all_grants_of(client, audience, false)
    }

    /// The client grants of an application at an API: those for logins of users, or the others. A third-party application without
    /// one has the defaults of its kind.
    fn all_grants_of<'a>(
        &'a self,
        client: &'a Value,
        audience: &'a Audience<'a>,
        of_users: bool,
    ) -> impl Iterator<Item = &'a Value> {
        let is_for = move |grant: &&Value| {
            (text(grant, "subject_type") == Some("user")) == of_users
                && text(grant, "audience").is_some_and(|of| self.is_audience(of, audience))
        };
        let grants = self.client_grants.iter();
        let has_own = grants
            .clone()
            .any(|grant| is_of_client(grant, client) && is_for(&grant));
        let has_defaults = !has_own && is_third_party(client);
        grants.filter(move |grant| {
            is_for(grant)
                && (is_of_client(grant, client) || (has_defaults && is_of_third_parties(grant)))
        })
    }

    /// Whether a client grant is one for an API. That for the Management API has production's address: `/api/v2/` at the
    /// tenant's host.
    fn is_audience(&self, granted: &str, asked: &Audience<'_>) -> bool {
        match asked {
            Audience::Api(identifier) => granted == *identifier,
            Audience::Management(here) => {
                let elsewhere = || {
                    let url = url::Url::parse(granted).ok();
                    let is_management = |url: url::Url| {
                        matches!(url.scheme(), "https" | "http") && url.path() == "/api/v2/"
                    };
                    url.is_some_and(is_management)
                        && self
                            .api(granted)
                            .is_none_or(|api| api.get("is_system") == Some(&Value::Bool(true)))
                };
                granted == *here || elsewhere()
            }
        }
    }
}

/// Whether a client grant is one of an application, by its name or id.
pub(crate) fn is_of_client(grant: &Value, client: &Value) -> bool {
    let of = text(grant, "client_id").or_else(|| text(grant, "client_name"));
    of.is_some() && (of == text(client, "name") || of == text(client, "client_id"))
}

/// Whether a client grant is that of all third-party applications, unless they have one of their own.
///
/// Source: `default_for` of <https://auth0.com/docs/api/management/v2/client-grants/post-client-grants>.
fn is_of_third_parties(grant: &Value) -> bool {
    text(grant, "default_for") == Some("third_party_clients")
}
