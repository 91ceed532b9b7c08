//! The response that a SAML or WS-Fed application gets.

use serde::Serialize;
#[cfg(not(target_arch = "wasm32"))]
use serde_json::json;

use super::json_of;
#[cfg(not(target_arch = "wasm32"))]
use super::number;
use crate::error::Result;

/// The algorithm that signs a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureAlgorithm {
    /// `rsa-sha256`
    RsaSha256,
    /// `rsa-sha1`
    RsaSha1,
}

/// The algorithm that digests a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigestAlgorithm {
    /// `sha256`
    Sha256,
    /// `sha1`
    Sha1,
}

/// The algorithm that encrypts an assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EncryptionAlgorithm {
    /// `aes256-gcm`
    Aes256Gcm,
    /// `aes256-cbc`
    Aes256Cbc,
}

/// `api.samlResponse`
#[derive(Debug)]
pub struct SamlResponse(pub(super) ());

impl SamlResponse {
    /// Sets an attribute: a string, a number, a boolean or an array of those; `()` or `None` removes it.
    ///
    /// # Errors
    /// If the value is of another kind, or a limit is passed.
    #[track_caller]
    pub fn set_attribute(&self, name: &str, value: impl Serialize) -> Result {
        let value = json_of(value)?;
        call!(
            "samlResponse.setAttribute",
            [json!(name), value],
            host::saml_response::set_attribute(name, &value.to_string())
        )
    }

    /// Sets the lifetime of the response, in seconds.
    ///
    /// # Errors
    /// If the number is none.
    #[track_caller]
    pub fn set_lifetime_in_seconds(&self, seconds: f64) -> Result {
        call!(
            "samlResponse.setLifetimeInSeconds",
            [number(seconds)],
            host::saml_response::set_lifetime_in_seconds(seconds)
        )
    }

    /// Sets the claims of which the first that the user has is the name id.
    ///
    /// # Errors
    /// If there are more than 10, or one has more than 512 code points.
    #[track_caller]
    pub fn set_name_identifier_probes(&self, probes: &[String]) -> Result {
        call!(
            "samlResponse.setNameIdentifierProbes",
            [json!(probes)],
            host::saml_response::set_name_identifier_probes(probes)
        )
    }

    /// Sets how the response is signed.
    ///
    /// # Errors
    /// None today.
    #[track_caller]
    pub fn set_signature_algorithm(&self, algorithm: SignatureAlgorithm) -> Result {
        call!(
            "samlResponse.setSignatureAlgorithm",
            [json!(algorithm)],
            host::saml_response::set_signature_algorithm(algorithm.into())
        )
    }

    /// Sets how the response is digested.
    ///
    /// # Errors
    /// None today.
    #[track_caller]
    pub fn set_digest_algorithm(&self, algorithm: DigestAlgorithm) -> Result {
        call!(
            "samlResponse.setDigestAlgorithm",
            [json!(algorithm)],
            host::saml_response::set_digest_algorithm(algorithm.into())
        )
    }

    /// Sets how the assertion is encrypted.
    ///
    /// # Errors
    /// None today.
    #[track_caller]
    pub fn set_encryption_algorithm(&self, algorithm: EncryptionAlgorithm) -> Result {
        call!(
            "samlResponse.setEncryptionAlgorithm",
            [json!(algorithm)],
            host::saml_response::set_encryption_algorithm(algorithm.into())
        )
    }
}

/// Setters of one text or one switch each.
macro_rules! setters {
    ($($name:ident $type:ty, $method:literal $doc:literal)*) => {
        impl SamlResponse {
            $(
                #[doc = $doc]
                ///
                /// # Errors
                /// If the value is longer than allowed.
                #[track_caller]
                pub fn $name(&self, value: $type) -> Result {
                    call!($method, [json!(value)], host::saml_response::$name(value))
                }
            )*
        }
    };
}

setters! {
    set_audience &str, "samlResponse.setAudience" "Sets the audience; at most 2048 code points."
    set_recipient &str, "samlResponse.setRecipient" "Sets the recipient; at most 2048 code points."
    set_destination &str, "samlResponse.setDestination" "Sets the destination; at most 2048 code points."
    set_issuer &str, "samlResponse.setIssuer" "Sets the issuer; at most 512 code points."
    set_relay_state &str, "samlResponse.setRelayState" "Sets the relay state; at most 512 code points."
    set_name_identifier_format &str, "samlResponse.setNameIdentifierFormat" "Sets the format of the name id; at most 512 code points."
    set_authn_context_class_ref &str, "samlResponse.setAuthnContextClassRef" "Sets the authentication context; at most 512 code points."
    set_signing_cert &str, "samlResponse.setSigningCert" "Sets a certificate (PEM); at most 4096 code points."
    set_encryption_cert &str, "samlResponse.setEncryptionCert" "Sets a certificate (PEM); at most 4096 code points."
    set_encryption_public_key &str, "samlResponse.setEncryptionPublicKey" "Sets a public key (PEM); at most 4096 code points."
    set_cert &str, "samlResponse.setCert" "Sets a certificate (PEM); at most 4096 code points."
    set_key &str, "samlResponse.setKey" "Sets a private key (PEM); at most 4096 code points."
    set_create_upn_claim bool, "samlResponse.setCreateUpnClaim" "Whether a UPN claim is made."
    set_passthrough_claims_with_no_mapping bool, "samlResponse.setPassthroughClaimsWithNoMapping" "Whether claims without a mapping are passed on."
    set_map_unknown_claims_as_is bool, "samlResponse.setMapUnknownClaimsAsIs" "Whether such claims keep their names."
    set_map_identities bool, "samlResponse.setMapIdentities" "Whether the user's identities are included."
    set_sign_response bool, "samlResponse.setSignResponse" "Whether the response is signed instead of the assertion."
    set_include_attribute_name_format bool, "samlResponse.setIncludeAttributeNameFormat" "Whether attributes include the format of their names."
    set_typed_attributes bool, "samlResponse.setTypedAttributes" "Whether attributes include their types."
}
