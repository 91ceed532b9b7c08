//! Any text as a request of a worker, which is one case.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use postlogin_project::{Format, cases::read_request, parse_document};

fuzz_target!(|text: &str| {
    let folder = Path::new("/nonexistent");
    let check = |text: &str| {
        if let Err(mistakes) = read_request(text, 1, folder) {
            assert!(!mistakes.is_empty());
            assert!(
                mistakes
                    .iter()
                    .all(|mistake| !mistake.to_string().is_empty())
            );
        }
    };
    check(text);
    // YAML reaches more of the reader with fewer bytes.
    if let Ok(value) = parse_document(text, Format::Yaml, "fuzz") {
        check(&value.to_string());
    }
});
