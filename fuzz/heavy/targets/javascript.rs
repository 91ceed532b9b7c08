//! Any text as the source of an Action or a Rule: what reads it without running it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postlogin_js::{
    check::{Source, check},
    source::{facts::facts, literals::literals, prepare, rule::prepare_rule},
};

fuzz_target!(|text: &str| {
    for file in ["a.js", "a.ts", "a.mjs"] {
        let _ = prepare(file, text);
        let _ = facts(file, text);
        let _ = literals(file, text);
        for finding in check(&Source {
            file,
            text,
            declared: None,
        }) {
            assert!(finding.location.line >= 1 && finding.location.column >= 1);
        }
    }
    let _ = prepare_rule("a.js", text);
});
