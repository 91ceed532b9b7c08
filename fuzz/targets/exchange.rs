//! Any exchange through the recorder: nothing panics, a secret never remains, and the request is answered again.
#![no_main]

use std::{sync::Arc, time::Duration};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use postlogin_core::redact::Mask;
use postlogin_host::{Door, Mock, MockDoor, Recorder, Request, Verdict, mock::to_yaml};
use postlogin_project::{Format, parse_document};

#[derive(Debug, Clone, Arbitrary)]
struct Input {
    kind: Kind,
    path: String,
    asked: Vec<u8>,
    header: String,
    answered: Vec<u8>,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Kind {
    Json,
    Form,
    Xml,
    Multipart,
    Lines,
    None,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Json => "application/json",
            Kind::Form => "application/x-www-form-urlencoded",
            Kind::Xml => "text/xml",
            Kind::Multipart => "multipart/form-data; boundary=ab",
            Kind::Lines => "application/x-ndjson",
            Kind::None => "",
        }
    }
}

struct Network(Verdict);

impl Door for Network {
    fn send(&self, _: &Request) -> Verdict {
        self.0.clone()
    }
}

fuzz_target!(|input: Input| {
    let kind = ("content-type".to_owned(), input.kind.name().to_owned());
    let request = Request {
        method: "POST".into(),
        url: format!(
            "https://x.example/{}",
            input.path.replace(|letter: char| letter.is_control(), "")
        ),
        headers: vec![kind.clone()],
        body: input.asked,
    };
    let verdict = Verdict::Answered {
        status: 200,
        headers: vec![
            kind,
            ("location".into(), input.header.clone()),
            ("x-auth-token".into(), input.header),
        ],
        body: input.answered,
        delay: Duration::ZERO,
    };
    let recorder = Recorder::new(Arc::new(Network(verdict)));
    recorder.send(&request);
    let recording = recorder.recording(&Mask::of(&["secret-of-the-login"]));
    let text = to_yaml(&recording.mocks);
    assert!(!text.contains("secret-of-the-login"), "{text}");
    // What was written is read again, and answers the request.
    let value = parse_document(&text, Format::Yaml, "fuzz")
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    if let Ok(mocks) = serde_json::from_value::<Vec<Mock>>(value) {
        let answer = MockDoor::new(mocks).send(&request);
        assert!(
            matches!(answer, Verdict::Answered { .. }),
            "{answer:?}\n{text}"
        );
    }
});
