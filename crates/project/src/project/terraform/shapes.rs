//! Which blocks are one object and which are lists: a text with one block of a name does not show it.
//!
//! Sources: the schemas of <https://registry.terraform.io/providers/auth0/auth0/latest/docs> ("Block List" or "Block Set", with
//! or without "Max: 1").

use serde_json::{Map, Value};

/// Blocks that are lists in the Management API, however many there are.
const LISTS: &[&str] = &[
    "authorization_details",
    "credentials",
    "custom_claims",
    "custom_headers",
    "linked_clients",
    "policies",
];

/// Blocks of which there is one at most. In JSON, an array of one object is such a block as well.
const SINGLE: &[&str] = &[
    "addons",
    "access_token",
    "branding",
    "claims_mapping",
    "client",
    "client_authentication_methods",
    "default_organization",
    "encryption_key",
    "flags",
    "jwt_configuration",
    "mfa",
    "mobile",
    "my_organization_configuration",
    "native_social_login",
    "oidc_logout",
    "options",
    "password_complexity_options",
    "password_dictionary",
    "password_history",
    "password_no_personal_info",
    "phone",
    "private_key_jwt",
    "proof_of_possession",
    "push",
    "refresh_token",
    "self_signed_tls_client_auth",
    "session_cookie",
    "session_transfer",
    "sessions",
    "signed_request_object",
    "subject_type_authorization",
    "tls_client_auth",
    "token_encryption",
    "token_exchange",
    "token_quota",
    "user",
    "username",
    "validation",
    "webauthn_platform",
    "webauthn_roaming",
    "webhook_configuration",
];

/// Adds a block to the members of what it is in. Several of a name are a list, and so is one whose name is that of a list.
pub(super) fn add_block(members: &mut Map<String, Value>, key: String, block: Value) {
    match members.get_mut(&key) {
        Some(Value::Array(blocks)) => blocks.push(block),
        Some(first) => *first = Value::Array(vec![first.take(), block]),
        None => {
            let value = attribute(&key, block);
            members.insert(key, value);
        }
    }
}

/// Returns the value of an attribute, which is a block in a file that is JSON.
pub(super) fn attribute(key: &str, value: Value) -> Value {
    let (is_list, is_single) = (LISTS.contains(&key), SINGLE.contains(&key));
    match value {
        Value::Object(_) if is_list => Value::Array(vec![within(value)]),
        Value::Array(items) if is_list => items.into_iter().map(within).collect(),
        Value::Object(_) if is_single => within(value),
        Value::Array(mut items) if is_single && matches!(items.as_slice(), [Value::Object(_)]) => {
            within(items.pop().unwrap_or_default())
        }
        value => value,
    }
}

/// Gives the blocks in a block their forms.
fn within(block: Value) -> Value {
    match block {
        Value::Object(members) => {
            let members = members.into_iter();
            let shaped = members.map(|(key, value)| {
                let value = attribute(&key, value);
                (key, value)
            });
            Value::Object(shaped.collect())
        }
        value => value,
    }
}
