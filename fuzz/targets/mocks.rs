//! Any text as a file of mocks, which then meet a request.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postlogin_host::{Door, Mock, MockDoor, Request, mock::to_yaml};
use postlogin_project::{Format, parse_document};

fuzz_target!(|text: &str| {
    let Ok(value) = parse_document(text, Format::Unknown, "fuzz") else {
        return;
    };
    let Ok(mocks) = serde_json::from_value::<Vec<Mock>>(value) else {
        return;
    };
    // What is written is read as the same.
    let written = to_yaml(&mocks);
    let value = parse_document(&written, Format::Yaml, "fuzz")
        .unwrap_or_else(|error| panic!("{error}\n{written}"));
    assert_eq!(
        to_yaml(
            &serde_json::from_value::<Vec<Mock>>(value)
                .unwrap_or_else(|error| panic!("{error}\n{written}"))
        ),
        written
    );
    let door = MockDoor::new(mocks);
    for url in ["https://x.example/a?b=c", "", "x"] {
        let request = Request {
            method: "POST".into(),
            url: url.into(),
            headers: vec![("authorization".into(), "Bearer a".into())],
            body: text.as_bytes().to_vec(),
        };
        let _ = door.send(&request);
    }
    let _ = door.leftovers();
});
