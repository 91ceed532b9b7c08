//! Counters in a text that runs.

mod common;

use std::sync::Arc;

use common::{Case, FILE, JAVASCRIPT, run};
use postlogin_core::{HandlerInfo, HandlerKind, Login};
use postlogin_engine::{BoundAction, infos};
use postlogin_js::coverage::Detail;
use postlogin_js::{Dependencies, Modules};

/// Runs the text with counters and without: both end the same way. Gives the lines that ran.
#[track_caller]
fn check(text: &str, covered: &[u32], uncovered: &[u32]) {
    let plain = run(&common::action(text), &Case::default());
    let (action, coverage) = JAVASCRIPT
        .action_with_coverage(FILE, text, Arc::new(Modules::none()), Detail::Coverage)
        .unwrap_or_else(|error| panic!("{error}"));
    let counted = run(&action, &Case::default());
    assert_eq!(counted.logs(), plain.logs(), "{text}");
    let words = |ended: &common::Ended| {
        let fault = ended.fault.as_ref();
        fault.map(|fault| (fault.message.clone(), fault.location.clone()))
    };
    assert_eq!(words(&counted), words(&plain), "{text}");
    let file = coverage.files().remove(0);
    let lines = |hit: bool| -> Vec<u32> {
        let lines = file.lines.iter().filter(|(_, count)| (*count > 0) == hit);
        lines.map(|(line, _)| *line).collect()
    };
    assert_eq!(
        (lines(true), lines(false)),
        (covered.to_vec(), uncovered.to_vec()),
        "{text}"
    );
}

#[test]
fn lines_that_ran() {
    check(
        "const limit = 3;\nexports.onExecutePostLogin = async (event, api) => {\n  if (event.user.nothing)\n    \
         return api.access.deny('no');\n  for (let i = 0; i < limit; i++)\n    console.log(i);\n};\n",
        &[1, 2, 3, 5, 6],
        &[4],
    );
}

#[test]
fn a_throw_keeps_its_place_and_its_words() {
    check(
        "exports.onExecutePostLogin = async (event) => {\n  const value = event.user.nothing || null; value.name;\n  \
         console.log('never');\n};\n",
        &[1, 2],
        &[3],
    );
}

#[test]
fn a_console_of_its_own_is_left_alone() {
    check(
        "function console() {}\nconsole.log = () => {};\nexports.onExecutePostLogin = async () => {\n  console.log('x');\n};\n",
        &[],
        &[2, 3, 4],
    );
}

#[test]
fn indented_logs_and_strict_code_stay() {
    check(
        "'use strict';\nexports.onExecutePostLogin = async () => {\n  console.group('a');\n  console.log('b');\n  \
         await null;\n  console.log(typeof this);\n};\n",
        &[2, 3, 4, 5, 6],
        &[],
    );
}

#[test]
fn rules_share_a_sandbox_and_are_counted_each() {
    let texts = [
        // Its timer fires while the second Rule waits.
        "function (user, context, callback) {\n  setTimeout(() => {\n    console.log('late');\n  }, 5);\n  if (user.nothing)\n    user.x = 1;\n  callback(null, user, context);\n}",
        "(user, context, callback) => setTimeout(() => {\n  context.idToken['https://x/y'] = 1;\n  callback(null, user, context);\n}, 20)",
    ];
    let bound = |text: &str, is_counted: bool| {
        let modules = Modules::new(Dependencies {
            is_rule: true,
            ..Dependencies::default()
        });
        let modules = Arc::new(modules.expect("there are no modules"));
        let (action, coverage) = if is_counted {
            let rule = JAVASCRIPT.rule_with_coverage(
                HandlerKind::Rule,
                FILE,
                text,
                modules,
                Detail::Coverage,
            );
            let (action, coverage) = rule.expect("a Rule").expect("it compiles");
            (action, Some(coverage))
        } else {
            let rule = JAVASCRIPT.rule(HandlerKind::Rule, FILE, text, modules);
            (rule.expect("a Rule").expect("it compiles"), None)
        };
        let info = HandlerInfo {
            name: text.len().to_string(),
            kind: HandlerKind::Rule,
            ..HandlerInfo::default()
        };
        let rule = BoundAction {
            info,
            action: Some(action),
            notices: Vec::new(),
        };
        (rule, coverage)
    };
    let outcome = |rules: &[BoundAction]| {
        let (input, conditions) = common::login(&Case::default());
        let login = Login::new(input, infos(rules));
        let finished = postlogin_engine::run(rules, login, &conditions, &mut Vec::new());
        let outcome = finished.expect("nothing broke").outcome;
        let logs = outcome.logs.into_iter().map(|record| record.message);
        (logs.collect::<Vec<_>>(), outcome.id_token.claims)
    };
    let plain: Vec<_> = texts.map(|text| bound(text, false).0).into();
    let (counted, coverage): (Vec<_>, Vec<_>) =
        texts.map(|text| bound(text, true)).into_iter().unzip();
    assert_eq!(outcome(&counted), outcome(&plain));
    assert_eq!(outcome(&plain).0, ["late"]);
    let lines = |at: usize| {
        let counters: &Option<Arc<_>> = &coverage[at];
        counters.as_ref().expect("counted").files().remove(0).lines
    };
    assert_eq!(lines(0), [(2, 1), (3, 1), (5, 1), (6, 0), (7, 1)]);
    assert_eq!(lines(1), [(1, 1), (2, 1), (3, 1)]);
}
