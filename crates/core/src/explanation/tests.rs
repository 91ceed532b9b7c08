use serde_json::{Value, json};

mod bounds;
mod calls;

use super::{
    Certainty, ClaimSite, ClaimSites, Condition, Explanation, PresenceState, Reached, Region,
    explain,
};
use crate::login::transaction::tests::helpers::{Drive, NOW_MS, event, thrown};
use crate::{Argument, EntryPoint, Location};

fn at(line: u32, column: u32) -> Location {
    Location {
        file: "a.js".into(),
        line,
        column,
    }
}

/// One step of an Action: `["read", line, column, keys…]` or `["call", line, method, args…]`.
fn step(drive: &mut Drive, step: &Value) {
    let line = step[1].as_u64().unwrap() as u32;
    let texts = |from: usize| {
        let items = step.as_array().unwrap().iter().skip(from);
        items
            .map(|item| item.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    if step[0] == "read" {
        let column = step[2].as_u64().unwrap() as u32;
        let keys = texts(3);
        let present = keys.last().is_some_and(|key| key != "sport");
        drive
            .transaction
            .read(&keys, present, Some(at(line, column)));
    } else {
        let args = step.as_array().unwrap().iter().skip(3);
        let args: Vec<Argument> = args.map(Argument::from_tagged).collect();
        let method = step[2].as_str().unwrap();
        drive
            .transaction
            .call(method, &args, Some(at(line, 9)), NOW_MS);
    }
}

fn explained(patch: Value, steps: Value, expected: &[&str], sites: &[ClaimSite]) -> Explanation {
    let mut drive = Drive::new(event(patch));
    drive.transaction.watch(crate::reads::Watch::Places);
    drive.begin("a", EntryPoint::Execute);
    for one in steps.as_array().unwrap() {
        step(&mut drive, one);
    }
    let usage = crate::outcome::ActionUsage {
        action: "a".into(),
        ..Default::default()
    };
    drive.transaction.end(Ok(()), usage, NOW_MS);
    let (outcome, record) = drive.finish_with_record();
    let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
    let sites = ClaimSites {
        sites: sites.to_vec(),
        omitted: 0,
    };
    explain(outcome, record, &expected, &sites)
}

#[test]
fn origins_are_reads_before_guesses() {
    #[track_caller]
    fn check(steps: Value, expected: &[(&str, Certainty)]) {
        let explanation = explained(json!({"user": {"nickname": "surfing"}}), steps, &[], &[]);
        let account = explanation.claims.last().unwrap();
        let found: Vec<_> = account
            .origins
            .iter()
            .map(|origin| (origin.path.as_str(), origin.certainty))
            .collect();
        assert_eq!(found, expected);
    }
    let set = |line: u32, value: Value| {
        json!(["call", line, "idToken.setCustomClaim", "https://x/y", value])
    };
    let hobby = "event.user.user_metadata.hobby";
    // What was read and has the value; other places with the same value are no news then.
    check(
        json!([
            ["read", 1, 3, "user", "user_metadata", "hobby"],
            set(2, json!("surfing"))
        ]),
        &[(hobby, Certainty::Read)],
    );
    // The read in the call itself comes first.
    check(
        json!([
            ["read", 2, 30, "user", "nickname"],
            ["read", 1, 3, "user", "user_metadata", "hobby"],
            set(2, json!("surfing")),
        ]),
        &[
            ("event.user.nickname", Certainty::Read),
            (hobby, Certainty::Read),
        ],
    );
    // A different value: computed from what was read at the call; not from the way there.
    check(
        json!([
            ["read", 2, 20, "user"],
            ["read", 2, 25, "user", "name"],
            ["read", 1, 3, "user", "email"],
            set(2, json!("JANE")),
        ]),
        &[("event.user.name", Certainty::Computed)],
    );
    // Nothing was read at the call: what was read since the call before.
    check(
        json!([
            ["read", 1, 3, "user", "email"],
            set(2, json!(1234)),
            ["read", 4, 3, "user", "name"],
            set(5, json!("JANE")),
        ]),
        &[("event.user.name", Certainty::Computed)],
    );
    // Read later: not the source, but the value stands there.
    check(
        json!([
            set(1, json!("gold")),
            ["read", 2, 3, "user", "app_metadata", "plan"]
        ]),
        &[("event.user.app_metadata.plan", Certainty::SameValue)],
    );
    check(json!([set(1, json!("constant"))]), &[]);
    // `true` stands everywhere.
    check(
        json!([
            ["read", 1, 3, "client", "metadata"],
            ["read", 2, 3, "user", "email_verified"],
            set(3, json!(true)),
        ]),
        &[("event.user.email_verified", Certainty::Read)],
    );
}

#[test]
fn verdicts_have_their_reason_and_remedy() {
    let set = |line: u32, name: &str, value: Value| {
        json!(["call", line, "accessToken.setCustomClaim", name, value])
    };
    let explanation = explained(
        json!({}),
        json!([
            set(1, "plan", json!(1)),
            set(2, "plan", json!(2)),
            set(3, "roles", json!([])),
            set(4, "phone_number", json!("1"))
        ]),
        &[],
        &[],
    );
    let told = serde_json::to_value(&explanation.claims).unwrap();
    assert_eq!(
        told[0]["overwritten_by"],
        json!({"action": "a", "location": at(2, 9)})
    );
    assert_eq!(told[1]["verdict"], "kept");
    assert_eq!(told[1]["remedies"], json!([]));
    assert_eq!(told[2]["remedies"], json!([{"kind": "use-namespace"}]));
    assert!(
        told[2]["page"]
            .as_str()
            .unwrap()
            .contains("create-custom-claims")
    );
    assert_eq!(
        told[3]["remedies"],
        json!([{"kind": "request-scope", "scope": "phone"}])
    );
    let read_back: Explanation =
        serde_json::from_str(&serde_json::to_string(&explanation).unwrap()).unwrap();
    assert_eq!(read_back, explanation);
}

fn site(name: &[&str], line: u32) -> ClaimSite {
    ClaimSite {
        action: "a".into(),
        method: "idToken.setCustomClaim".into(),
        name: name.iter().map(|part| (*part).to_owned()).collect(),
        location: at(line, 9),
        routes: Vec::new(),
        omitted_routes: 0,
        end: None,
        begun: None,
        idle_handler: None,
        value: None,
        conditions: vec![Condition {
            met: None,
            list: None,
            text: "hobby && verified".into(),
            must_be: true,
            location: at(line - 1, 5),
            regions: vec![
                Region {
                    start: at(line - 1, 5),
                    end_line: line - 1,
                    end_column: 40,
                },
                Region {
                    start: at(1, 10),
                    end_line: 1,
                    end_column: 60,
                },
            ],
        }],
    }
}

#[test]
fn a_claim_that_never_came_has_its_conditions() {
    let steps = json!([
        ["read", 1, 10, "user"],
        ["read", 1, 20, "user", "user_metadata"],
        ["read", 1, 30, "user", "user_metadata", "sport"],
        ["read", 1, 60, "client"],
        ["read", 4, 8, "user", "email_verified"],
        ["call", 9, "idToken.setCustomClaim", "https://x/hobbys", 1],
    ]);
    let sites = [
        site(&["https://x/hobby"], 5),
        site(&["https://x/", ""], 9),
        site(&["plan"], 7),
    ];
    let explanation = explained(
        json!({}),
        steps,
        &["https://x/hobby", "email", "roles"],
        &sites,
    );
    let told = serde_json::to_value(&explanation.expected).unwrap();
    let first = &told[0];
    assert_eq!(first["id_token"]["state"], "never-set");
    assert_eq!(first["similar"], "https://x/hobbys");
    assert_eq!(first["sites"].as_array().unwrap().len(), 2);
    assert_eq!(first["sites"][0]["reached"], "no");
    assert_eq!(
        (&first["sites"][0]["certain"], &first["sites"][1]["certain"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        first["sites"][0]["conditions"][0]["reads"],
        json!([
            {"path": "event.user.user_metadata.sport", "present": false, "value": null},
            {"path": "event.user.email_verified", "present": true, "value": true},
        ])
    );
    assert_eq!(told[1]["id_token"]["state"], "standard");
    assert_eq!(told[1]["access_token"]["state"], "never-set");
    assert_eq!(
        told[2]["id_token"],
        json!({
            "state": "never-set",
            "rule": "restricted-name",
            "page": "https://auth0.com/docs/secure/tokens/json-web-tokens/create-custom-claims",
            "remedies": [{"kind": "use-namespace"}],
        })
    );
}

#[test]
fn an_action_that_failed_or_never_ran_is_told() {
    let run = |names: &[&str], fails: bool| {
        let mut drive = Drive::new(event(json!({})));
        for name in names {
            let result = if fails { Err(thrown("oops")) } else { Ok(()) };
            drive.handler(
                name,
                EntryPoint::Execute,
                json!([["access.deny", "no"]]),
                result,
            );
        }
        let (outcome, record) = drive.finish_with_record();
        let sites = ClaimSites {
            sites: vec![site(&["x"], 5)],
            omitted: 0,
        };
        let explanation = explain(outcome, record, &["x".to_owned()], &sites);
        let expected = &explanation.expected[0];
        assert_eq!(expected.id_token.state, PresenceState::NoToken);
        expected.sites[0].reached
    };
    assert_eq!(run(&["a"], false), Reached::No);
    assert_eq!(run(&["a"], true), Reached::Failed);
    assert_eq!(run(&["b"], false), Reached::NotRun);
}

#[test]
fn in_a_loop_over_names_only_the_reads_of_this_one_count() {
    let steps = json!([
        ["read", 8, 6, "user", "user_metadata", "hobby"],
        ["read", 8, 6, "user", "user_metadata", "sport"],
    ]);
    let paths = |name: &str| {
        let sites = [site(&["https://x/", ""], 9)];
        let explanation = explained(json!({}), steps.clone(), &[name], &sites);
        let reads = explanation.expected[0].sites[0].conditions[0].reads.iter();
        reads.map(|read| read.path.clone()).collect::<Vec<_>>()
    };
    let (hobby, sport) = (
        "event.user.user_metadata.hobby",
        "event.user.user_metadata.sport",
    );
    assert_eq!(paths("https://x/sport"), [sport]);
    assert_eq!(paths("https://x/other"), [hobby, sport]);
}
