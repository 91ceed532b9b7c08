//! The table of all methods below `api`: the one source for the guest's `api` object, for `check`, and for dispatch.

use super::{
    Call, Outcome, access, authentication, cache, claim, directory, entries, prompt, redirect,
    saml, session,
};
use super::{transaction, user};
use crate::limits;
use crate::reply::Failure;
use crate::value::Argument;

/// What a method gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Returns {
    /// The `api` object.
    Api,
    /// `undefined`.
    Undefined,
    /// A value, at once.
    Value,
    /// A promise.
    Promise,
}

/// One method.
#[derive(Debug, Clone, Copy)]
pub struct MethodSpec {
    /// The object below `api`: `idToken`.
    pub namespace: &'static str,
    /// The method: `setCustomClaim`.
    pub name: &'static str,
    /// What it gives back.
    pub returns: Returns,
    /// Whether the vendor documents it.
    pub documented: bool,
    pub(super) run: Run,
}

/// The function behind a method.
#[derive(Debug, Clone, Copy)]
pub(super) enum Run {
    /// Answers at once, or throws.
    Now(fn(&mut Call<'_>) -> Outcome),
    /// Answers with a promise.
    Later(fn(&mut Call<'_>) -> Result<Argument, Failure>),
}

/// All methods, grouped by namespace.
pub fn method_names() -> &'static [MethodSpec] {
    METHODS
}

/// The method at a path below `api`: `idToken.setCustomClaim`.
pub(crate) fn find(path: &str) -> Option<&'static MethodSpec> {
    let (namespace, name) = path.split_once('.')?;
    METHODS
        .iter()
        .find(|spec| spec.namespace == namespace && spec.name == name)
}

type Now = fn(&mut Call<'_>) -> Outcome;

const fn chained(namespace: &'static str, name: &'static str, run: Now) -> MethodSpec {
    MethodSpec {
        namespace,
        name,
        returns: Returns::Api,
        documented: true,
        run: Run::Now(run),
    }
}

const fn silent(namespace: &'static str, name: &'static str, run: Now) -> MethodSpec {
    MethodSpec {
        namespace,
        name,
        returns: Returns::Undefined,
        documented: true,
        run: Run::Now(run),
    }
}

const fn valued(namespace: &'static str, name: &'static str, run: Now) -> MethodSpec {
    MethodSpec {
        namespace,
        name,
        returns: Returns::Value,
        documented: true,
        run: Run::Now(run),
    }
}

const fn promised(
    namespace: &'static str,
    name: &'static str,
    run: fn(&mut Call<'_>) -> Result<Argument, Failure>,
) -> MethodSpec {
    MethodSpec {
        namespace,
        name,
        returns: Returns::Promise,
        documented: true,
        run: Run::Later(run),
    }
}

const fn hidden(name: &'static str) -> MethodSpec {
    let run = Run::Now(transaction::not_implemented);
    MethodSpec {
        namespace: "transaction",
        name,
        returns: Returns::Undefined,
        documented: false,
        run,
    }
}

#[rustfmt::skip]
const METHODS: &[MethodSpec] = &[
    chained("access", "deny", access::deny),
    silent("accessToken", "addScope", claim::add_scope),
    silent("accessToken", "removeScope", claim::remove_scope),
    chained("accessToken", "setCustomClaim", claim::set_on_access_token),
    silent("authentication", "challengeWith", authentication::challenge_with),
    silent("authentication", "challengeWithAny", authentication::challenge_with_any),
    silent("authentication", "enrollWith", authentication::enroll_with),
    silent("authentication", "enrollWithAny", authentication::enroll_with_any),
    chained("authentication", "recordMethod", authentication::record_method),
    silent("authentication", "setPrimaryUser", authentication::set_primary_user),
    valued("cache", "delete", cache::delete),
    valued("cache", "get", cache::get),
    valued("cache", "set", cache::set),
    promised("groups", "getUserGroups", directory::user_groups),
    promised("groups", "hasGroupMembership", directory::group_membership),
    chained("idToken", "setCustomClaim", claim::set_on_id_token),
    chained("multifactor", "enable", access::enable_multifactor),
    silent("prompt", "render", prompt::render),
    valued("redirect", "canRedirect", redirect::can_redirect),
    valued("redirect", "encodeToken", redirect::encode_token),
    chained("redirect", "sendUserTo", redirect::send_user_to),
    valued("redirect", "validateToken", redirect::validate_token),
    silent("refreshToken", "deleteMetadata", entries::delete_from_refresh_token),
    silent("refreshToken", "evictMetadata", entries::evict_from_refresh_token),
    silent("refreshToken", "revoke", session::revoke_refresh_token),
    silent("refreshToken", "setExpiresAt", session::refresh_token_expires_at),
    silent("refreshToken", "setIdleExpiresAt", session::refresh_token_idle_expires_at),
    silent("refreshToken", "setMetadata", entries::set_on_refresh_token),
    promised("roles", "getUserEffectiveRoles", directory::effective_roles),
    promised("roles", "getUserEffectiveRolesByIds", directory::roles_by_ids),
    promised("roles", "getUserEffectiveRolesByNames", directory::roles_by_names),
    valued("rules", "wasExecuted", access::was_executed),
    chained("samlResponse", "setAttribute", saml::set_attribute),
    chained("samlResponse", "setAudience", |call| saml::text(call, "audience", limits::SAML_VALUE_CHARACTERS)),
    chained("samlResponse", "setAuthnContextClassRef", |call| saml::text(call, "authnContextClassRef", limits::SAML_SHORT_CHARACTERS)),
    chained("samlResponse", "setCert", |call| saml::text(call, "cert", limits::SAML_PEM_CHARACTERS)),
    chained("samlResponse", "setCreateUpnClaim", |call| saml::switch(call, "createUpnClaim")),
    chained("samlResponse", "setDestination", |call| saml::text(call, "destination", limits::SAML_VALUE_CHARACTERS)),
    chained("samlResponse", "setDigestAlgorithm", |call| saml::word(call, "digestAlgorithm", &["sha256", "sha1"])),
    chained("samlResponse", "setEncryptionAlgorithm", |call| saml::word(call, "encryptionAlgorithm", &["aes256-gcm", "aes256-cbc"])),
    chained("samlResponse", "setEncryptionCert", |call| saml::text(call, "encryptionCert", limits::SAML_PEM_CHARACTERS)),
    chained("samlResponse", "setEncryptionPublicKey", |call| saml::text(call, "encryptionPublicKey", limits::SAML_PEM_CHARACTERS)),
    chained("samlResponse", "setIncludeAttributeNameFormat", |call| saml::switch(call, "includeAttributeNameFormat")),
    chained("samlResponse", "setIssuer", |call| saml::text(call, "issuer", limits::SAML_SHORT_CHARACTERS)),
    chained("samlResponse", "setKey", |call| saml::text(call, "key", limits::SAML_PEM_CHARACTERS)),
    chained("samlResponse", "setLifetimeInSeconds", saml::set_lifetime),
    chained("samlResponse", "setMapIdentities", |call| saml::switch(call, "mapIdentities")),
    chained("samlResponse", "setMapUnknownClaimsAsIs", |call| saml::switch(call, "mapUnknownClaimsAsIs")),
    chained("samlResponse", "setNameIdentifierFormat", saml::set_name_identifier_format),
    chained("samlResponse", "setNameIdentifierProbes", saml::set_probes),
    chained("samlResponse", "setPassthroughClaimsWithNoMapping", |call| saml::switch(call, "passthroughClaimsWithNoMapping")),
    chained("samlResponse", "setRecipient", |call| saml::text(call, "recipient", limits::SAML_VALUE_CHARACTERS)),
    chained("samlResponse", "setRelayState", |call| saml::text(call, "RelayState", limits::SAML_SHORT_CHARACTERS)),
    chained("samlResponse", "setSignatureAlgorithm", |call| saml::word(call, "signatureAlgorithm", &["rsa-sha256", "rsa-sha1"])),
    chained("samlResponse", "setSignResponse", |call| saml::switch(call, "signResponse")),
    chained("samlResponse", "setSigningCert", |call| saml::text(call, "signingCert", limits::SAML_PEM_CHARACTERS)),
    chained("samlResponse", "setTypedAttributes", |call| saml::switch(call, "typedAttributes")),
    silent("session", "deleteMetadata", entries::delete_from_session),
    silent("session", "evictMetadata", entries::evict_from_session),
    silent("session", "revoke", session::revoke_session),
    silent("session", "setCookieMode", session::set_cookie_mode),
    silent("session", "setExpiresAt", session::session_expires_at),
    silent("session", "setIdleExpiresAt", session::session_idle_expires_at),
    silent("session", "setMetadata", entries::set_on_session),
    hidden("addTargetScope"),
    hidden("clearTargetScopes"),
    hidden("removeTargetScope"),
    silent("transaction", "setMetadata", transaction::set_metadata),
    hidden("setTargetScopes"),
    chained("user", "setAppMetadata", user::set_app_metadata),
    chained("user", "setUserMetadata", user::set_user_metadata),
    chained("validation", "error", access::validation_error),
];

#[cfg(test)]
mod tests {
    use super::{METHODS, find};

    #[test]
    fn the_table_is_grouped_and_unambiguous() {
        let mut namespaces: Vec<&str> = METHODS.iter().map(|spec| spec.namespace).collect();
        namespaces.dedup();
        let groups = namespaces.len();
        namespaces.sort_unstable();
        namespaces.dedup();
        assert_eq!(groups, namespaces.len());
        for spec in METHODS {
            let path = format!("{}.{}", spec.namespace, spec.name);
            let same = METHODS
                .iter()
                .filter(|other| other.namespace == spec.namespace && other.name == spec.name);
            assert_eq!(same.count(), 1, "{path}");
            assert_eq!(find(&path).map(|found| found.name), Some(spec.name));
        }
        assert!(find("").is_none() && find("idToken").is_none() && find("idToken.").is_none());
    }
}
