//! Handlers that do not load: the others run, and the login does not end well.

use serde_json::{Value, json};

use super::{HandlerKind, back, handler, input, make, play};
use crate::login::transaction::tests::helpers::NOW_MS;
use crate::login::{EntryPoint, HandlerInfo, Login};
use crate::outcome::{Outcome, Status};
use crate::{Fault, FaultKind};

fn fault(kind: FaultKind, message: &str) -> Fault {
    Fault {
        kind,
        ..Fault::platform("Error", message)
    }
}

fn broken(kind: HandlerKind, name: &str) -> HandlerInfo {
    HandlerInfo {
        broken: Some(fault(FaultKind::Load, "it is not there")),
        ..handler(kind, name)
    }
}

/// Runs Actions; each makes the calls that it is given. Returns what ran and the outcome.
fn run(handlers: &[HandlerInfo], calls: &Value) -> (Vec<String>, Outcome) {
    let mut login = Login::new(input(json!({})), handlers.to_vec()).passing_over();
    let ran = play(
        &mut login,
        handlers,
        &mut |login, call| {
            let name = &handlers[call.handler].name;
            if call.entry == EntryPoint::Execute
                && let Some(calls) = calls.get(name)
            {
                make(login, calls);
            }
            Ok(())
        },
        |_| None,
    );
    let names = ran.iter().filter_map(|ran| ran.split(' ').next());
    (
        names.map(str::to_owned).collect(),
        login.finish(NOW_MS).outcome,
    )
}

fn three() -> [HandlerInfo; 3] {
    use HandlerKind::Action;
    [
        handler(Action, "a"),
        broken(Action, "b"),
        handler(Action, "c"),
    ]
}

#[test]
fn the_others_run_and_the_login_fails_with_the_reason() {
    let calls = json!({
        "a": [["user.setAppMetadata", "a", 1]],
        "c": [["idToken.setCustomClaim", "https://a.example/c", 1]],
    });
    let (ran, outcome) = run(&three(), &calls);
    assert_eq!(ran, ["a", "c"]);
    assert_eq!(outcome.status, Status::Failed);
    assert_eq!(outcome.error.as_ref().unwrap().action, "b");
    assert_eq!(outcome.reason.as_deref(), Some("it is not there"));
    assert_eq!(outcome.not_loaded().collect::<Vec<_>>(), ["b"]);
    // A login that fails stores and issues nothing, but what was asked for is there to be seen.
    assert!(outcome.user.app_metadata.get("a").is_none());
    assert!(outcome.id_token.claims.is_empty());
    assert_eq!(outcome.ledger.len(), 1);
    let usage = outcome.usage.actions.iter();
    let names: Vec<&str> = usage.map(|usage| usage.action.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn what_ends_the_login_before_or_after_it_stays() {
    let deny = json!([["access.deny", "no"]]);
    let (ran, outcome) = run(&three(), &json!({"a": deny}));
    assert_eq!((ran, outcome.status), (vec!["a".into()], Status::Denied));
    assert_eq!(outcome.not_loaded().count(), 0, "it was never reached");
    let (_, outcome) = run(&three(), &json!({"c": deny}));
    assert_eq!(outcome.status, Status::Denied);
    assert_eq!(outcome.not_loaded().count(), 1);
    let redirect = json!([["redirect.sendUserTo", "https://site.example/"]]);
    let (_, outcome) = run(&three(), &json!({"c": redirect}));
    assert_eq!(outcome.status, Status::Redirected);
    // Nobody is asked for a factor by a login that cannot end well.
    let (_, outcome) = run(&three(), &json!({"c": [["multifactor.enable", "any"]]}));
    assert_eq!(outcome.status, Status::Failed);
}

#[test]
fn rules_and_several_are_passed_over() {
    use HandlerKind::{Action, Rule};
    let handlers = [
        broken(Rule, "r"),
        broken(Action, "b"),
        handler(Action, "c"),
        broken(Action, "d"),
    ];
    let (ran, outcome) = run(&handlers, &json!({}));
    assert_eq!(ran, ["c"]);
    assert_eq!(outcome.status, Status::Failed);
    assert_eq!(outcome.not_loaded().collect::<Vec<_>>(), ["r", "b", "d"]);
    assert_eq!(outcome.error.unwrap().action, "r");
    // Nothing is left.
    let (ran, outcome) = run(&[broken(Action, "b")], &json!({}));
    assert!(ran.is_empty());
    assert_eq!(outcome.status, Status::Failed);
}

#[test]
fn an_action_that_turns_out_not_to_load_is_exceeded_over_if_that_is_wanted() {
    use HandlerKind::Action;
    let handlers = [handler(Action, "a"), handler(Action, "b")];
    for (first, is_wanted, expected) in [
        (fault(FaultKind::Load, "SyntaxError: x"), true, "a b"),
        (fault(FaultKind::Signature, "x"), true, "a b"),
        (
            fault(FaultKind::Thrown, "Cannot find module 'axios'"),
            true,
            "a b",
        ),
        (
            fault(FaultKind::Thrown, "Cannot find module './axios'"),
            true,
            "a",
        ),
        (fault(FaultKind::Thrown, "x"), true, "a"),
        (fault(FaultKind::Timeout, "x"), true, "a"),
        (fault(FaultKind::Load, "SyntaxError: x"), false, "a"),
    ] {
        let mut login = Login::new(input(json!({})), handlers.to_vec());
        if is_wanted {
            login = login.passing_over();
        }
        let ran = play(
            &mut login,
            &handlers,
            &mut |login, call| {
                // What it asked for before it failed does not count.
                make(login, &json!([["user.setAppMetadata", "k", call.handler]]));
                match call.handler {
                    0 => Err(first.clone()),
                    _ => Ok(()),
                }
            },
            |_| None,
        );
        let names: Vec<&str> = ran.iter().filter_map(|ran| ran.split(' ').next()).collect();
        assert_eq!(names.join(" "), expected, "{first:?}");
        let outcome = login.finish(NOW_MS).outcome;
        assert_eq!(outcome.status, Status::Failed, "{first:?}");
        assert_eq!(outcome.error.unwrap().message, first.message);
    }
    // Alone, it fails as ever.
    let handlers = [handler(Action, "a")];
    let mut login = Login::new(input(json!({})), handlers.to_vec()).passing_over();
    let load = |_: &mut Login, _: &_| Err(fault(FaultKind::Load, "x"));
    play(&mut login, &handlers, &mut { load }, |_| None);
    assert_eq!(login.finish(NOW_MS).outcome.not_loaded().count(), 0);
}

#[test]
fn a_login_that_waits_remembers_it() {
    let handlers = three();
    let mut login = Login::new(input(json!({})), handlers.to_vec()).passing_over();
    let ran = play(
        &mut login,
        &handlers,
        &mut |login, call| {
            if call.handler == 2 && call.entry == EntryPoint::Execute {
                make(
                    login,
                    &json!([["redirect.sendUserTo", "https://site.example/"]]),
                );
            }
            Ok(())
        },
        |login| {
            let stored = login.store().unwrap();
            *login = Login::restore(&stored, handlers.to_vec()).unwrap();
            Some(back())
        },
    );
    assert_eq!(ran.len(), 3, "{ran:?}");
    let outcome = login.finish(NOW_MS).outcome;
    assert_eq!(outcome.status, Status::Failed);
    assert_eq!(outcome.error.unwrap().action, "b");
}
