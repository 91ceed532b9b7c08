//! Order, denial, faults, and what is recorded.

use serde_json::{Map, Value, json};

use super::helpers::{Drive, codes, event, thrown};
use crate::login::transaction::Next;
use crate::outcome::Status;
use crate::{EntryPoint, LoginInput, TenantSettings};

#[test]
fn each_action_has_its_own_secrets() {
    let mut drive = Drive::new(event(json!({"secrets": {"OLD": "1"}})));
    let secrets: Map<String, Value> = [("KEY".to_owned(), json!("value"))].into_iter().collect();
    let action = crate::HandlerInfo {
        fingerprint: String::new(),
        name: "a".to_owned(),
        secrets,
        code_bytes: Some(200_000),
        ..Default::default()
    };
    drive.transaction.begin(&action, EntryPoint::Execute, 0);
    let seen = drive.transaction.seen_event();
    assert_eq!(seen["secrets"], json!({"KEY": "value"}));
    drive.transaction.end(Ok(()), Default::default(), 0);
    assert_eq!(drive.action("b", json!([]))["secrets"], json!({}));
    assert_eq!(codes(&drive.finish()), ["action-code-over-limit"]);
}

#[test]
fn denial_keeps_metadata_and_a_throw_discards_it() {
    let write = json!(["user.setUserMetadata", "k", "v"]);
    let mut drive = Drive::new(event(json!({})));
    drive.action(
        "a",
        json!([["access.deny", "no"], write, ["access.deny", "again"]]),
    );
    assert_eq!(drive.last, Next::Stop);
    let outcome = drive.finish();
    assert_eq!(
        (outcome.status, outcome.reason.as_deref()),
        (Status::Denied, Some("no"))
    );
    assert_eq!(outcome.user.user_metadata["k"], "v");
    assert!(outcome.id_token.claims.is_empty() && outcome.userinfo.is_empty());

    let mut drive = Drive::new(event(json!({})));
    drive.action("a", json!([write]));
    drive.handler(
        "b",
        EntryPoint::Execute,
        json!([write]),
        Err(thrown("oops")),
    );
    assert_eq!(drive.last, Next::Stop);
    let outcome = drive.finish();
    assert_eq!(
        (outcome.status, outcome.reason.as_deref()),
        (Status::Failed, Some("oops"))
    );
    assert_eq!(outcome.error.unwrap().action, "b");
    assert_eq!(outcome.user.user_metadata.get("k"), None);
}

#[test]
fn what_denies() {
    for (call, reason) in [
        (json!(["access.deny"]), None),
        (json!(["access.deny", 5]), Some("5")),
        (
            json!(["validation.error", "code", "message"]),
            Some("message"),
        ),
        (json!(["session.revoke", "gone"]), Some("gone")),
        (json!(["refreshToken.revoke", "gone"]), Some("gone")),
    ] {
        let mut drive = Drive::new(event(json!({})));
        drive.action(
            "a",
            json!([call, ["redirect.sendUserTo", "https://example.com"]]),
        );
        let outcome = drive.finish();
        assert_eq!(
            (outcome.status, outcome.reason.as_deref()),
            (Status::Denied, reason),
            "{call}"
        );
        assert_eq!(outcome.redirect, None);
    }
}

#[test]
fn roles_and_groups_come_from_the_tenant() {
    let tenant = TenantSettings {
        roles: vec![json!({"id": "rol_1", "name": "admin", "type": "tenant"})],
        groups: vec![
            json!({"id": "grp_1", "name": "staff"}),
            json!({"id": "grp_2", "name": "board"}),
        ],
        ..TenantSettings::default()
    };
    let mut drive = Drive::with(
        event(json!({"authorization": {"roles": ["admin", "editor"]}})),
        tenant,
    );
    drive.begin("a", EntryPoint::Execute);
    let mut resolve = |call: Value| drive.call(&call).to_json()["resolve"].clone();
    let roles = resolve(json!(["roles.getUserEffectiveRoles"]));
    assert_eq!(roles["roles"][0]["id"], "rol_1");
    assert_eq!(roles["roles"][1]["name"], "editor");
    assert_eq!(
        resolve(json!(["roles.getUserEffectiveRolesByIds", ["rol_1"]]))["roles"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let page = resolve(json!(["groups.getUserGroups", {"take": 1}]));
    assert_eq!(
        page,
        json!({"groups": [{"id": "grp_1", "name": "staff"}], "next": "1"})
    );
    let page = resolve(json!(["groups.getUserGroups", {"take": 1, "from": "1"}]));
    assert_eq!(page, json!({"groups": [{"id": "grp_2", "name": "board"}]}));
    let member = resolve(json!(["groups.hasGroupMembership", ["staff", "x"]]));
    assert_eq!(member["memberships"]["staff"]["is_member"], true);
    assert_eq!(member["memberships"]["x"]["is_member"], false);
}

#[test]
fn commands_and_logs_are_kept_in_order() {
    let mut drive = Drive::new(event(json!({})));
    drive.begin("a", EntryPoint::Execute);
    drive.call(&json!(["redirect.canRedirect"]));
    drive.call(&json!(["no.such", {"$": "undefined"}]));
    drive.transaction.log("log", "x".repeat(300));
    drive.transaction.end(Ok(()), Default::default(), 0);
    assert!(drive.call(&json!(["redirect.canRedirect"])).to_json()["throw"].is_object());
    let outcome = drive.finish();
    let methods: Vec<&str> = outcome
        .commands
        .iter()
        .map(|command| command.method.as_str())
        .collect();
    assert_eq!(methods, ["redirect.canRedirect", "no.such"]);
    assert_eq!(outcome.commands[1].args, [json!({"$": "undefined"})]);
    assert_eq!(outcome.logs[0].action, "a");
    assert_eq!(codes(&outcome), ["logs-truncated"]);
}

#[test]
fn an_event_that_is_no_object_is_an_empty_one() {
    let login = LoginInput {
        trigger: crate::Trigger::PostLogin,
        event: json!([1]),
        tenant: TenantSettings::default(),
        rules_executed: vec![],
        seed: 0,
        now_ms: 0,
    };
    let mut drive = Drive::new(json!(null));
    drive.transaction = crate::login::transaction::Transaction::new(login);
    assert_eq!(drive.action("a", json!([])), json!({"secrets": {}}));
    assert_eq!(drive.finish().status, Status::Allowed);
}

/// Everything that production limits is told near the limit; beyond it production's effect is told by other tests.
#[test]
fn what_is_near_a_limit_becomes_a_notice() {
    #[track_caller]
    fn check(calls: Value, expected: &[&str]) {
        let mut drive = Drive::new(event(json!({})));
        drive.action("a", calls);
        assert_eq!(codes(&drive.finish()), expected);
    }
    let text = |length: usize| "x".repeat(length);
    check(
        json!([["idToken.setCustomClaim", "a", text(95_000)]]),
        &["custom-claims-near-limit", "id-token-over-header"],
    );
    check(
        json!([
            ["accessToken.setCustomClaim", "a", text(50_000)],
            ["accessToken.setCustomClaim", "a", text(80_000)]
        ]),
        &["access-token-over-header"],
    );
    check(
        json!([["user.setUserMetadata", "a", text(30_000)]]),
        &["written-metadata-near-limit", "profile-over-10kb"],
    );
    check(
        json!([["user.setAppMetadata", "a", text(9_300)]]),
        &["profile-near-limit"],
    );
    let cached = |count: usize| {
        let sets = (0..count).map(|index| json!(["cache.set", format!("k{index}"), text(3_800)]));
        Value::Array(sets.collect())
    };
    check(cached(3), &[]);
    check(cached(4), &["cache-near-limit"]);
    check(cached(5), &["cache-over-limit"]);
    check(
        json!([
            ["transaction.setMetadata", "a", text(8_000)],
            ["transaction.setMetadata", "b", text(7_000)]
        ]),
        &["transaction-metadata-near-limit"],
    );
    let attributes: Vec<Value> = (0..50).map(|_| json!(text(1_900))).collect();
    check(
        json!([["samlResponse.setAttribute", "a", attributes]]),
        &["saml-attributes-near-limit"],
    );
    check(
        json!([["prompt.render", "ap_1", {"vars": {"a": text(23_000)}}]]),
        &["prompt-options-near-limit"],
    );
    let entries = (0..24).map(|index| json!(["session.setMetadata", format!("k{index}"), "v"]));
    check(
        Value::Array(entries.collect()),
        &["metadata-entries-near-limit"],
    );
}

#[test]
fn what_is_over_a_limit_of_the_dashboard_becomes_a_notice() {
    #[track_caller]
    fn check(action: crate::HandlerInfo, bound: usize, waits_ms: u64, expected: &[&str]) {
        let mut drive = Drive::new(event(json!({})));
        drive.transaction.bound(bound);
        drive.transaction.begin(&action, EntryPoint::Execute, 0);
        let usage = crate::outcome::ActionUsage {
            virtual_ms: waits_ms,
            ..Default::default()
        };
        drive.transaction.end(Ok(()), usage, 0);
        assert_eq!(codes(&drive.finish()), expected);
    }
    let info =
        |dependencies: usize, modules: usize, code: usize, secrets: usize| crate::HandlerInfo {
            fingerprint: String::new(),
            name: "a".to_owned(),
            kind: crate::HandlerKind::Action,
            code_bytes: Some(code),
            dependencies: Some(dependencies),
            modules: Some(modules),
            broken: None,
            secrets: (0..secrets)
                .map(|index| (format!("S{index}"), json!("v")))
                .collect(),
        };
    check(info(8, 2, 92_000, 26), 17, 17_999, &[]);
    check(
        info(9, 3, 92_160, 27),
        18,
        18_000,
        &[
            "actions-near-limit",
            "action-code-near-limit",
            "secrets-near-limit",
            "dependencies-near-limit",
            "modules-near-limit",
            "waiting-near-limit",
        ],
    );
    check(
        info(11, 4, 102_401, 31),
        21,
        20_001,
        &[
            "actions-over-limit",
            "action-code-over-limit",
            "secrets-over-limit",
            "dependencies-over-limit",
            "modules-over-limit",
            "waiting-over-limit",
        ],
    );
    let long = crate::HandlerInfo {
        fingerprint: String::new(),
        secrets: [("K".repeat(129), json!("v".repeat(4_000)))]
            .into_iter()
            .collect(),
        ..info(0, 0, 1, 0)
    };
    check(
        long,
        1,
        0,
        &["secret-value-near-limit", "secret-over-limit"],
    );
}

#[test]
fn prints_are_kept_up_to_a_limit_for_each_run_of_a_handler() {
    #[track_caller]
    fn check(messages: &[(usize, &str)], expected: &[usize]) {
        let mut drive = Drive::new(event(json!({})));
        for _ in 0..2 {
            drive.begin("a", EntryPoint::Execute);
            for (times, text) in messages {
                drive.transaction.log("log", text.repeat(*times));
            }
            drive.transaction.end(Ok(()), Default::default(), 0);
        }
        let outcome = drive.finish();
        let lengths: Vec<usize> = outcome.logs.iter().map(|log| log.message.len()).collect();
        assert_eq!(lengths, [expected, expected].concat());
    }
    check(&[(262_144, "x"), (1, "y")], &[262_144]);
    check(&[(262_143, "x"), (1, "y")], &[262_143]);
    check(&[(262_142, "x"), (1, "y"), (1, "z")], &[262_142, 1]);
    check(&[(300_000, "x")], &[262_144]);
    // A character that does not fit is shown as one that cannot be read.
    check(&[(200_000, "é"), (1, "z")], &[262_144]);
    check(&[(262_140, "x"), (2, "é")], &[262_140, 5]);
}
