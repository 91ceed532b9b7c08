//! The value of a secret is in no output.

use serde_json::json;

use crate::support::{assert_command, folder, postlogin};

const SECRET: &str = "correct-horse/battery staple";

/// Puts the secret wherever an Action can put something.
const LEAKY: &str = "exports.onExecutePostLogin = async (event, api) => {
  const key = event.secrets.API_KEY;
  console.log('the key', key, { key }, encodeURIComponent(key), JSON.stringify({ key }));
  console.error(new Error(key));
  api.idToken.setCustomClaim('https://example.com/key', key);
  api.idToken.setCustomClaim(`https://example.com/${key}`, { nested: [key, { [key]: key }] });
  api.accessToken.setCustomClaim('https://example.com/key', `Bearer ${key}`);
  api.user.setUserMetadata('key', key);
  api.user.setAppMetadata('key', [key]);
  api.accessToken.addScope(key);
  ENDING
};\n";

#[track_caller]
fn check(ending: &str, arguments: &str) {
    let folder = folder(&[("leaky.js", &LEAKY.replace("ENDING", ending))]);
    for format in ["human", "json"] {
        let done = postlogin(&format!(
            "run leaky.js --format {format} --token -v {arguments}"
        ))
        .args(["--secret", &format!("API_KEY={SECRET}")])
        .args(["--set", &format!("user.user_metadata.old={SECRET}")])
        .args(["--set", &format!("user.nickname={SECRET}")])
        .within(folder.path())
        .finish();
        let printed = done.printed();
        assert!(printed.contains("***"), "it is used: {done}");
        for shown in forms() {
            assert!(!printed.contains(&shown), "{shown} in {done}");
        }
        for token in printed
            .split_whitespace()
            .filter(|word| word.starts_with("eyJ"))
        {
            let claims = decoded(token.trim_matches(['"', ',']));
            assert!(!claims.contains(SECRET), "{claims}");
        }
    }
}

/// As it is, in a URL, in a form.
fn forms() -> [String; 3] {
    [
        SECRET.to_owned(),
        SECRET.replace('/', "%2F").replace(' ', "%20"),
        SECRET.replace('/', "%2F").replace(' ', "+"),
    ]
}

/// The payload of a JWT.
fn decoded(token: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let payload = token.split('.').nth(1).expect("a JWT has three parts");
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in payload.bytes() {
        let value = ALPHABET.iter().position(|known| *known == letter);
        bits = bits << 6 | value.expect("base64url") as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    String::from_utf8(bytes).expect("a payload is text")
}

#[test]
fn not_when_the_login_goes_well() {
    check("", "");
}

#[test]
fn not_when_the_action_throws_it() {
    check("throw new Error(`no access with ${key}`);", "");
    check("throw key;", "");
    check("null[key];", "");
    check("api.idToken.setCustomClaim(key, () => {}); api[key]();", "");
}

#[test]
fn not_when_the_login_is_denied_or_sent_away() {
    check("api.access.deny(`wrong key ${key}`);", "");
    check(
        "api.redirect.sendUserTo('https://example.com/', { query: { key } });",
        "",
    );
}

#[test]
fn not_in_the_code_frame_of_a_source_that_holds_it() {
    check(&format!("throw new Error('{SECRET}');"), "");
}

#[test]
fn secrets_come_from_options_and_files_and_options_win() {
    let folder = folder(&[
        (
            "names.js",
            "exports.onExecutePostLogin = async (event, api) => {
               api.idToken.setCustomClaim('https://example.com/lengths',
                 Object.entries(event.secrets).map(([name, value]) => `${name}:${value.length}`));
             };",
        ),
        (
            ".env",
            "# of the tests\nexport FIRST='four'\nSECOND=\"se\\nven\"\n",
        ),
    ]);
    let outcome =
        postlogin("run names.js --secrets-file .env --secret FIRST=longer --secret THIRD=a=b")
            .within(folder.path())
            .outcome(0);
    assert_eq!(
        outcome["id_token"]["claims"]["https://example.com/lengths"],
        json!(["SECOND:6", "FIRST:6", "THIRD:3"])
    );
}

#[test]
fn an_action_sees_what_its_configuration_declares() {
    let manifest = r#"{"name": "picky", "code": "./actions/picky/code.js", "secrets": [{"name": "MINE"}],
        "supported_triggers": [{"id": "post-login", "version": "v3"}]}"#;
    let folder = folder(&[
        ("actions/picky.json", manifest),
        (
            "actions/picky/code.js",
            "exports.onExecutePostLogin = async (event, api) => { console.log(Object.keys(event.secrets).join()); };",
        ),
    ]);
    let run = || {
        postlogin("run picky --secret MINE=mine-value --secret OTHER=other-value")
            .within(folder.path())
    };
    assert_eq!(run().outcome(0)["logs"][0]["message"], "MINE");
    insta::assert_snapshot!(run().finish().stderr, @"warning: no Action of this login declares the secret OTHER, so none sees it");
}

#[test]
fn what_is_no_secret_is_refused_without_being_repeated() {
    let folder = folder(&[
        ("quiet.js", crate::support::QUIET),
        (".env", "A=1\nnothing but a value\n"),
    ]);
    let run =
        |arguments: &str| postlogin(&format!("run quiet.js {arguments}")).within(folder.path());
    assert_command!(run("--secret hunter2hunter2"), @"
    exit code: 2
    ----- stderr -----
    error: a secret needs a name and a value
    hint: write NAME=VALUE, as in API_KEY=test
    ");
    assert_command!(run("--secret =hunter2"), @"
    exit code: 2
    ----- stderr -----
    error: a secret's name has letters, digits, `_`, `-` and `.` only
    hint: write NAME=VALUE, as in API_KEY=test
    ");
    assert_command!(run("--secrets-file .env"), @"
    exit code: 2
    ----- stderr -----
    error: .env:2:1: the line has no `=`
    hint: write NAME=VALUE on a line of its own
    ");
    assert_command!(run("--secrets-file .evn"), @"
    exit code: 2
    ----- stderr -----
    error: .evn: cannot read the file: no such file
    hint: did you mean `.env`?
    ");
    assert_command!(run("--secrets-file ."), @"
    exit code: 2
    ----- stderr -----
    error: .: cannot read the file: it is a folder, not a file
    ");
}

#[test]
fn a_secret_that_is_read_and_not_given_is_told() {
    let reads = "exports.onExecutePostLogin = async (event, api) => {
  const { GIVEN, MISSING: missing } = event.secrets;
  console.log(typeof GIVEN, typeof missing, typeof event.secrets.MISSING, typeof event.secrets.OTHER);
};\n";
    let never = "exports.onExecutePostLogin = async (event) => event.secrets.NEVER;\n";
    let deny = "exports.onExecutePostLogin = async (event, api) => api.access.deny('no');\n";
    let folder = folder(&[("reads.js", reads), ("deny.js", deny), ("never.js", never)]);
    let outcome = postlogin("run reads.js deny.js never.js --secret GIVEN=value-1")
        .within(folder.path())
        .outcome(0);
    assert_eq!(
        outcome["logs"][0]["message"],
        "string undefined undefined undefined"
    );
    let told = |name: &str, place: &str| {
        json!({
            "code": "secret-missing", "source": null,
            "message": format!("reads.js:{place} reads event.secrets.{name}, which is not given: it is undefined"),
        })
    };
    assert_eq!(
        outcome["notices"],
        json!([told("MISSING", "2:18"), told("OTHER", "3:96")])
    );
}
