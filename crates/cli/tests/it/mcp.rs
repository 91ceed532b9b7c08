//! `postlogin mcp`: the protocol as a client speaks it.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{folder, postlogin};

/// A client.
struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    last: u64,
}

impl Client {
    /// Starts a server in a folder and greets it.
    fn start(folder: &Path) -> Self {
        let mut client = Self::silent(folder);
        let greeting = client.ask(
            "initialize",
            json!({
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "a test", "version": "1"},
            }),
        );
        assert_eq!(
            greeting["result"]["serverInfo"]["name"], "postlogin",
            "{greeting}"
        );
        assert!(
            greeting["result"]["capabilities"]["tools"].is_object(),
            "{greeting}"
        );
        client.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        client
    }

    fn silent(folder: &Path) -> Self {
        let mut child = postlogin("mcp")
            .within(folder)
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let stdout = child.stdout.take().expect("a pipe");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            stdin: child.stdin.take(),
            child,
            lines,
            last: 0,
        }
    }

    fn send(&mut self, message: &Value) {
        let stdin = self.stdin.as_mut().expect("it is open");
        writeln!(stdin, "{message}").expect("it listens");
    }

    #[track_caller]
    fn next(&self) -> Value {
        let line = self.lines.recv_timeout(Duration::from_secs(60));
        let line = line.expect("an answer");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    #[track_caller]
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        self.send(&json!({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params}));
        let answer = self.next();
        assert_eq!(answer["id"], self.last, "{answer}");
        answer
    }

    /// Calls a tool and returns its result.
    #[track_caller]
    fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.ask("tools/call", json!({"name": tool, "arguments": arguments}));
        answer["result"].clone()
    }

    /// The texts of a result of a call, and whether it is an error.
    #[track_caller]
    fn texts(&mut self, tool: &str, arguments: Value) -> (String, bool) {
        let result = self.call(tool, arguments);
        let blocks = result["content"].as_array().expect("blocks");
        let texts: Vec<&str> = blocks
            .iter()
            .filter_map(|block| block["text"].as_str())
            .collect();
        assert_eq!(texts.len(), blocks.len(), "{result}");
        (texts.join("\n"), result["isError"] == true)
    }

    /// Ends the connection; the server ends, too.
    fn close(mut self) {
        drop(self.stdin.take());
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status}");
    }
}

const ACTION: &str = "exports.onExecutePostLogin = async (event, api) => {\n  \
    api.idToken.setCustomClaim('https://example.com/hobby', event.user.user_metadata.hobby);\n  \
    api.idToken.setCustomClaim('email', 'x');\n};\n";

fn project() -> TempDir {
    folder(&[
        (".git/HEAD", ""),
        ("actions/hobby.js", ACTION),
        (
            "actions/other.js",
            &ACTION
                .replace("'x'", "'y'")
                .replace("event.user.user_metadata.hobby", "'none'"),
        ),
        (
            "actions/bad.js",
            "exports.onExecutePostLogin = async (event, api) => { api.idToken.setClaim('a', 1); };\n",
        ),
        ("postlogin.toml", "binding = [\"hobby\"]\n"),
        (
            "tests/hobby.case.yaml",
            "cases:\n  - description: good\n    expect: { status: allowed }\n  - description: wrong\n    expect: { status: denied }\n  - description: shot\n    snapshot: true\n",
        ),
    ])
}

/// The names of all files of a project, sorted.
fn files(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => open.push(path),
                false => names.push(path.display().to_string()),
            }
        }
    }
    names.sort();
    names
}

#[test]
fn each_tool_says_what_it_takes() {
    let project = project();
    let mut client = Client::start(project.path());
    let listed = client.ask("tools/list", json!({}));
    let tools = listed["result"]["tools"]
        .as_array()
        .expect("a list")
        .clone();
    let names: Vec<&str> = tools
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    assert_eq!(names, ["run", "explain", "check", "test", "compare"]);
    for tool in &tools {
        let schema = &tool["inputSchema"];
        assert_eq!(schema["type"], "object", "{tool}");
        assert_eq!(schema["additionalProperties"], false, "{tool}");
        assert!(
            tool["description"]
                .as_str()
                .is_some_and(|text| text.len() > 40),
            "{tool}"
        );
        for (name, property) in schema["properties"].as_object().expect("properties") {
            assert!(property["description"].is_string(), "{name}: {tool}");
        }
        let writes = ["test", "compare"].contains(&tool["name"].as_str().unwrap_or_default());
        assert_eq!(tool["annotations"]["readOnlyHint"], !writes, "{tool}");
    }
    client.close();
}

#[test]
fn the_tools_do_what_the_commands_do_and_write_nothing() {
    let project = project();
    let before = files(project.path());
    let mut client = Client::start(project.path());
    let ran = client.call(
        "run",
        json!({"set": {"user.user_metadata.hobby": "chess"}, "expect": {"status": "denied"}}),
    );
    let outcome = &ran["structuredContent"]["outcome"];
    assert_eq!(
        outcome["id_token"]["claims"]["https://example.com/hobby"], "chess",
        "{ran}"
    );
    assert_eq!(ran["structuredContent"]["passed"], false, "{ran}");
    assert_ne!(ran["isError"], true, "{ran}");

    let (explained, is_error) =
        client.texts("explain", json!({"why": ["email"], "actions": ["hobby"]}));
    assert!(!is_error && explained.contains("email"), "{explained}");
    let (checked, is_error) = client.texts("check", json!({"paths": ["actions/bad.js"]}));
    assert!(!is_error && checked.contains("setClaim"), "{checked}");
    let json = client.call(
        "check",
        json!({"paths": ["actions/bad.js"], "format": "json"}),
    );
    assert_eq!(
        json["structuredContent"]["format"], "postlogin.check/1",
        "{json}"
    );
    let (tested, is_error) = client.texts("test", json!({}));
    assert!(
        !is_error && tested.contains("2 failed") && tested.contains("hobby wrong"),
        "{tested}"
    );
    let (listed, _) = client.texts("test", json!({"list": true, "filter": ["good"]}));
    assert_eq!(listed, "tests/hobby good");
    let (compared, is_error) = client.texts(
        "compare",
        json!({"left": "hobby", "right": "actions/other.js", "generate": 20}),
    );
    assert!(!is_error && compared.contains("DIFF"), "{compared}");
    assert_eq!(files(project.path()), before);

    // What is asked for is written.
    let (updated, is_error) = client.texts("test", json!({"update_snapshots": true}));
    assert!(!is_error && updated.contains("1 stored"), "{updated}");
    let cases = json!({"left": "hobby", "right": "actions/other.js", "generate": 20, "write_cases": "tests/kept.case.yaml"});
    client.texts("compare", cases);
    let more = files(project.path());
    assert_eq!(more.len(), before.len() + 2, "{more:?}");
    client.close();
}

#[test]
fn mistakes_are_errors_with_hints() {
    let project = project();
    let mut client = Client::start(project.path());
    for (tool, arguments, expected) in [
        ("run", json!({"actions": ["hobbi"]}), "hint: "),
        (
            "run",
            json!({"action": ["hobby"]}),
            "hint: did you mean `actions`?",
        ),
        (
            "run",
            json!({"with": {"usr": 1}, "now": "yesterday"}),
            "yesterday",
        ),
        (
            "run",
            json!({"event": "../secret.json"}),
            "leads out of the project's folder",
        ),
        (
            "explain",
            json!({"actions": ["hobbi"]}),
            "hint: did you mean `hobby`?",
        ),
        ("check", json!({"paths": ["nowhere"]}), "hint: "),
        ("check", json!({"paths": 1}), "must be a list of strings"),
        ("test", json!({"filter": ["nothing"]}), "hint: "),
        ("compare", json!({"left": "hobby"}), "`right` is missing"),
    ] {
        let (text, is_error) = client.texts(tool, arguments);
        assert!(is_error, "{text}");
        assert!(
            text.starts_with("error: ") || text.contains("\nerror: "),
            "{text}"
        );
        assert!(text.contains(expected), "{expected}: {text}");
    }
    for (method, params, code) in [
        ("tools/call", json!({"name": "rm", "arguments": {}}), -32602),
        (
            "tools/call",
            json!({"name": "run", "arguments": "x"}),
            -32602,
        ),
        (
            "tools/call",
            json!({"name": "run", "arguments": []}),
            -32602,
        ),
        ("tools/call", json!({"name": 5}), -32602),
        ("tools/call", json!({}), -32602),
        ("tools/list", json!({"cursor": "x"}), -32602),
        ("resources/list", json!({}), -32601),
        ("no/such", json!({}), -32601),
    ] {
        let answer = client.ask(method, params);
        assert_eq!(answer["error"]["code"], code, "{answer}");
    }
    // The connection goes on.
    let (checked, _) = client.texts("check", json!({}));
    assert!(checked.contains("setClaim"), "{checked}");
    client.close();
}

#[test]
fn answers_are_bounded_and_secrets_hidden() {
    let project = folder(&[
        (
            "loud.js",
            "exports.onExecutePostLogin = async (event, api) => {\n  api.user.setAppMetadata('a', event.secrets.KEY);\n  for (let i = 0; i < 200; i++) console.log(String(i).repeat(700));\n};\n",
        ),
        ("postlogin.toml", "binding = [\"loud.js\"]\n"),
    ]);
    let mut client = Client::start(project.path());
    let answer = client.call(
        "run",
        json!({"actions": ["loud.js"], "secrets": {"KEY": "top-secret"}}),
    );
    let text = answer["content"][0]["text"].as_str().expect("a text");
    assert!(text.len() < 300 << 10, "{}", text.len());
    assert!(!answer.to_string().contains("top-secret"));
    let (explained, _) = client.texts(
        "explain",
        json!({"actions": ["loud.js"], "secrets": {"KEY": "top-secret"}}),
    );
    assert!(!explained.contains("top-secret"), "{explained}");
    client.close();
}

#[test]
fn a_client_that_leaves_ends_the_server() {
    let project = project();
    Client::silent(project.path()).close();
    let mut client = Client::start(project.path());
    // A call is under way when the client goes.
    client.send(&json!({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {"name": "compare", "arguments": {"left": "hobby", "right": "other", "generate": 100_000}}}));
    thread::sleep(Duration::from_millis(300));
    client.close();
}

#[test]
fn what_is_not_the_protocol_is_survived() {
    let project = project();
    let mut client = Client::start(project.path());
    let stdin = client.stdin.as_mut().expect("it is open");
    stdin
        .write_all(b"not json\n\n{\"jsonrpc\":\"2.0\"}\n\xff\xfe\n")
        .expect("it listens");
    let long = "x".repeat(17 << 20);
    writeln!(stdin, "{long}").expect("it listens");
    client.last = 77;
    client.send(&json!({"jsonrpc": "2.0", "id": 78, "method": "tools/list"}));
    let limit = std::time::Instant::now() + Duration::from_secs(60);
    while client.next()["id"] != 78 {
        assert!(std::time::Instant::now() < limit);
    }
    client.close();
}

/// A client waits for an answer to each request, however long it was; where its id is depends on the client.
#[test]
fn a_request_that_is_too_long_is_answered() {
    let project = project();
    let mut client = Client::start(project.path());
    let long = "x".repeat(17 << 20);
    for (line, id) in [
        (
            format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/call\",\"params\":{{\"name\":\"{long}\"}}}}"
            ),
            json!(5),
        ),
        (
            format!(
                "{{\"method\":\"tools/call\",\"params\":{{\"id\":1,\"name\":\"{long}\"}},\"jsonrpc\":\"2.0\",\"id\":\"six\"}}"
            ),
            json!("six"),
        ),
        (long.clone(), Value::Null),
    ] {
        let stdin = client.stdin.as_mut().expect("it is open");
        writeln!(stdin, "{line}").expect("it listens");
        let answer = client.next();
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&id, &json!(-32600)),
            "{answer}"
        );
    }
    client.close();
}

#[test]
fn what_is_no_request_has_the_code_for_it() {
    let project = project();
    let mut client = Client::start(project.path());
    for (line, id, code) in [
        ("not json", Value::Null, -32700),
        ("{\"id\":5,\"method\":\"ping\"}", json!(5), -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":\"a\"}", json!("a"), -32600),
    ] {
        let stdin = client.stdin.as_mut().expect("it is open");
        writeln!(stdin, "{line}").expect("it listens");
        let answer = client.next();
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&id, &json!(code)),
            "{line}"
        );
    }
    assert_eq!(client.ask("ping", json!({}))["result"], json!({}));
    client.close();
}

/// The official client, if it is installed.
#[test]
fn the_official_client_finds_nothing_to_object_to() {
    let Some(clients) = crate::clients::clients() else {
        return;
    };
    // An installation of before it was among the clients.
    let sdk = clients.join("node_modules/@modelcontextprotocol/sdk");
    if !sdk.is_dir() && std::env::var_os("CI").is_none() {
        crate::clients::skipped("no SDK; run `npm ci --ignore-scripts` in tests/clients");
        return;
    }
    let project = project();
    let command = postlogin("mcp").command();
    let program = command.get_program().to_string_lossy().into_owned();
    let cache = crate::support::cache().display().to_string();
    let folder = project.path().display().to_string();
    crate::clients::node(
        &clients,
        "mcp.mjs",
        &[
            ("POSTLOGIN", program.as_str()),
            ("POSTLOGIN_CACHE_DIR", cache.as_str()),
            ("PROJECT", folder.as_str()),
        ],
    );
}
