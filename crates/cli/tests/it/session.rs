//! `postlogin run --stdin-json`.

use serde_json::{Value, json};

use crate::support::{QUIET, folder, postlogin};

const GREETS: &str = "exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://example.com/hobby', event.user.user_metadata.hobby);
};
";

#[test]
fn each_line_is_answered_with_a_line() {
    let folder = folder(&[("greets.js", GREETS), ("quiet.js", QUIET)]);
    let requests = [
        json!({"id": 1, "with": {"user": {"user_metadata": {"hobby": "chess"}}}}),
        json!({"id": "two", "actions": ["quiet.js"], "expect": {"status": "denied"}}),
        json!({"id": 3, "expekt": {}}),
        json!({"id": 4, "actions": ["quite.js"]}),
        json!([]),
    ];
    let mut lines: String = requests
        .iter()
        .map(|request| format!("{request}\n\n"))
        .collect();
    lines.push_str("no json\n");
    let done = postlogin("run greets.js --stdin-json")
        .within(folder.path())
        .stdin(&lines)
        .finish();
    assert_eq!(done.code, Some(0), "{done}");
    let answers: Vec<Value> = done
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    let [first, second, third, fourth, fifth, sixth] = answers.as_slice() else {
        panic!("{done}");
    };
    assert_eq!((&first["id"], &first["passed"]), (&json!(1), &json!(true)));
    assert_eq!(
        first["outcome"]["id_token"]["claims"]["https://example.com/hobby"],
        "chess"
    );
    assert_eq!(
        (&second["id"], &second["passed"]),
        (&json!("two"), &json!(false))
    );
    assert_eq!(second["failures"][0]["actual"], "allowed");
    assert_eq!(third["id"], 3);
    assert_eq!(third["errors"][0]["hint"], "did you mean `expect`?");
    assert_eq!(fourth["errors"][0]["hint"], "did you mean `quiet.js`?");
    for wrong in [fifth, sixth] {
        assert!(wrong["errors"][0]["message"].is_string(), "{wrong}");
    }
}
