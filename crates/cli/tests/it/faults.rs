//! Actions that fail: the place is that of the source the user wrote.

use crate::support::{FIXED, assert_command, folder, place, postlogin};

/// Each reads a claim first and then throws.
const JAVASCRIPT: &str = "// @ts-check
const NAMESPACE = 'https://example.com';

exports.onExecutePostLogin = async (event, api) => {
  const { roles } = event.user.app_metadata;
  api.idToken.setCustomClaim(`${NAMESPACE}/roles`, roles);
  const missing = event.nope.deeper;
};
";

const MODULE: &str = "import { createHash } from 'node:crypto';

const hash = (text) => createHash('sha256').update(text).digest('hex');

export const onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://example.com/hash', hash(event.user.user_id));
  await nope(event);
};
";

const TYPESCRIPT: &str = "interface Profile {
  tier?: string;
  roles: readonly string[];
}

enum Tier { Free = 'free', Gold = 'gold' }

class Reader {
  constructor(private readonly profile: Profile) {}
  tier(): Tier { return (this.profile.tier as Tier) ?? Tier.Free; }
}

export async function onExecutePostLogin(event: any, api: any): Promise<void> {
  const reader = new Reader(event.user.app_metadata as Profile);
  api.idToken.setCustomClaim('https://example.com/tier', reader.tier() satisfies Tier);
  const unknown: Profile = (event as { missing?: Profile }).missing!;
  api.idToken.setCustomClaim('https://example.com/nope', unknown.roles);
}
";

/// The run's outcome names the place of `marker`, and that of each claim.
#[track_caller]
fn check(file: &str, text: &str, claim: &str, marker: &str) {
    let folder = folder(&[(file, text)]);
    let outcome = postlogin(&format!("run {FIXED} {file}"))
        .within(folder.path())
        .outcome(0);
    assert_eq!(outcome["status"], "failed", "{outcome}");
    let error = &outcome["error"];
    assert_eq!(error["location"]["file"], file);
    let found = |location: &serde_json::Value| {
        (
            location["line"].as_u64().unwrap_or_default(),
            location["column"].as_u64().unwrap_or_default(),
        )
    };
    let (line, column) = place(text, marker);
    assert_eq!(found(&error["location"]), (line, column), "{error}");
    let stack = error["stack"].as_str().unwrap_or_default();
    assert!(
        stack.contains(&format!("{file}:{line}:{column}")),
        "{stack}"
    );
    // A failed login has no ledger to speak of; the same claim in a login that goes well has its place.
    let until = text.find(marker).expect("it is there");
    let cut = text[..until].rfind('\n').expect("it is not on line 1");
    let healthy = format!("{}\n}};\n", &text[..cut]);
    let name = format!("healthy-{file}");
    let folder = self::folder(&[(&name, &healthy)]);
    let outcome = postlogin(&format!("run {FIXED} {name}"))
        .within(folder.path())
        .outcome(0);
    assert_eq!(outcome["status"], "allowed", "{outcome}");
    let (line, _) = place(&healthy, claim);
    assert_eq!(
        found(&outcome["ledger"][0]["location"]).0,
        line,
        "{outcome}"
    );
}

#[test]
fn javascript() {
    check("code.js", JAVASCRIPT, "api.idToken", "deeper;");
    check("code.cjs", JAVASCRIPT, "api.idToken", "deeper;");
}

#[test]
fn modules() {
    check("code.mjs", MODULE, "api.idToken", "nope(");
}

#[test]
fn typescript() {
    check("code.ts", TYPESCRIPT, "api.idToken", "roles);");
}

#[test]
fn a_person_sees_the_place_in_the_source() {
    let folder = folder(&[("script.js", JAVASCRIPT), ("typed.ts", TYPESCRIPT)]);
    let run =
        |arguments: &str| postlogin(&format!("run {FIXED} {arguments}")).within(folder.path());
    assert_command!(run("script.js"), @"
    exit code: 0
    ----- stdout -----
    ✗ failed: TypeError: Cannot read properties of undefined (reading 'deeper')

    Error  in script at script.js:7:30
        5 |   const { roles } = event.user.app_metadata;
        6 |   api.idToken.setCustomClaim(`${NAMESPACE}/roles`, roles);
      > 7 |   const missing = event.nope.deeper;
          |                              ^
        8 | };
        at exports.onExecutePostLogin (script.js:7:30)

    Actions
      ✗ script [time] [memory] 1 call

    time [time]  of [time]  · memory [memory]  of [memory]
    ");
    assert_command!(run("typed.ts --fail-on-deny"), @"
    exit code: 3
    ----- stdout -----
    ✗ failed: TypeError: Cannot read properties of undefined (reading 'roles')

    Error  in typed at typed.ts:17:66
        15 |   api.idToken.setCustomClaim('https://example.com/tier', reader.tier() satisfies Tier);
        16 |   const unknown: Profile = (event as { missing?: Profile }).missing!;
      > 17 |   api.idToken.setCustomClaim('https://example.com/nope', unknown.roles);
           |                                                                  ^
        18 | }
        at onExecutePostLogin (typed.ts:17:66)

    Actions
      ✗ typed [time] [memory] 1 call

    time [time]  of [time]  · memory [memory]  of [memory]
    ");
}

#[test]
fn an_earlier_action_keeps_its_effects_and_a_later_one_does_not_run() {
    let folder = folder(&[
        (
            "first.js",
            "exports.onExecutePostLogin = async (event, api) => { console.log('first'); };",
        ),
        (
            "second.js",
            "exports.onExecutePostLogin = async () => { throw new RangeError('second'); };",
        ),
        (
            "third.js",
            "exports.onExecutePostLogin = async () => { console.log('third'); };",
        ),
    ]);
    let outcome = postlogin("run first.js second.js third.js")
        .within(folder.path())
        .outcome(0);
    assert_eq!(outcome["error"]["action"], "second");
    assert_eq!(outcome["error"]["name"], "RangeError");
    assert_eq!(
        outcome["logs"].as_array().map(Vec::len),
        Some(1),
        "{outcome}"
    );
    assert_eq!(
        outcome["usage"]["actions"].as_array().map(Vec::len),
        Some(2)
    );
}

#[test]
fn a_syntax_error_that_an_action_rethrows_is_no_syntax_error_of_the_action() {
    let folder = folder(&[(
        "parse.js",
        "exports.onExecutePostLogin = async () => { throw new Error('SyntaxError: of a response'); };",
    )]);
    let done = postlogin("run parse.js").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
}

#[test]
fn denied_and_failed_differ() {
    let folder = folder(&[(
        "deny.js",
        "exports.onExecutePostLogin = async (event, api) => { api.user.setUserMetadata('a', 1); return api.access.deny('not today'); };",
    )]);
    let run = |arguments: &str| {
        postlogin(&format!("run {FIXED} deny.js {arguments}")).within(folder.path())
    };
    assert_command!(run(""), @"
    exit code: 0
    ----- stdout -----
    ✗ denied: not today

    Actions
      ✗ deny [time] [memory] 2 calls

    Metadata  1 change
      + user_metadata.a  1

    time [time]  of [time]  · memory [memory]  of [memory]
    ");
    assert_eq!(run("--fail-on-deny").finish().code, Some(3));
    let outcome = run("").outcome(0);
    assert_eq!(outcome["status"], "denied");
    assert_eq!(outcome["reason"], "not today");
    assert_eq!(outcome["error"], serde_json::Value::Null);
    assert_eq!(
        outcome["user"]["user_metadata"]["a"], 1,
        "a denied login keeps metadata"
    );
}

#[test]
fn a_to_json_on_a_prototype_changes_no_argument() {
    let folder = folder(&[(
        "a.js",
        "exports.onExecutePostLogin = async (event, api) => {\n  Object.prototype.toJSON = function () { return 'changed'; };\n  api.idToken.setCustomClaim('https://example.com/list', 1);\n  api.user.setAppMetadata('nothing', undefined);\n  api.access.deny('the reason');\n};\n",
    )]);
    let outcome = postlogin("run a.js").within(folder.path()).outcome(0);
    assert_eq!(outcome["reason"], "the reason", "{outcome}");
    assert_eq!(outcome["ledger"][0]["name"], "https://example.com/list");
    assert_eq!(outcome["ledger"][0]["value"], 1);
    let args = &outcome["commands"][1]["args"];
    assert_eq!(args[0], "nothing", "{outcome}");
}
