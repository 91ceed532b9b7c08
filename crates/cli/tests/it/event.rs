//! From the options to the event that Actions see.

use serde_json::{Value, json};

use crate::support::{Invocation, assert_command, folder, postlogin};

/// Prints the whole event.
const MIRROR: &str =
    "exports.onExecutePostLogin = async (event) => { console.log(JSON.stringify(event)); };\n";

const YAML: &str = "\
user:
  user_id: auth0|yaml
  user_metadata: { hobby: chess }
client:
  client_id: from-yaml
";

fn files() -> tempfile::TempDir {
    folder(&[
        ("mirror.js", MIRROR),
        ("event.yaml", YAML),
        (
            "user.json",
            r#"{"user_id": "auth0|file", "nickname": "file"}"#,
        ),
        ("client.yml", "client_id: file\nname: File\n"),
    ])
}

#[track_caller]
fn event(invocation: Invocation) -> Value {
    let outcome = invocation.outcome(0);
    let text = outcome["logs"][0]["message"].as_str();
    serde_json::from_str(text.unwrap_or_default()).expect("the Action printed the event")
}

fn mirror(files: &tempfile::TempDir, arguments: &str) -> Invocation {
    postlogin(&format!("run mirror.js {arguments}")).within(files.path())
}

#[test]
fn an_event_is_json_or_yaml_from_a_file_or_stdin() {
    let files = files();
    let from_file = event(mirror(&files, "--event event.yaml"));
    assert_eq!(
        from_file["user"]["user_metadata"],
        json!({"hobby": "chess"})
    );
    assert_eq!(from_file["client"]["client_id"], "from-yaml");
    assert_eq!(
        from_file["user"]["app_metadata"],
        json!({}),
        "what production always sends"
    );

    let same = event(mirror(&files, "--event -").stdin(YAML));
    assert_eq!(same, from_file);
    let same = event(mirror(&files, "--event -").stdin(
        r#"{"user": {"user_id": "auth0|yaml", "user_metadata": {"hobby": "chess"}}, "client": {"client_id": "from-yaml"}}"#,
    ));
    assert_eq!(same, from_file);
}

#[test]
fn user_and_client_replace_the_whole_part() {
    let files = files();
    let event = event(mirror(&files, "--user user.json --client client.yml"));
    assert_eq!(
        event["user"],
        json!({"user_id": "auth0|file", "nickname": "file", "user_metadata": {}, "app_metadata": {}})
    );
    assert_eq!(
        event["client"],
        json!({"client_id": "file", "name": "File", "metadata": {}})
    );
    assert_eq!(event["tenant"]["id"], "example", "the rest is the sample's");
}

#[test]
fn set_wins_over_files_and_takes_json_or_text() {
    let files = files();
    let invocation = mirror(&files, "--user user.json")
        .args(["--set", "user.nickname=set"])
        .args(["--set", "event.user.user_metadata.count=3"])
        .args(["--set", "user.user_metadata.list=[1, {\"a\": null}]"])
        .args(["--set", "user.user_metadata[\"with.dot\"]=a=b"])
        .args(["--set", "user.user_metadata.list[2]=true"]);
    let event = event(invocation);
    assert_eq!(event["user"]["nickname"], "set");
    assert_eq!(
        event["user"]["user_metadata"],
        json!({"count": 3, "list": [1, {"a": null}, true], "with.dot": "a=b"})
    );
}

#[test]
fn a_slip_in_a_path_is_warned_about_and_the_login_still_runs() {
    let warnings = |set: &str| {
        let done = mirror(&files(), "").args(["--set", set]).finish();
        assert_eq!(done.code, Some(0), "{done}");
        done.stderr
    };
    insta::assert_snapshot!(warnings("user.user_metdata.hobby=surfing"), @"warning: `event.user.user_metdata` is not a property that Auth0 gives to users; did you mean `event.user.user_metadata`?");
    insta::assert_snapshot!(warnings("requst.ip=127.0.0.1"), @"warning: `event.requst` does not exist in the post-login event (v3); did you mean `event.request`?");
    insta::assert_snapshot!(warnings("client.metadata=gold"), @"warning: `event.client.metadata` must be an object, not a string");
    insta::assert_snapshot!(warnings("user=null"), @"warning: `event.user` must be an object, not null");
    assert_eq!(
        warnings("user.favourite_colour=green"),
        "",
        "profiles may have any property"
    );
    assert_eq!(warnings("user.user_metadata.x=1"), "");
}

#[test]
fn what_is_no_event_is_refused_with_its_place() {
    let files = folder(&[
        ("mirror.js", MIRROR),
        (
            "broken.json",
            "{\n  \"user\": {\n    \"user_id\": ,\n  }\n}\n",
        ),
        ("twice.json", "{\n  \"user\": {},\n  \"user\": {}\n}\n"),
        ("array.json", "[{\"user\": {}}]"),
        ("broken.yaml", "user:\n  user_id: [unclosed\nclient: {}\n"),
        ("empty.json", ""),
        ("deep.json", &"[".repeat(50_000)),
    ]);
    assert_command!(mirror(&files, "--event broken.json"), @"
    exit code: 2
    ----- stderr -----
    error: broken.json:3:16: expected value
    hint: an event is one JSON or YAML object; `postlogin schema event` describes it
    ");
    assert_command!(mirror(&files, "--event twice.json"), @r#"
    exit code: 2
    ----- stderr -----
    error: twice.json:3:3: duplicate key "user"
    hint: keep one of the two
    "#);
    assert_command!(mirror(&files, "--event array.json"), @"
    exit code: 2
    ----- stderr -----
    error: array.json:1:1: an event must be an object; the document is a list
    hint: an event is one JSON or YAML object; `postlogin schema event` describes it
    ");
    assert_command!(mirror(&files, "--event broken.yaml"), @"
    exit code: 2
    ----- stderr -----
    error: broken.yaml:3:7: illegal placement of ':' indicator
    hint: an event is one JSON or YAML object; `postlogin schema event` describes it
    ");
    assert_command!(mirror(&files, "--event empty.json"), @"
    exit code: 2
    ----- stderr -----
    error: empty.json:1:1: the document is empty
    hint: an event is one JSON or YAML object; `postlogin schema event` describes it
    ");
    assert_command!(mirror(&files, "--event brokn.json"), @"
    exit code: 2
    ----- stderr -----
    error: brokn.json: cannot read the file: no such file
    hint: did you mean `broken.json`?
    ");
    assert_command!(mirror(&files, "--event deep.json"), @"
    exit code: 2
    ----- stderr -----
    error: deep.json:1:128: recursion limit exceeded
    hint: an event is one JSON or YAML object; `postlogin schema event` describes it
    ");
    assert_command!(mirror(&files, "--event -").stdin("{\"user\": }"), @"
    exit code: 2
    ----- stderr -----
    error: <stdin>:1:10: expected value
    hint: an event is one JSON or YAML object; `postlogin schema event` describes it
    ");
    assert_command!(mirror(&files, "--event - --client -").stdin("{}"), @"
    exit code: 2
    ----- stderr -----
    error: stdin can be read once, and several options read it
    hint: write `-` for one of them, and give the others files
    ");
    assert_command!(mirror(&files, "--user array.json"), @"
    exit code: 2
    ----- stderr -----
    error: array.json:1:1: a user must be an object; the document is a list
    hint: a user is one JSON or YAML object; `postlogin schema event` describes it
    ");
    assert_command!(mirror(&files, "--event ."), @"
    exit code: 2
    ----- stderr -----
    error: .: cannot read the file: it is a folder, not a file
    hint: an event is one JSON or YAML object; `postlogin schema event` describes it
    ");
}

#[test]
fn a_path_that_leads_nowhere_is_refused() {
    let files = files();
    let set = |assignment: &str| mirror(&files, "").args(["--set", assignment]);
    assert_command!(set("user.nickname"), @"
    exit code: 2
    ----- stderr -----
    error: --set user.nickname: `user.nickname` has no `=`
    hint: write path=value, as in user.user_metadata.hobby=surfing
    ");
    assert_command!(set("user..nickname=x"), @r#"
    exit code: 2
    ----- stderr -----
    error: --set user..nickname=x: `user..nickname=x` is not a path: segment 2 is empty
    hint: write user.user_metadata.hobby, user.identities[0].provider or client.metadata["a.b"]
    "#);
    assert_command!(set("user.user_id.deeper=x"), @"
    exit code: 2
    ----- stderr -----
    error: --set user.user_id.deeper=x: `event.user.user_id` is a string; it has no key `deeper`
    ");
    assert_command!(set("authentication.methods[7].name=x"), @"
    exit code: 2
    ----- stderr -----
    error: --set authentication.methods[7].name=x: `event.authentication.methods` has no [7]; its length is 1
    hint: the next free index is [1]
    ");
    assert_command!(set("=x"), @r#"
    exit code: 2
    ----- stderr -----
    error: --set =x: `=x` is not a path: segment 1 is empty
    hint: write user.user_metadata.hobby, user.identities[0].provider or client.metadata["a.b"]
    "#);
}
