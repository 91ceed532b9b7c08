//! Claims and permissions that a test gives a login without an Action: by `POST /_postlogin/claims`, or on the login page.
//!
//! They pass the same rules as those of Actions; `permissions` are what RBAC would put into the access token.

use std::collections::VecDeque;

use postlogin_core::claim_rules::{RuleContext, rule_for, spec_of};
use postlogin_core::event::suggest::closest;
use postlogin_core::outcome::TokenKind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::issue::Grant;
use crate::clock::iso;
use crate::http::text;
use crate::state::Tenant;
use crate::store::StoreError;

/// So many rules are kept at once.
const MOST_RULES: usize = 100;
/// The most bytes of one, as JSON.
const LARGEST: usize = 64 * 1024;

/// Claims and permissions of a login.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Extra {
    #[serde(default)]
    pub(crate) id_token: Map<String, Value>,
    #[serde(default)]
    pub(crate) access_token: Map<String, Value>,
    #[serde(default)]
    pub(crate) permissions: Option<Vec<String>>,
}

const KEYS: &[&str] = &["claims", "id_token", "access_token", "permissions"];

impl Extra {
    /// Reads `{"claims": {…}, "id_token": {…}, "access_token": {…}, "permissions": […]}`; `claims` are for both tokens.
    ///
    /// # Errors
    /// When it is something else, in one sentence.
    pub(crate) fn read(body: &Map<String, Value>) -> Result<Self, String> {
        if Value::Object(body.clone()).to_string().len() > LARGEST {
            return Err(format!("the claims have more than {LARGEST} bytes"));
        }
        let object = |key: &str| match body.get(key) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(claims)) => Ok(claims.clone()),
            Some(_) => Err(format!(
                "`{key}` must be an object: names and values of claims"
            )),
        };
        let both = object("claims")?;
        let with_both = |own: Map<String, Value>| {
            let mut all = both.clone();
            all.extend(own);
            all
        };
        let permissions = match body.get("permissions") {
            None | Some(Value::Null) => None,
            Some(list) => {
                let read = serde_json::from_value(list.clone());
                Some(read.map_err(|_| "`permissions` must be a list of strings".to_owned())?)
            }
        };
        Ok(Self {
            id_token: with_both(object("id_token")?),
            access_token: with_both(object("access_token")?),
            permissions,
        })
    }

    /// Reads what was written on the login page: an object like that of [`Extra::read`], or one of claims for both tokens.
    ///
    /// # Errors
    /// When it is neither, in one sentence.
    pub(crate) fn written(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::default());
        }
        let wrong = || "The claims must be a JSON object.".to_owned();
        let Ok(Value::Object(body)) = serde_json::from_str(text) else {
            return Err(wrong());
        };
        match body.keys().all(|key| KEYS.contains(&key.as_str())) {
            true => Self::read(&body),
            false => {
                let both: Map<String, Value> =
                    std::iter::once(("claims".to_owned(), Value::Object(body))).collect();
                Self::read(&both)
            }
        }
    }

    fn add(&mut self, more: &Self) {
        self.id_token.extend(more.id_token.clone());
        self.access_token.extend(more.access_token.clone());
        if more.permissions.is_some() {
            self.permissions.clone_from(&more.permissions);
        }
    }
}

/// A user or an application that a rule names and the tenant does not have.
#[derive(Debug)]
pub(crate) struct Unknown {
    pub(crate) what: String,
    pub(crate) hint: String,
}

/// A rule of the control API.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// The id or the e-mail address; `None` for every user.
    user: Option<String>,
    client_id: Option<String>,
    extra: Extra,
    /// The number of logins it is for; `None` for all.
    times: Option<u64>,
}

impl Rule {
    /// Reads the body of `POST /_postlogin/claims`.
    ///
    /// # Errors
    /// In one sentence.
    pub(crate) fn read(body: &Map<String, Value>) -> Result<Self, String> {
        let known: Vec<&str> = KEYS
            .iter()
            .copied()
            .chain(["user", "client_id", "times"])
            .collect();
        if let Some(key) = body.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(match closest(key, known.iter().copied()) {
                Some(near) => format!("unknown key `{key}`; did you mean `{near}`?"),
                None => format!("unknown key `{key}`; there are {}", known.join(", ")),
            });
        }
        let string = |key: &str| match body.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(format!("`{key}` must be a string")),
        };
        let times = match body.get("times") {
            None | Some(Value::Null) => None,
            Some(times) => Some(
                times
                    .as_u64()
                    .filter(|times| *times > 0)
                    .ok_or_else(|| "`times` must be a number from 1".to_owned())?,
            ),
        };
        let rest: Map<String, Value> = body
            .iter()
            .filter(|(key, _)| KEYS.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let extra = Extra::read(&rest)?;
        if extra == Extra::default() {
            return Err("write claims, id_token, access_token or permissions".to_owned());
        }
        Ok(Self {
            user: string("user")?,
            client_id: string("client_id")?,
            extra,
            times,
        })
    }

    /// Returns what the rule names that the tenant does not have: such a rule would wait for a login that cannot come.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) fn unknown(&self, tenant: &Tenant) -> Result<Option<Unknown>, StoreError> {
        if let Some(user) = &self.user
            && !tenant.store.has_user(user)?
        {
            return Ok(Some(Unknown {
                what: format!("unknown user `{user}`"),
                hint: "write the id or the e-mail address of one of GET /_postlogin/users; POST adds one"
                    .to_owned(),
            }));
        }
        let clients = || {
            let all = tenant.catalog.clients.iter();
            all.filter_map(|client| text(client, "client_id"))
        };
        match &self.client_id {
            Some(id) if !clients().any(|known| known == id) => Ok(Some(Unknown {
                what: format!("unknown client_id `{id}`"),
                hint: match closest(id, clients()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "GET /_postlogin/clients lists the applications".to_owned(),
                },
            })),
            _ => Ok(None),
        }
    }

    /// As `GET /_postlogin/claims` lists it.
    pub(crate) fn shown(&self) -> Value {
        json!({
            "user": self.user, "client_id": self.client_id, "times": self.times,
            "id_token": self.extra.id_token, "access_token": self.extra.access_token, "permissions": self.extra.permissions,
        })
    }
}

/// Adds a rule.
///
/// # Errors
/// When there are too many.
pub(crate) fn add(rules: &mut VecDeque<Rule>, rule: Rule) -> Result<(), String> {
    match rules.len() < MOST_RULES {
        true => {
            rules.push_back(rule);
            Ok(())
        }
        false => Err(format!(
            "there are {MOST_RULES} rules already; DELETE them first"
        )),
    }
}

/// Takes what the rules give a login; a later rule wins over an earlier one.
fn take(rules: &mut VecDeque<Rule>, grant: &Grant, email: Option<&str>) -> Extra {
    let mut extra = Extra::default();
    rules.retain_mut(|rule| {
        let user = rule.user.as_deref();
        let is_user = user.is_none_or(|it| {
            it == grant.user_id || email.is_some_and(|email| email.eq_ignore_ascii_case(it))
        });
        let is_client = rule
            .client_id
            .as_deref()
            .is_none_or(|it| it == grant.client_id);
        if !(is_user && is_client) {
            return true;
        }
        extra.add(&rule.extra);
        match &mut rule.times {
            None => true,
            Some(times) => {
                *times -= 1;
                *times > 0
            }
        }
    });
    extra
}

/// Adds the claims of a login, `of_page` and those of the control API, to its grant. Returns those that the ID token has
/// now, for `/userinfo`. A claim that a rule drops is in the log.
pub(crate) fn apply(tenant: &Tenant, grant: &mut Grant, of_page: &Extra) -> Map<String, Value> {
    let mut extra = tenant.control.with_rules(|rules| match rules.is_empty() {
        true => Extra::default(),
        false => {
            let user = tenant.store.user(&grant.user_id).ok().flatten();
            take(
                rules,
                grant,
                user.as_ref().and_then(|user| text(user, "email")),
            )
        }
    });
    extra.add(of_page);
    let mut custom = Map::new();
    if extra == Extra::default() {
        return custom;
    }
    for (token, claims) in [
        (TokenKind::IdToken, extra.id_token),
        (TokenKind::AccessToken, extra.access_token),
    ] {
        for (name, value) in claims {
            let context = RuleContext {
                scopes: &grant.requested,
                audience: grant.audience.as_deref(),
                domain: &tenant.site.domain,
                opaque: grant.is_opaque,
            };
            if let Some(rule) = rule_for(&context, token, &name) {
                let source = spec_of(rule).map(|spec| spec.source);
                tenant.control.log(json!({
                    "type": "notice", "date": iso(tenant.now_ms()), "code": "claim-dropped",
                    "user_id": grant.user_id, "client_id": grant.client_id, "rule": rule, "source": source,
                    "message": format!("the claim `{name}` of the control API or the login page does not reach the token, as in production"),
                }));
                continue;
            }
            match token {
                TokenKind::IdToken => {
                    custom.insert(name.clone(), value.clone());
                    grant.id_claims.insert(name, value);
                }
                TokenKind::AccessToken => {
                    grant.access_claims.insert(name, value);
                }
            }
        }
    }
    if let Some(permissions) = extra.permissions
        && !grant.is_opaque
    {
        grant
            .access_claims
            .insert("permissions".into(), json!(permissions));
    }
    custom
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use serde_json::{Value, json};

    use super::{Extra, Rule, add, take};
    use crate::oauth::issue::Grant;

    fn rule(body: &Value) -> Result<Rule, String> {
        Rule::read(body.as_object().unwrap())
    }

    #[test]
    fn mistakes_are_named() {
        for (body, expected) in [
            (
                json!({"claim": {}}),
                "unknown key `claim`; did you mean `claims`?",
            ),
            (json!({"claims": []}), "`claims` must be an object"),
            (
                json!({"permissions": "read:x"}),
                "`permissions` must be a list of strings",
            ),
            (
                json!({"claims": {"a": 1}, "times": 0}),
                "`times` must be a number from 1",
            ),
            (
                json!({"claims": {"a": 1}, "user": 5}),
                "`user` must be a string",
            ),
            (json!({"user": "jane@example.com"}), "write claims"),
            (
                json!({"claims": {"a": "x".repeat(70_000)}}),
                "more than 65536 bytes",
            ),
        ] {
            let error = rule(&body).expect_err("a mistake");
            assert!(error.contains(expected), "{error}");
        }
        for (text, expected) in [
            ("", Extra::default()),
            (
                "{\"a\": 1}",
                Extra::read(json!({"claims": {"a": 1}}).as_object().unwrap()).unwrap(),
            ),
            (
                "{\"permissions\": [\"read:x\"]}",
                Extra {
                    permissions: Some(vec!["read:x".into()]),
                    ..Extra::default()
                },
            ),
        ] {
            assert_eq!(Extra::written(text), Ok(expected), "{text}");
        }
        assert!(Extra::written("[1]").is_err() && Extra::written("{").is_err());
    }

    #[test]
    fn a_rule_is_for_its_user_its_application_and_its_number_of_logins() {
        let mut rules = VecDeque::new();
        for body in [
            json!({"claims": {"a": 1}}),
            json!({"claims": {"a": 2}, "user": "Jane@Example.com", "times": 1}),
            json!({"claims": {"b": 1}, "client_id": "other"}),
            json!({"permissions": ["read:x"], "user": "auth0|1"}),
        ] {
            add(&mut rules, rule(&body).unwrap()).unwrap();
        }
        let grant = Grant {
            user_id: "auth0|1".into(),
            client_id: "web".into(),
            ..Grant::default()
        };
        let email = Some("jane@example.com");
        let first = take(&mut rules, &grant, email);
        assert_eq!(first.id_token["a"], 2);
        assert_eq!(first.permissions, Some(vec!["read:x".to_owned()]));
        assert!(!first.id_token.contains_key("b"));
        let second = take(&mut rules, &grant, email);
        assert_eq!((&second.id_token["a"], rules.len()), (&json!(1), 3));
        for _ in 0..97 {
            add(&mut rules, rule(&json!({"claims": {"c": 1}})).unwrap()).unwrap();
        }
        assert!(add(&mut rules, rule(&json!({"claims": {"c": 1}})).unwrap()).is_err());
    }
}
