//! The typed functions and the methods of the vendor's `api` object that they stand for.
//!
//! A host can serve all of them by one piece of code: it turns the arguments of a function into those of the method as
//! this table says, calls the method, and turns its answer into the function's result. Method list:
//! <https://auth0.com/docs/actions/reference/post-login/post-login-api-object>

use Answer::{CacheDelete, CacheEntry, CacheSet, Json as JsonText, Nothing, Plain as PlainValue};
use Parameter::{AdditionalFactors, Json, NullableText, Plain, Query};

/// A method of the vendor's `api` object that has a typed function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// The path below `api`: `idToken.setCustomClaim`.
    pub path: &'static str,
    /// The triggers whose `api` has the method behind this function: the vendor's ids.
    pub triggers: &'static [&'static str],
    /// The function's parameters in order; each is one argument of the method.
    pub parameters: &'static [Parameter],
    /// The function's result.
    pub answer: Answer,
    /// Whether the result is a `result<_, failure>`.
    pub can_throw: bool,
}

/// The conversion of a function's parameter to an argument of the method.
///
/// A `none` at the end of the arguments is not passed, one in between is `undefined`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parameter {
    /// A string, number, boolean, list or record as it is; an enum as the text of its name; for the properties of a
    /// record see [`property`].
    Plain,
    /// A JSON text: the value that it denotes.
    Json,
    /// An `option<string>` of which `none` is `null`.
    NullableText,
    /// An optional list: the property `additionalFactors` of an object.
    AdditionalFactors,
    /// An optional list of pairs: an object that is the property `query` of an object.
    Query,
}

/// The conversion of a method's answer to the function's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The answer (nothing, or the `api` object) is dropped.
    Nothing,
    /// A boolean or a string as it is.
    Plain,
    /// Any value, as a JSON text.
    Json,
    /// `{value, expires_at}` or `undefined`: an optional record.
    CacheEntry,
    /// `{type: 'success', record: {value, expires_at}}` or `{type: 'error', code}`: a record or the code.
    CacheSet,
    /// `{type: 'success'}` or `{type: 'error', code}`: nothing or the code.
    CacheDelete,
}

/// A property of the vendor's object that a field of a record stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// The name of the property. It is absent when the field is `none`.
    pub name: String,
    /// Whether the field is a JSON text, of which the property is the value.
    pub is_json: bool,
}

impl Method {
    /// The interface of the function: `id-token`; that of a method which only one trigger other than post-login has in this
    /// form begins with a word for the trigger, such as `machine-` for credentials-exchange.
    #[must_use]
    pub fn interface(&self) -> String {
        let namespace = self.path.split_once('.');
        let name = kebab_case(namespace.map_or("", |(namespace, _)| namespace));
        match prefix(self.triggers) {
            Some(prefix) => format!("{prefix}-{name}"),
            None => name,
        }
    }

    /// The name of the function: `set-custom-claim`.
    #[must_use]
    pub fn function(&self) -> String {
        kebab_case(
            self.path
                .split_once('.')
                .map_or(self.path, |(_, method)| method),
        )
    }
}

/// Returns the property of the vendor's object that a field of a record, passed as [`Parameter::Plain`], stands for.
#[must_use]
pub fn property(field: &str) -> Property {
    let name = match field {
        // The cache alone has names with an underscore.
        "expires-at" => "expires_at".to_owned(),
        _ => camel_case(field),
    };
    Property {
        name,
        is_json: matches!(field, "payload" | "fields" | "vars"),
    }
}

fn kebab_case(camel: &str) -> String {
    let mut kebab = String::with_capacity(camel.len() + 4);
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

fn camel_case(kebab: &str) -> String {
    let mut words = kebab.split('-');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

const fn throws(path: &'static str, parameters: &'static [Parameter], answer: Answer) -> Method {
    Method {
        path,
        triggers: POST_LOGIN,
        parameters,
        answer,
        can_throw: true,
    }
}

const fn never_throws(
    path: &'static str,
    parameters: &'static [Parameter],
    answer: Answer,
) -> Method {
    Method {
        path,
        triggers: POST_LOGIN,
        parameters,
        answer,
        can_throw: false,
    }
}

impl Method {
    const fn of(self, triggers: &'static [&'static str]) -> Self {
        Self { triggers, ..self }
    }
}

const POST_LOGIN: &[&str] = &["post-login"];
const MACHINE: &[&str] = &["credentials-exchange"];
const REGISTRATION: &[&str] = &["pre-user-registration"];
const EXCHANGE: &[&str] = &["custom-token-exchange"];
const RESET: &[&str] = &["password-reset-post-challenge"];
const PROVIDERS: &[&str] = &["custom-email-provider", "custom-phone-provider"];
const EVERY: &[&str] = crate::ACTION_WORLDS;

/// Returns what the names of interfaces begin with that only these triggers have.
fn prefix(triggers: &[&str]) -> Option<&'static str> {
    match triggers {
        MACHINE => Some("machine"),
        REGISTRATION => Some("registration"),
        EXCHANGE => Some("exchange"),
        RESET => Some("reset"),
        _ => None,
    }
}

/// Every method with a typed function, by namespace.
pub const METHODS: &[Method] = &[
    never_throws("access.deny", &[Plain], Nothing),
    throws("accessToken.setCustomClaim", &[Plain, Json], Nothing),
    throws("accessToken.addScope", &[Plain], Nothing),
    throws("accessToken.removeScope", &[Plain], Nothing),
    throws(
        "authentication.challengeWith",
        &[Plain, AdditionalFactors],
        Nothing,
    ),
    throws("authentication.challengeWithAny", &[Plain], Nothing),
    throws(
        "authentication.enrollWith",
        &[Plain, AdditionalFactors],
        Nothing,
    ),
    throws("authentication.enrollWithAny", &[Plain], Nothing),
    throws("authentication.recordMethod", &[Plain], Nothing),
    throws("authentication.setPrimaryUser", &[Plain], Nothing),
    never_throws("cache.get", &[Plain], CacheEntry).of(EVERY),
    never_throws("cache.set", &[Plain, Plain, Plain], CacheSet).of(EVERY),
    never_throws("cache.delete", &[Plain], CacheDelete).of(EVERY),
    throws("groups.getUserGroups", &[Plain], JsonText),
    throws("groups.hasGroupMembership", &[Plain], JsonText),
    throws("idToken.setCustomClaim", &[Plain, Json], Nothing),
    throws("multifactor.enable", &[Plain, Plain], Nothing),
    throws("prompt.render", &[Plain, Plain], Nothing),
    never_throws("redirect.canRedirect", &[], PlainValue),
    throws("redirect.encodeToken", &[Plain], PlainValue),
    throws("redirect.sendUserTo", &[Plain, Query], Nothing),
    throws("redirect.validateToken", &[Plain], JsonText),
    throws("refreshToken.revoke", &[Plain], Nothing),
    throws("refreshToken.setExpiresAt", &[Plain], Nothing),
    throws("refreshToken.setIdleExpiresAt", &[Plain], Nothing),
    throws("refreshToken.setMetadata", &[Plain, NullableText], Nothing),
    throws("refreshToken.deleteMetadata", &[Plain], Nothing),
    throws("refreshToken.evictMetadata", &[], Nothing),
    throws("roles.getUserEffectiveRoles", &[Plain], JsonText),
    throws("roles.getUserEffectiveRolesByIds", &[Plain], JsonText),
    throws("roles.getUserEffectiveRolesByNames", &[Plain], JsonText),
    never_throws("rules.wasExecuted", &[Plain], PlainValue),
    throws("samlResponse.setAttribute", &[Plain, Json], Nothing),
    throws("samlResponse.setAudience", &[Plain], Nothing),
    throws("samlResponse.setRecipient", &[Plain], Nothing),
    throws("samlResponse.setDestination", &[Plain], Nothing),
    throws("samlResponse.setIssuer", &[Plain], Nothing),
    throws("samlResponse.setRelayState", &[Plain], Nothing),
    throws("samlResponse.setNameIdentifierFormat", &[Plain], Nothing),
    throws("samlResponse.setAuthnContextClassRef", &[Plain], Nothing),
    throws("samlResponse.setNameIdentifierProbes", &[Plain], Nothing),
    throws("samlResponse.setLifetimeInSeconds", &[Plain], Nothing),
    throws("samlResponse.setCreateUpnClaim", &[Plain], Nothing),
    throws(
        "samlResponse.setPassthroughClaimsWithNoMapping",
        &[Plain],
        Nothing,
    ),
    throws("samlResponse.setMapUnknownClaimsAsIs", &[Plain], Nothing),
    throws("samlResponse.setMapIdentities", &[Plain], Nothing),
    throws("samlResponse.setSignResponse", &[Plain], Nothing),
    throws(
        "samlResponse.setIncludeAttributeNameFormat",
        &[Plain],
        Nothing,
    ),
    throws("samlResponse.setTypedAttributes", &[Plain], Nothing),
    throws("samlResponse.setSignatureAlgorithm", &[Plain], Nothing),
    throws("samlResponse.setDigestAlgorithm", &[Plain], Nothing),
    throws("samlResponse.setEncryptionAlgorithm", &[Plain], Nothing),
    throws("samlResponse.setSigningCert", &[Plain], Nothing),
    throws("samlResponse.setEncryptionCert", &[Plain], Nothing),
    throws("samlResponse.setEncryptionPublicKey", &[Plain], Nothing),
    throws("samlResponse.setCert", &[Plain], Nothing),
    throws("samlResponse.setKey", &[Plain], Nothing),
    throws("session.revoke", &[Plain, Plain], Nothing),
    throws("session.setExpiresAt", &[Plain], Nothing),
    throws("session.setIdleExpiresAt", &[Plain], Nothing),
    throws("session.setCookieMode", &[Plain], Nothing),
    throws("session.setMetadata", &[Plain, NullableText], Nothing),
    throws("session.deleteMetadata", &[Plain], Nothing),
    throws("session.evictMetadata", &[], Nothing),
    throws("transaction.setMetadata", &[Plain, Json], Nothing),
    throws("user.setAppMetadata", &[Plain, Json], Nothing),
    throws("user.setUserMetadata", &[Plain, Json], Nothing),
    throws("validation.error", &[Plain, Plain], Nothing),
    never_throws("access.deny", &[Plain, Plain], Nothing).of(MACHINE),
    throws("accessToken.setCustomClaim", &[Plain, Json], Nothing).of(MACHINE),
    throws("transaction.addTargetScope", &[Plain], Nothing).of(MACHINE),
    throws("transaction.removeTargetScope", &[Plain], Nothing).of(MACHINE),
    throws("transaction.setTargetScopes", &[Plain], Nothing).of(MACHINE),
    throws("transaction.clearTargetScopes", &[], Nothing).of(MACHINE),
    never_throws("access.deny", &[Plain, Plain], Nothing).of(REGISTRATION),
    throws("user.setAppMetadata", &[Plain, Json], Nothing).of(REGISTRATION),
    throws("user.setUserId", &[Plain], Nothing).of(REGISTRATION),
    throws("user.setUserMetadata", &[Plain, Json], Nothing).of(REGISTRATION),
    throws("validation.error", &[Plain, Plain], Nothing).of(REGISTRATION),
    throws("access.deny", &[Plain, Plain], Nothing).of(EXCHANGE),
    throws("access.rejectInvalidSubjectToken", &[Plain], Nothing).of(EXCHANGE),
    throws("authentication.setUserById", &[Plain], Nothing).of(EXCHANGE),
    throws(
        "authentication.setUserByConnection",
        &[Plain, Json, Plain],
        Nothing,
    )
    .of(EXCHANGE),
    throws("authentication.setOrganization", &[Plain], Nothing).of(EXCHANGE),
    throws("authentication.setActor", &[Json], Nothing).of(EXCHANGE),
    throws("user.setAppMetadata", &[Plain, Json], Nothing).of(EXCHANGE),
    throws("user.setUserMetadata", &[Plain, Json], Nothing).of(EXCHANGE),
    never_throws("access.deny", &[Plain], Nothing).of(RESET),
    throws(
        "authentication.challengeWith",
        &[Plain, AdditionalFactors],
        Nothing,
    )
    .of(RESET),
    throws("authentication.challengeWithAny", &[Plain], Nothing).of(RESET),
    throws("prompt.render", &[Plain, Plain], Nothing).of(RESET),
    throws("redirect.encodeToken", &[Plain], PlainValue).of(RESET),
    throws("redirect.sendUserTo", &[Plain, Query], Nothing).of(RESET),
    throws("redirect.validateToken", &[Plain], JsonText).of(RESET),
    throws("transaction.setResultUrl", &[Plain, Query], Nothing).of(RESET),
    never_throws("notification.drop", &[Plain], Nothing).of(PROVIDERS),
    never_throws("notification.retry", &[Plain], Nothing).of(PROVIDERS),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_functions() {
        #[track_caller]
        fn check(path: &'static str, interface: &str, function: &str) {
            let method = never_throws(path, &[], Nothing);
            assert_eq!(
                (method.interface().as_str(), method.function().as_str()),
                (interface, function)
            );
        }
        check("idToken.setCustomClaim", "id-token", "set-custom-claim");
        check("cache.get", "cache", "get");
        check("error", "", "error");
    }

    #[test]
    fn properties_of_records() {
        #[track_caller]
        fn check(field: &str, name: &str, is_json: bool) {
            assert_eq!(
                property(field),
                Property {
                    name: name.to_owned(),
                    is_json
                }
            );
        }
        check("type", "type", false);
        check("allow-remember-browser", "allowRememberBrowser", false);
        check("expires-in-seconds", "expiresInSeconds", false);
        check("expires-at", "expires_at", false);
        check("payload", "payload", true);
    }
}
