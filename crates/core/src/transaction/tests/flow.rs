//! Order, denial, faults, and what is recorded.

use serde_json::{Map, Value, json};

use super::helpers::{Drive, codes, event, thrown};
use crate::outcome::Status;
use crate::transaction::Next;
use crate::{EntryPoint, Login, TenantSettings};

#[test]
fn each_action_has_its_own_secrets() {
    let mut drive = Drive::new(event(json!({"secrets": {"OLD": "1"}})));
    let secrets: Map<String, Value> = [("KEY".to_owned(), json!("value"))].into_iter().collect();
    let action = crate::ActionInfo {
        name: "a".to_owned(),
        secrets,
        code_bytes: Some(200_000),
    };
    let seen = drive.transaction.begin(&action, EntryPoint::Execute, 0);
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
    let login = Login {
        event: json!([1]),
        tenant: TenantSettings::default(),
        rules_executed: vec![],
        seed: 0,
        now_ms: 0,
    };
    let mut drive = Drive::new(json!(null));
    drive.transaction = crate::Transaction::new(login);
    assert_eq!(drive.action("a", json!([])), json!({"secrets": {}}));
    assert_eq!(drive.finish().status, Status::Allowed);
}
