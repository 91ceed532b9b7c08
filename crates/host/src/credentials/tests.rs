//! Every shape of a credential that a server is known to use is hidden, and ordinary texts stay as they are.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::*;

/// A generated credential.
const KEY: &str = "Zx9QwErT7yUiOp3AsDfGh5JkL2mN";

/// `§` is the credential; `¶base64…¶` and `¶hex…¶` encode what is between.
fn filled(text: &str) -> String {
    let text = text.replace('§', KEY);
    let encode = |part: &str| {
        let part = part.replace("\\\"", "\"");
        match part.strip_prefix("base64") {
            Some(plain) => STANDARD.encode(plain),
            None => hex(part.trim_start_matches("hex")),
        }
    };
    let parts = text.split('¶').enumerate();
    parts
        .map(|(index, part)| match index % 2 {
            0 => part.to_owned(),
            _ => encode(part),
        })
        .collect()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns what is left of a shape, and how much was reported as hidden, at named places.
fn hidden_shape(shape: &Value) -> (String, usize) {
    let mask = Mask::default();
    let mut hider = Hider::new(&mask);
    let text = |value: &Value| filled(value.as_str().expect("a text"));
    let left = if let Some(url) = shape.get("url") {
        let mut url = text(url);
        hider.url(&mut url);
        url
    } else if let Some(header) = shape.get("header") {
        let mut value = text(&header[1]);
        hider.header(&text(&header[0]), &mut value);
        value
    } else {
        let body = text(&shape["body"]);
        let hidden = hider.body(shape["type"].as_str(), body.as_bytes());
        String::from_utf8(hidden.into_owned()).expect("a text")
    };
    let (count, places) = hider.take();
    assert_eq!(count > 0, !places.is_empty(), "{shape}: {places:?}");
    (left, count)
}

#[test]
fn attributes_of_an_element_that_is_called_a_credential_are_hidden() {
    for (body, expected) in [
        (
            r#"<a><token v="hush" n="1"/></a>"#,
            r#"<a><token v="***" n="***"/></a>"#,
        ),
        (
            r#"<password type="text" raw='hush'>hush</password>"#,
            r#"<password type="text" raw='***'>***</password>"#,
        ),
        (
            r#"<s:Password xmlns:s="urn:s" Type="s#PasswordText">hush</s:Password>"#,
            r#"<s:Password xmlns:s="urn:s" Type="s#PasswordText">***</s:Password>"#,
        ),
        (r#"<user v="jane"/>"#, r#"<user v="jane"/>"#),
    ] {
        let mask = Mask::default();
        let mut hider = Hider::new(&mask);
        let hidden = hider.body(Some("application/xml"), body.as_bytes());
        assert_eq!(String::from_utf8_lossy(&hidden), expected);
    }
}

#[test]
fn all_known_shapes_are_hidden_and_reported() {
    let shapes: Vec<Value> = serde_json::from_str(include_str!("tests/shapes.json")).expect("JSON");
    assert_eq!(shapes.len(), 235);
    let mut wrong = Vec::new();
    for shape in &shapes {
        let (left, count) = hidden_shape(shape);
        let forms = [
            KEY.to_owned(),
            STANDARD.encode(KEY)[..20].to_owned(),
            STANDARD.encode(format!("u:{KEY}"))[4..24].to_owned(),
            "cWVyVDd5".to_owned(),
            hex(KEY)[..30].to_owned(),
        ];
        let shows = forms.iter().any(|form| left.contains(form));
        // What identifies or measures is kept: `id`, `key_id`, `etag`, `server-timing`, a segment of a path.
        let is_kept = shape.get("kept").is_some();
        if shows != is_kept || (count > 0) == is_kept {
            wrong.push(format!("{shape}: {left} ({count})"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[track_caller]
fn check(kind: &str, text: &str, expected: &str) {
    let hidden = hidden_body(Some(kind), text);
    assert_eq!(hidden, expected, "{text}");
}

#[test]
fn values_over_several_lines_are_hidden_whole() {
    let yaml = "application/yaml";
    check(
        yaml,
        "a: 1\ntoken: |\n  ab\n\n  cd\nb: 2\n",
        "a: 1\ntoken: ***\nb: 2\n"
            .replacen("token: ***", "token: |\n  ***", 1)
            .as_str(),
    );
    check(
        yaml,
        "- name: x\n  password: !!str >-\n    open sesame\n    now\n- name: y\n",
        "- name: x\n  password: !!str >-\n    ***\n- name: y\n",
    );
    check(
        yaml,
        "tokens:\n  - a1b2c3d4\n  - \"open\"\ncredentials:\n  user: jane\n  pem: |\n    x\n    y\n  type: basic\nnext: z\n",
        "tokens:\n  - ***\n  - \"***\"\ncredentials:\n  user: ***\n  pem: |\n    ***\n  type: basic\nnext: z\n",
    );
    check(
        "text/plain",
        "password = \"\"\"open\nsesame\"\"\"\nname = \"x\"\n",
        "password = \"\"\"***\"\"\"\nname = \"x\"\n",
    );
    check(
        "text/plain",
        "SECRET=<<-EOT\n  open\n  sesame\n  EOT\nNAME=x\n",
        "SECRET=<<-EOT\n  ***\n  EOT\nNAME=x\n",
    );
    let putty = "PuTTY-User-Key-File-3: ssh-rsa\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 2\nBBBB\nCCCC\nPrivate-MAC: 1\n";
    check("text/plain", putty, &putty.replace("BBBB\nCCCC", "***"));
}

#[test]
fn columns_of_tables_are_hidden() {
    check(
        "text/csv",
        "user,password,note\njane,\"a,\"\"b\",x\njohn,secret1,\"y\nz\"\n",
        "user,password,note\njane,\"***\",x\njohn,***,\"y\nz\"\n",
    );
    check(
        "text/plain",
        "| user | token |\n|------|:-----:|\n| jane | open |\n",
        "| user | token |\n|------|:-----:|\n| jane | *** |\n",
    );
    let json = "application/json";
    check(
        json,
        r#"{"columns":[{"name":"id"},{"name":"token"}],"rows":[[1,"open"],[2,["a"]]]}"#,
        r#"{"columns":[{"name":"id"},{"name":"token"}],"rows":[[1,"***"],[2,["***"]]]}"#,
    );
    check(
        json,
        r#"{"values":[["id","name","password"],[1,"jane","open"]]}"#,
        r#"{"values":[["id","name","password"],[1,"jane","***"]]}"#,
    );
    check(
        json,
        r#"[["user","jane"],["x-api-key","open"]]"#,
        r#"[["user","jane"],["x-api-key","***"]]"#,
    );
}

#[test]
fn sentences_and_commands_are_looked_into() {
    for (text, expected) in [
        ("Your password is hunter2.", "Your password is ***."),
        (
            "The PIN has been set to 4711",
            "The PIN has been set to ***",
        ),
        (
            "Your verification code is: 123456",
            "Your verification code is: ***",
        ),
        ("API key `ab12cd34` is invalid", "API key `***` is invalid"),
        (
            "curl -u jane:open https://x.example",
            "curl -u jane:*** https://x.example",
        ),
        (
            "curl -H \"X-Auth: open\" https://x.example",
            "curl -H \"X-Auth: ***\" https://x.example",
        ),
        (
            "curl --header 'X-Auth: Bearer open sesame'",
            "curl --header 'X-Auth: Bearer ***'",
        ),
        ("vault login --token 'open'", "vault login --token '***'"),
        ("state%3D1%26token%3Dopen", "state%3D1%26token%3D***"),
    ] {
        check("text/plain", text, expected);
    }
}

#[test]
fn ordinary_texts_stay() {
    let texts = include_str!("tests/ordinary.txt");
    let texts: Vec<&str> = texts.split("\n====\n").collect();
    assert!(texts.len() > 30);
    let mut changed = Vec::new();
    for text in texts {
        let hidden = hidden_body(None, text);
        if hidden != text {
            changed.push(format!("{text}\n-- became\n{hidden}"));
        }
    }
    assert!(changed.is_empty(), "{}", changed.join("\n====\n"));
}
