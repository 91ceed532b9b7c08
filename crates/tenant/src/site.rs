//! The addresses of the tenant. A request that came by one gets tokens, links and events with it, as one that comes by a custom
//! domain does in production.
//!
//! <https://auth0.com/docs/customize/custom-domains>

use postlogin_token::KeyPair;
use serde_json::{Value, json};
use url::Url;

use crate::oauth::session::Cookies;
use crate::state::{SetupError, Tenant};

/// One address of the tenant.
pub(crate) struct Site {
    /// With a slash at its end.
    pub(crate) issuer: String,
    /// The host of the issuer, without its port.
    pub(crate) domain: String,
    /// The host of the issuer, with its port.
    pub(crate) authority: String,
    /// The answer of `/.well-known/jwks.json`; its certificate takes a signature, so it is made once.
    pub(crate) key_set: Value,
    /// The names of its cookies.
    pub(crate) cookies: Cookies,
}

impl Site {
    /// # Errors
    /// When the issuer is not an `http` or `https` URL without a path.
    pub(crate) fn new(issuer: &str, key: &KeyPair) -> Result<Self, SetupError> {
        let wrong = || SetupError::Issuer(issuer.to_owned());
        let url = Url::parse(issuer).map_err(|_| wrong())?;
        let domain = url.host_str().ok_or_else(wrong)?.to_owned();
        if !matches!(url.scheme(), "http" | "https")
            || url.query().is_some()
            || url.fragment().is_some()
            || url.path() != "/"
        {
            return Err(wrong());
        }
        let authority = match url.port() {
            Some(port) => format!("{domain}:{port}"),
            None => domain.clone(),
        };
        Ok(Self {
            issuer: url.to_string(),
            key_set: key
                .key_set(&domain)
                .map_err(|error| SetupError::Key(error.to_string()))?,
            cookies: Cookies::new(&authority),
            domain,
            authority,
        })
    }

    /// Whether a `Host` header names it: with its port, or by a name of its own whatever the port, which a container may map.
    pub(crate) fn fits(&self, host: &str, name: &str, with_any_port: bool) -> bool {
        host.eq_ignore_ascii_case(&self.authority)
            || (with_any_port && name.eq_ignore_ascii_case(&self.domain))
    }
}

impl Tenant {
    /// The first address: the domain that the tenant has in production besides its custom domains.
    fn canonical(&self) -> &Site {
        self.sites.first().unwrap_or(&self.site)
    }

    /// The only audience of the Management API, also at a custom domain.
    ///
    /// Source: <https://auth0.com/docs/secure/tokens/access-tokens/get-access-tokens>.
    pub(crate) fn management_audience(&self) -> String {
        format!("{}api/v2/", self.canonical().issuer)
    }

    /// Whether an audience is that of the Management API.
    pub(crate) fn is_management(&self, audience: &str) -> bool {
        audience.strip_prefix(&self.canonical().issuer) == Some("api/v2/")
    }

    /// `event.custom_domain` of a request that came by another address than the first.
    pub(crate) fn custom_domain(&self) -> Option<Value> {
        let is_custom = self.site.issuer != self.canonical().issuer;
        is_custom.then(|| json!({"domain": self.site.authority, "domain_metadata": {}}))
    }
}
