//! Third-party applications and their security modes.
//!
//! <https://auth0.com/docs/get-started/applications/third-party-applications/security-controls>,
//! <https://auth0.com/docs/get-started/applications/third-party-applications/permissive-mode>

use serde_json::Value;

use crate::http::text;

pub(crate) const MODE: &str = "third_party_security_mode";

/// The grants of an application in the strict mode.
pub(crate) const STRICT_GRANTS: &[&str] =
    &["authorization_code", "refresh_token", "client_credentials"];

/// Whether an application is not one of the tenant's owner.
pub(crate) fn is_third_party(client: &Value) -> bool {
    client.get("is_first_party") == Some(&Value::Bool(false))
}

/// Whether an application is a third-party one in the strict mode. The mode is that of [`settle`].
pub(crate) fn is_strict(client: &Value) -> bool {
    is_third_party(client) && text(client, MODE) == Some("strict")
}

/// Gives a third-party application without a mode the one that its id shows: those in the strict mode, which is that of new ones since
/// October 2026, have ids that begin with `tpc_`. Without an id it is a new one.
///
/// Source: <https://auth0.com/docs/troubleshoot/product-lifecycle/deprecations-and-migrations/migrate-to-enhanced-security-third-party-applications>.
pub(crate) fn settle(client: &mut Value) {
    if !is_third_party(client) || text(client, MODE).is_some() {
        return;
    }
    let mode = supposed(client);
    if let Some(client) = client.as_object_mut() {
        client.insert(MODE.into(), mode.into());
    }
}

fn supposed(client: &Value) -> &'static str {
    match text(client, "client_id") {
        Some(id) if !id.is_empty() && !id.starts_with("tpc_") => "permissive",
        _ => "strict",
    }
}

/// Returns what to say at the start about third-party applications of an export that does not say which mode they have.
pub(crate) fn warning(clients: &[Value]) -> Option<String> {
    let mut supposed_ones = Vec::new();
    for client in clients {
        if is_third_party(client) && text(client, MODE).is_none() {
            let name = text(client, "name").unwrap_or_default();
            supposed_ones.push(format!("`{name}` counts as {}", supposed(client)));
        }
    }
    (!supposed_ones.is_empty()).then(|| {
        format!(
            "third-party applications without `{MODE}`: {}. In production new ones are `strict`: each API needs a client grant",
            supposed_ones.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{is_strict, settle, warning};

    #[test]
    fn an_application_without_a_mode_has_that_of_its_id() {
        for (mut client, strict) in [
            (json!({"is_first_party": false}), true),
            (json!({"is_first_party": false, "client_id": "tpc_1"}), true),
            (json!({"is_first_party": false, "client_id": "old"}), false),
            (
                json!({"is_first_party": false, "client_id": "old", "third_party_security_mode": "strict"}),
                true,
            ),
            (
                json!({"is_first_party": false, "third_party_security_mode": "permissive"}),
                false,
            ),
            (
                json!({"is_first_party": true, "third_party_security_mode": "strict"}),
                false,
            ),
            (json!({"client_id": "tpc_1"}), false),
        ] {
            settle(&mut client);
            assert_eq!(is_strict(&client), strict, "{client}");
        }
    }

    #[test]
    fn only_a_mode_that_is_not_written_is_reported() {
        let written = json!({"name": "A", "is_first_party": false, "third_party_security_mode": "permissive"});
        let own = json!({"name": "B", "client_id": "b"});
        assert_eq!(warning(&[written, own]), None);
        let old = json!({"name": "C", "client_id": "c", "is_first_party": false});
        let new = json!({"name": "D", "is_first_party": false});
        let said = warning(&[old, new]).unwrap();
        assert!(
            said.contains("`C` counts as permissive, `D` counts as strict."),
            "{said}"
        );
    }
}
