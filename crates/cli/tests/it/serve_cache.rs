//! `api.cache` of `serve` from one login to the next.

use serde_json::Value;

use crate::serve::{Serving, USERS};
use crate::support::folder;

/// Counts its logins in the cache, and those of `short` for a minute only.
const COUNTS: &str = "exports.onExecutePostLogin = async (event, api) => {
  const count = (key, ttl) => {
    const next = String(Number(api.cache.get(key)?.value ?? 0) + 1);
    api.cache.set(key, next, { ttl });
    return next;
  };
  api.user.setAppMetadata('long', count('long', 3600e3));
  api.user.setAppMetadata('short', count('short', 60e3));
};
";

#[test]
fn what_an_action_caches_is_there_at_the_next_login() {
    let project = folder(&[
        ("users.json", USERS),
        ("postlogin.toml", "binding = [\"counts\", \"reads\"]\n"),
        ("actions/counts.js", COUNTS),
        (
            "actions/reads.js",
            "exports.onExecutePostLogin = async (event, api) => { api.user.setAppMetadata('other', api.cache.get('long').value); };\n",
        ),
    ]);
    let place = format!("--ephemeral --project {}", project.path().display());
    let tenant = Serving::start(&place, &project.path().join("users.json"));
    let counts = || {
        tenant.log_in();
        let user = &tenant.control("GET", "users")[0]["app_metadata"];
        let count = |key: &str| user[key].as_str().unwrap_or_default().to_owned();
        [count("long"), count("other"), count("short")].join(" ")
    };
    let set_clock = |now: &str| {
        let headers = "authorization: Bearer ctl\r\ncontent-type: application/json\r\n";
        let body = format!("{{\"freeze\": \"{now}\"}}");
        let (status, text) = tenant.send("POST", "/_postlogin/clock", headers, &body);
        assert_eq!(status, 200, "{text}");
    };
    set_clock("2030-01-01T10:00:00Z");
    // The trigger's Actions share it, as they do in one login.
    assert_eq!(counts(), "1 1 1");
    assert_eq!(counts(), "2 2 2");
    // Time is that of the tenant's clock.
    set_clock("2030-01-01T10:05:00Z");
    assert_eq!(counts(), "3 3 1");
    set_clock("2030-01-01T12:00:00Z");
    assert_eq!(counts(), "1 1 1");
    assert_eq!(counts(), "2 2 2");

    // A login that the page runs once more sees what that login saw, and leaves nothing.
    let log = tenant.control("GET", "log");
    let mut logins = log.as_array().into_iter().flatten();
    let last = logins.rfind(|it| it["type"] == "login");
    let id = last.and_then(|it| it["id"].as_str()).expect("an id");
    let headers = "authorization: Bearer ctl\r\ncontent-type: application/json\r\n";
    let body = format!("{{\"login\": \"{id}\"}}");
    for _ in 0..2 {
        let (status, text) = tenant.send("POST", "/_postlogin/runs", headers, &body);
        assert_eq!(status, 200, "{text}");
        let run: Value = serde_json::from_str(&text).expect("JSON");
        let calls = run.to_string();
        assert!(calls.contains("\"long\",\"2\""), "{calls}");
    }
    assert_eq!(counts(), "3 3 3");

    // A case has no such entries, which its file says.
    let body = format!("{{\"id\": \"{id}\", \"name\": \"cached\", \"write\": false}}");
    let (status, text) = tenant.send("POST", "/_postlogin/cases", headers, &body);
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("`api.cache` had entries"), "{text}");

    // An edit, and a reset, begin without entries.
    let file = project.path().join("actions/counts.js");
    std::fs::write(&file, format!("// edited\n{COUNTS}")).expect("it is written");
    assert_eq!(counts(), "1 1 1");
    assert_eq!(counts(), "2 2 2");
    tenant.control("POST", "reset");
    assert_eq!(counts(), "1 1 1");
}
