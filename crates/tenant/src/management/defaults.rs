//! The values that the Management API shows of an item whose export does not state them: those that count here, as a `GET` of production always
//! has one.
//!
//! Sources: the samples of <https://auth0.com/docs/api/management/v2/clients/get-clients>, …/connections/get-connections,
//! …/resource-servers/get-resource-servers and …/tenants/tenant-settings-route.

use serde_json::{Map, Value, json};

use super::clients::default_grants;
use crate::catalog::is_enabled;
use crate::http::text;
use crate::state::Tenant;

fn fill<const N: usize>(item: &mut Map<String, Value>, defaults: [(&str, Value); N]) {
    for (key, value) in defaults {
        if item.get(key).is_none_or(Value::is_null) {
            item.insert(key.to_owned(), value);
        }
    }
}

/// Of an application.
pub(super) fn client(tenant: &Tenant, item: &mut Map<String, Value>) {
    let app_type = item.get("app_type").and_then(Value::as_str);
    let grants = json!(default_grants(app_type));
    fill(
        item,
        [
            ("tenant", json!(tenant.name)),
            ("global", json!(false)),
            ("is_first_party", json!(true)),
            ("oidc_conformant", json!(true)),
            ("sso_disabled", json!(false)),
            ("cross_origin_authentication", json!(false)),
            ("callbacks", json!([])),
            ("grant_types", grants),
            (
                "jwt_configuration",
                json!({"alg": "RS256", "lifetime_in_seconds": 36_000, "secret_encoded": false}),
            ),
            (
                "refresh_token",
                json!({
                    "rotation_type": "non-rotating", "expiration_type": "non-expiring", "leeway": 0,
                    "infinite_token_lifetime": true, "infinite_idle_token_lifetime": true,
                    "token_lifetime": 31_557_600, "idle_token_lifetime": 2_592_000,
                }),
            ),
        ],
    );
}

/// Of a connection. Without a list of applications all of them may use it.
pub(super) fn connection(tenant: &Tenant, connection: &Value, item: &mut Map<String, Value>) {
    let clients = tenant.catalog.clients.iter();
    let enabled = clients.filter(|client| is_enabled(connection, client));
    let enabled: Value = enabled
        .map(|client| json!(text(client, "client_id")))
        .collect();
    fill(
        item,
        [
            ("options", json!({})),
            ("enabled_clients", enabled),
            ("realms", json!([text(connection, "name")])),
            ("is_domain_connection", json!(false)),
        ],
    );
}

/// Of an API.
pub(super) fn api(item: &mut Map<String, Value>) {
    let name = item.get("identifier").cloned().unwrap_or_default();
    fill(
        item,
        [
            ("name", name),
            ("is_system", json!(false)),
            ("signing_alg", json!("RS256")),
            ("allow_offline_access", json!(false)),
            ("token_lifetime", json!(86_400)),
            ("token_lifetime_for_web", json!(7_200)),
            (
                "skip_consent_for_verifiable_first_party_clients",
                json!(false),
            ),
        ],
    );
}

/// Of the tenant; times in hours.
pub(super) fn settings(item: &mut Map<String, Value>) {
    fill(
        item,
        [
            ("flags", json!({})),
            ("enabled_locales", json!(["en"])),
            ("session_lifetime", json!(168)),
            ("idle_session_lifetime", json!(72)),
        ],
    );
}
