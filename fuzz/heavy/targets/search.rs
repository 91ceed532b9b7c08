//! Any text as a user search, against a user with fields of each kind.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postlogin_tenant::fits_search;
use serde_json::json;

fuzz_target!(|text: &str| {
    let user = json!({
        "email": "jane@example.com", "logins_count": 3, "blocked": false, "created_at": "2026-01-01T00:00:00.000Z",
        "app_metadata": {"roles": ["admin", {"name": "x"}], "plan": null}, "identities": [{"connection": "c"}],
    });
    if let Err(error) = fits_search(text, &user) {
        assert!(!error.is_empty());
    }
});
