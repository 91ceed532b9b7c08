//! The contents of a recording, and its use in place of the network.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::{MockDoor, NetworkError, mock::to_yaml};

/// A network that gives these verdicts, in order.
struct Script(Mutex<Vec<Verdict>>);

impl Door for Script {
    fn send(&self, _: &Request) -> Verdict {
        self.0.lock().expect("one thread").remove(0)
    }
}

fn request(method: &str, url: &str, body: &str) -> Request {
    Request {
        method: method.into(),
        url: url.into(),
        headers: vec![("authorization".into(), "Bearer hunter22".into())],
        body: body.into(),
    }
}

fn answered(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Verdict {
    Verdict::Answered {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
        body: body.into(),
        delay: Duration::from_millis(120),
    }
}

#[test]
fn a_recording_is_ordered_and_hides_what_gives_access() {
    let token = answered(
        200,
        &[
            ("content-type", "application/json"),
            ("date", "Sun, 22 Nov 2026 10:00:00 GMT"),
            ("set-cookie", "did=abc; Path=/"),
        ],
        br#"{"access_token":"eyJhbGciOi","expires_in":86400}"#,
    );
    let page = answered(
        404,
        &[("content-type", "text/html"), ("x-key", "of hunter22")],
        "<p>hunter22 ä</p>".as_bytes(),
    );
    let failed = Verdict::Failed {
        error: NetworkError::ConnectionReset,
        delay: Duration::ZERO,
        remark: None,
    };
    let refused = Verdict::Refused(Remark {
        code: "request-refused",
        message: String::new(),
    });
    let image = answered(200, &[("content-type", "image/png")], &[0x89, 0xff]);
    let script = vec![token, page, failed, refused, image];
    let recorder = Recorder::new(Arc::new(Script(Mutex::new(script))));
    let requests = [
        request(
            "POST",
            "https://x.example/oauth/token",
            "grant_type=client_credentials&client_secret=hunter22",
        ),
        request("GET", "https://x.example/a?api_key=1&user=hunter22", ""),
        request("PATCH", "https://x.example/b", r#"{"password":"p","n":1}"#),
        request("GET", "https://elsewhere.example/", ""),
        request("GET", "https://x.example/image", ""),
    ];
    for request in &requests {
        recorder.send(request);
    }
    let mocks = recorder.recording(&Mask::of(&["hunter22"])).mocks;
    let text = to_yaml(&mocks);
    assert_eq!(
        text,
        r#"- request:
    method: POST
    url: "https://x.example/oauth/token"
    text: "grant_type=client_credentials&client_secret=***"
  response:
    status: 200
    headers:
      set-cookie: "did=***; Path=/"
    json: {"access_token":"***","expires_in":86400}
  times: 1
- request:
    method: GET
    url: "https://x.example/a?api_key=***&user=***"
  response:
    status: 404
    headers:
      content-type: "text/html"
      x-key: "of ***"
    text: "<p>*** ä</p>"
  times: 1
- request:
    method: PATCH
    url: "https://x.example/b"
    json: {"password":"***","n":1}
  response:
    error: ECONNRESET
  times: 1
- request:
    method: GET
    url: "https://x.example/image"
  response:
    status: 200
    headers:
      content-type: "image/png"
    bytes: "if8="
  times: 1
"#
    );

    // The same requests get the same answers again.
    let replay = MockDoor::new(mocks);
    let verdicts: Vec<Verdict> = requests
        .iter()
        .map(|request| replay.send(request))
        .collect();
    let Verdict::Answered {
        status,
        body,
        delay,
        ..
    } = &verdicts[0]
    else {
        panic!("{:?}", verdicts[0])
    };
    assert_eq!((*status, *delay), (200, Duration::ZERO));
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(body).expect("JSON"),
        json!({"access_token": "***", "expires_in": 86400})
    );
    assert!(matches!(verdicts[1], Verdict::Answered { status: 404, .. }));
    assert!(matches!(
        verdicts[2],
        Verdict::Failed {
            error: NetworkError::ConnectionReset,
            ..
        }
    ));
    assert!(matches!(verdicts[3], Verdict::Refused(_)));
    assert!(matches!(&verdicts[4], Verdict::Answered { body, .. } if body == &[0x89, 0xff]));
    assert_eq!(replay.leftovers(), []);
}

mod services;
