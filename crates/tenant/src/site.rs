//! The addresses of the tenant. A request that came by one gets tokens, links and events with it, as one that comes by a custom
//! domain does in production.
//!
//! <https://auth0.com/docs/customize/custom-domains>

use postlogin_token::KeyPair;
use serde_json::Value;
use url::Url;

use crate::oauth::session::Cookies;
use crate::state::SetupError;

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
