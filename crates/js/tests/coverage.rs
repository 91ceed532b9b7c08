//! Counters in a text that runs.

mod common;

use std::sync::Arc;

use common::{Case, FILE, JAVASCRIPT, run};
use postlogin_js::Modules;

/// Runs the text with counters and without: both end the same way. Gives the lines that ran.
#[track_caller]
fn check(text: &str, covered: &[u32], uncovered: &[u32]) {
    let plain = run(&common::action(text), &Case::default());
    let (action, coverage) = JAVASCRIPT
        .action_with_coverage(FILE, text, Arc::new(Modules::none()))
        .unwrap_or_else(|error| panic!("{error}"));
    let counted = run(&action, &Case::default());
    assert_eq!(counted.logs(), plain.logs(), "{text}");
    let words = |ended: &common::Ended| {
        let fault = ended.fault.as_ref();
        fault.map(|fault| (fault.message.clone(), fault.location.clone()))
    };
    assert_eq!(words(&counted), words(&plain), "{text}");
    let file = coverage.file();
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
