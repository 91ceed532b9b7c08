//! Tokens that are too long for cookies and headers.

use serde_json::Value;

use crate::support::{FIXED, folder, postlogin};

const LARGE: &str = "exports.onExecutePostLogin = async (event, api) => {\n  const { id = 0, access = 0 } = event.user.app_metadata;\n  \
    api.idToken.setCustomClaim('https://a.com/groups', 'g'.repeat(id));\n  \
    api.accessToken.setCustomClaim('https://a.com/rights', 'r'.repeat(access));\n};\n";

/// The codes of the notices about sizes, and the bytes that the first one names, with the signed token's.
fn run(id: usize, access: usize) -> (Vec<String>, Option<usize>, usize) {
    let project = folder(&[("a.js", LARGE)]);
    let done = postlogin(&format!(
        "run a.js {FIXED} --format json --token --set user.app_metadata.id={id} --set user.app_metadata.access={access}"
    ))
    .within(project.path())
    .finish();
    assert_eq!(done.code, Some(0), "{done}");
    let outcome: Value = serde_json::from_str(&done.stdout).expect("an outcome");
    let notices = outcome["notices"].as_array().expect("a list");
    let text = |notice: &Value, key: &str| notice[key].as_str().unwrap_or_default().to_owned();
    let codes = notices.iter().map(|notice| text(notice, "code"));
    let codes = codes.filter(|code| code.contains("-token-over-")).collect();
    let first = notices.iter().map(|notice| text(notice, "message"));
    let mut bytes = first.filter_map(|message| {
        message
            .split(" has ")
            .nth(1)?
            .split(' ')
            .next()?
            .parse()
            .ok()
    });
    let jwt = outcome["id_token"]["jwt"]
        .as_str()
        .unwrap_or_default()
        .len();
    (codes, bytes.next(), jwt)
}

#[test]
fn the_notices_name_the_place_that_is_too_small() {
    assert_eq!(run(100, 100).0, [""; 0]);
    assert_eq!(run(3_000, 100).0, ["id-token-over-cookie"]);
    assert_eq!(run(6_000, 3_000).0, ["id-token-over-header"]);
    assert_eq!(run(100, 6_000).0, ["access-token-over-header"]);
    let (_, told, signed) = run(3_000, 0);
    // The key of a project has a longer id than those of tenants: its header is longer by some thirty letters.
    let told = told.expect("a size");
    assert!(signed > told && signed - told < 40, "{told} {signed}");
}

#[test]
fn cases_limit_the_size_and_compare_reports_it() {
    let project = folder(&[
        ("a.js", LARGE),
        (
            "b.js",
            &LARGE.replace("'g'.repeat(id)", "'g'.repeat(id * 2)"),
        ),
        (
            "a.case.yaml",
            "actions: [a.js]\nwith: { user: { app_metadata: { id: 2000 } } }\ncases:\n  - description: fits\n    expect: { id_token_size: 4KiB, access_token_size: 8KiB }\n  - description: does not fit\n    expect: { id_token_size: 1KiB }\n  - description: no size\n    expect: { id_token_size: 1KiB }\n    skip: true\n",
        ),
        (
            "e.json",
            "{\"user\": {\"app_metadata\": {\"id\": 2000}}, \"transaction\": {\"protocol\": \"oidc-basic-profile\", \"requested_scopes\": [\"openid\"]}}",
        ),
    ]);
    let tested = postlogin("test").within(project.path()).finish();
    assert_eq!(tested.code, Some(100), "{tested}");
    assert!(
        tested.stdout.contains("1 passed, 1 failed, 1 skipped"),
        "{tested}"
    );
    assert!(
        tested.stdout.contains("id_token_size is not as expected"),
        "{tested}"
    );
    let compared = postlogin("compare a.js b.js --event e.json --write out.case.yaml")
        .within(project.path())
        .finish();
    assert_eq!(compared.code, Some(100), "{compared}");
    assert!(
        compared.stdout.contains("token_size id_token"),
        "{compared}"
    );
    assert!(
        compared.stdout.contains("\"more than 4096 bytes\""),
        "{compared}"
    );
    let written = std::fs::read_to_string(project.path().join("out.case.yaml")).expect("a file");
    assert!(written.contains("id_token_size: \"4096B\""), "{written}");
    // Both fit, however different they are.
    std::fs::write(
        project.path().join("e.json"),
        "{\"user\": {\"app_metadata\": {\"id\": 200}}, \"transaction\": {\"protocol\": \"oidc-basic-profile\", \"requested_scopes\": [\"openid\"]}}",
    )
    .expect("a file");
    let compared = postlogin("compare a.js b.js --event e.json")
        .within(project.path())
        .finish();
    assert!(!compared.stdout.contains("token_size"), "{compared}");
}
