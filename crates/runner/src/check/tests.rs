//! Expectations against one outcome.

use std::path::Path;

use postlogin_project::cases::{CASES_BYTES, read_case_file};

use super::*;

fn outcome() -> Outcome {
    serde_json::from_value(json!({
        "format": "postlogin.outcome/1",
        "status": "denied",
        "reason": "Your account is blocked: payment.",
        "id_token": {"claims": {
            "iss": "https://x.auth0.com/", "n": 1, "list": [{"a": 1, "b": 2}], "nothing": null,
            "deep": {"a": {"b": "c", "d": 1}},
        }},
        "access_token": {"claims": {}, "opaque": true},
        "userinfo": {"sub": "auth0|1"},
        "user": {"user_metadata": {"hobby": "surfing"}, "app_metadata": {}},
        "ledger": [
            {"token": "id_token", "name": "roles", "value": 1, "verdict": "dropped",
             "rule": "restricted-name", "action": "a", "location": null, "sources": []},
            {"token": "id_token", "name": "n", "value": 1, "verdict": "kept",
             "rule": null, "action": "a", "location": null, "sources": []},
        ],
        "commands": [
            {"action": "a", "method": "idToken.setCustomClaim", "args": ["roles", 1]},
            {"action": "a", "method": "user.setUserMetadata", "args": ["hobby", "surfing"]},
            {"action": "b", "method": "access.deny", "args": ["no"]},
        ],
        "logs": [
            {"action": "a", "level": "log", "message": "saved it"},
            {"action": "a", "level": "warn", "message": "careful"},
        ],
        "notices": [{"code": "profile-over-10kb", "message": "m", "source": null}],
        "error": {"action": "a", "name": "TypeError", "message": "x is undefined", "stack": "", "location": null},
        "redirect": {"url": "https://example.com/?state=1"},
        "usage": {"actions": []},
    }))
    .expect("an outcome")
}

/// The lines under `expect`, and each mismatch as `line path: expected <> actual`.
#[track_caller]
fn check_expect(lines: &str, expected: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.case.yaml");
    let lines: String = lines.lines().map(|line| format!("  {line}\n")).collect();
    std::fs::write(&file, format!("expect:\n{lines}")).expect("a file");
    let read = read_case_file(&file, folder.path(), Path::new("/"), &mut { CASES_BYTES });
    let read = read.unwrap_or_else(|errors| panic!("{lines}: {errors:?}"));
    let shown: Vec<String> = mismatches(&read.cases[0].expect, &outcome())
        .iter()
        .map(|found| {
            let value =
                |value: &Option<Value>| value.as_ref().map_or("nothing".into(), Value::to_string);
            let Mismatch { place, path, .. } = found;
            let (wanted, is) = (value(&found.expected), value(&found.actual));
            format!("{} {path}: {wanted} <> {is}", place.line)
        })
        .collect();
    assert_eq!(shown, expected, "{lines}");
}

#[test]
fn what_is_met_says_nothing() {
    check_expect(
        "status: denied\n\
         reason: '*blocked*'\n\
         id_token: { n: 1.0, absent: null, nothing: null, list: [{a: 1}], deep: {a: {b: c}} }\n\
         access_token: {}\n\
         userinfo: { sub: auth0|1 }\n\
         user_metadata: { hobby: surfing }\n\
         commands: [idToken.setCustomClaim, { method: 'access.*', args: ['no'], action: b }]\n\
         dropped: [roles, ]\n\
         logs: ['saved*', { level: warn }]\n\
         notices: [profile-over-10kb]\n\
         error: { name: TypeError, message: '*undefined*' }\n\
         redirect: https://example.com/*\n",
        &[],
    );
    check_expect("error: '*undefined'\nredirect: {url: '*state=*'}\n", &[]);
    check_expect(
        "exactly: true\nuser_metadata: {hobby: surfing}\naccess_token: {}\nlogs: ['*it', careful]\n",
        &[],
    );
}

#[test]
fn what_is_not_met_is_told_with_its_line() {
    check_expect(
        "status: allowed\n",
        &["2 status: \"allowed\" <> \"denied\""],
    );
    check_expect(
        "id_token:\n  n: 2\n  https://example.com/x: 1\n  list: [{a: 2}]\n  nothing: 1\n",
        &[
            "3 id_token.n: 2 <> 1",
            "4 id_token[\"https://example.com/x\"]: 1 <> nothing",
            "5 id_token.list[0].a: 2 <> 1",
            "6 id_token.nothing: 1 <> null",
        ],
    );
    check_expect(
        "id_token: {list: [], n: null, deep: {a: [1]}}\n",
        &[
            "2 id_token.list: [] <> [{\"a\":1,\"b\":2}]",
            "2 id_token.n: null <> 1",
            "2 id_token.deep.a: [1] <> {\"b\":\"c\",\"d\":1}",
        ],
    );
    check_expect(
        "exactly: true\nuserinfo: {}\nlogs: [careful]\n",
        &[
            "3 userinfo.sub: nothing <> \"auth0|1\"",
            "4 logs: [\"careful\"] <> [\"saved it\",\"careful\"]",
        ],
    );
    check_expect(
        "commands: [access.deny, idToken.setCustomClaim]\ndropped: [n]\nnotices: [x]\n",
        &[
            "2 commands[1]: \"idToken.setCustomClaim\" <> [\"idToken.setCustomClaim\",\"user.setUserMetadata\",\"access.deny\"]",
            "3 dropped[0]: \"n\" <> [\"roles\"]",
            "4 notices[0]: \"x\" <> [\"profile-over-10kb\"]",
        ],
    );
    check_expect(
        "error: null\nredirect: null\nreason: null\n",
        &[
            "2 error: null <> \"x is undefined\"",
            "3 redirect: null <> \"https://example.com/?state=1\"",
            "4 reason: null <> \"Your account is blocked: payment.\"",
        ],
    );
    check_expect(
        "error: { name: RangeError }\nlogs: ['*', '*', '*']\n",
        &[
            "2 error.name: \"RangeError\" <> \"TypeError\"",
            "3 logs[2]: \"*\" <> [\"saved it\",\"careful\"]",
        ],
    );
}

#[test]
fn a_long_list_of_missing_items_ends_after_some() {
    let wanted: Vec<String> = (0..20_000).map(|index| format!("absent {index}")).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.case.json");
    let text = json!({"expect": {"logs": wanted}}).to_string();
    std::fs::write(&file, text).expect("a file");
    let read =
        read_case_file(&file, folder.path(), Path::new("/"), &mut { CASES_BYTES }).expect("a case");
    let mut outcome = outcome();
    let log = outcome.logs[0].clone();
    outcome.logs = vec![log; 10_000];
    let found = mismatches(&read.cases[0].expect, &outcome);
    assert_eq!(found.len(), 101);
    assert_eq!(found[100].path, "logs[100…]");
    let said = found[100].expected.as_ref().map(Value::to_string);
    assert!(said.is_some_and(|said| said.contains("19900 more items, which are not compared")));
}

#[test]
fn the_size_of_a_signed_token_is_at_most_what_is_expected() {
    // The ID token's claims are 103 bytes of JSON: 138 letters, beside 76 of the header, 342 of the signature and two dots.
    let bytes = serde_json::to_vec(&outcome().id_token.claims).map_or(0, |text| text.len());
    assert_eq!(bytes, 103);
    check_expect("id_token_size: 558B\naccess_token_size: 0B\n", &[]);
    check_expect(
        "id_token_size: 557B\n",
        &["2 id_token_size: \"557B\" <> \"558B\""],
    );
}
