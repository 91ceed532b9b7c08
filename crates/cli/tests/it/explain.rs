//! `postlogin explain`: the account of every claim, and of those that never came.

use serde_json::{Value, json};

use crate::support::{FIXED, assert_command, folder, postlogin};

const CLAIMS: &str = "const NS = 'https://example.com';
exports.onExecutePostLogin = async (event, api) => {
  const { app_metadata: meta, user_metadata } = event.user;
  api.idToken.setCustomClaim('roles', meta.roles);
  api.accessToken.setCustomClaim('plan', 'free');
  api.accessToken.setCustomClaim('plan', meta.plan.toUpperCase());
  if (user_metadata.hobby && event.user.email_verified) {
    api.idToken.setCustomClaim(`${NS}/hobby`, user_metadata.hobby);
  }
};
";

fn explained(files: &[(&str, &str)], arguments: &str) -> Value {
    let folder = folder(files);
    postlogin(&format!("explain {FIXED} {arguments}"))
        .within(folder.path())
        .outcome(0)
}

#[test]
fn an_account_for_a_person() {
    let folder = folder(&[("claims.js", CLAIMS)]);
    let run = |arguments: &str| {
        postlogin(&format!("explain claims.js {FIXED} --set user.app_metadata={{\"roles\":[\"editor\"],\"plan\":\"pro\"}} --set user.user_metadata={{}} {arguments}"))
            .within(folder.path())
    };
    assert_command!(run("--why https://example.com/hobby"), @r#"
    exit code: 0
    ----- stdout -----
    ✓ allowed

    Requested  oidc-basic-profile
      scopes    openid profile email
      audience  https://api.example.com

    ID token
      ✗ roles  ["editor"]
          set by claims at claims.js:4:15
          from event.user.app_metadata.roles, read at claims.js:4:44
          dropped: the name is reserved; production ignores it on both tokens
          to keep it: use a name with a namespace (`https://your.domain/roles`)
          https://auth0.com/docs/secure/tokens/json-web-tokens/create-custom-claims

    Access token
      ~ plan  "free"
          set by claims at claims.js:5:19
          the value is not from the event, as far as can be seen
          overwritten by claims at claims.js:6:19
      ✓ plan  "PRO"
          set by claims at claims.js:6:19
          computed, probably from event.user.app_metadata.plan, read at claims.js:6:47
          kept: the last of several calls wins

    Asked about
      ✗ https://example.com/hobby
          ID token: no Action set it
          access token: no Action set it
          claims.js:8:17 sets it (idToken.setCustomClaim), and was not reached
            ✗ only if user_metadata.hobby && event.user.email_verified  line 7: not met
              event.user.app_metadata is {"roles":["editor"],"plan":"pro"}
              event.user.user_metadata.hobby is not there
    "#);
}

#[test]
fn an_account_for_a_program() {
    let event = "--set user.app_metadata={\"roles\":[\"editor\"],\"plan\":\"pro\"} --set user.user_metadata.hobby=surfing";
    let explained = explained(
        &[("claims.js", CLAIMS)],
        &format!("claims.js {event} --why roles --why https://example.com/hobby"),
    );
    assert_eq!(explained["format"], "postlogin.explanation/1");
    assert_eq!(explained["outcome"]["format"], "postlogin.outcome/1");
    let origins = |index: usize| explained["claims"][index]["origins"].clone();
    assert_eq!(origins(0)[0]["path"], "event.user.app_metadata.roles");
    assert_eq!(origins(0)[0]["certainty"], "read");
    assert_eq!(origins(1), json!([]));
    assert_eq!(origins(2)[0]["path"], "event.user.app_metadata.plan");
    assert_eq!(origins(2)[0]["certainty"], "computed");
    assert_eq!(origins(3)[0]["path"], "event.user.user_metadata.hobby");
    assert_eq!(
        explained["claims"][0]["remedies"],
        json!([{"kind": "use-namespace"}])
    );
    assert_eq!(
        explained["claims"][1]["overwritten_by"]["location"]["line"],
        6
    );
    assert_eq!(explained["expected"][0]["id_token"]["state"], "dropped");
    assert_eq!(explained["expected"][1]["sites"][0]["reached"], "yes");
}

/// A helper that sets several claims was reached, and two calls of one line are not mixed up.
#[test]
fn a_helper_was_reached_for_other_names() {
    let check = |body: &str, name: &str, expected: &[&str], not: &str| {
        let text = format!("exports.onExecutePostLogin = async (event, api) => {{\n{body}\n}};\n");
        let folder = folder(&[("why.js", &text)]);
        let done = postlogin(&format!("explain why.js {FIXED} --why {name}"))
            .within(folder.path())
            .finish();
        for part in expected {
            assert!(done.stdout.contains(part), "{part}: {done}");
        }
        assert!(!done.stdout.contains(not), "{done}");
    };
    let helper = "  const set = (name, value) => api.idToken.setCustomClaim(name, value);\n";
    check(
        &format!("{helper}  set('https://x.com/a', 1);\n  set('https://x.com/b', undefined);"),
        "https://x.com/c",
        &[
            "why.js:2:44 may set it (idToken.setCustomClaim), and was reached for other names: https://x.com/a, https://x.com/b",
        ],
        "not reached",
    );
    check(
        helper,
        "https://x.com/c",
        &["why.js:2:44 may set it (idToken.setCustomClaim), and was not reached"],
        "other names",
    );
    check(
        "  api.idToken.setCustomClaim(`https://x.com/${'a'}`, 1); api.idToken.setCustomClaim('https://x.com/u', undefined);",
        "https://x.com/u",
        &[
            "why.js:2:70 sets it (idToken.setCustomClaim), and was reached, but the value was undefined",
        ],
        "why.js:2:15 may set it (idToken.setCustomClaim), and was reached, but",
    );
}

/// A call that was made with `undefined` or a function sets no claim, but it was reached.
#[test]
fn a_call_without_a_value_was_reached() {
    let check = |call: &str, given: &str| {
        let text = format!(
            "exports.onExecutePostLogin = async (event, api) => {{
  const {{ hobby, newsletter }} = event.user.user_metadata;
  {call}
}};
"
        );
        let folder = folder(&[("why.js", &text)]);
        let run = || {
            let arguments = format!(
                "explain why.js {FIXED} --set user.user_metadata={{\"newsletter\":true}} --why https://example.com/hobby"
            );
            postlogin(&arguments).within(folder.path())
        };
        let shown = run().finish().stdout;
        let word = given.trim_start_matches("a ");
        let reached = format!(
            "(idToken.setCustomClaim), and was reached, but the value was {given}: no claim is set"
        );
        assert!(shown.contains(&reached), "{shown}");
        assert!(!shown.contains("not reached"), "{shown}");
        assert!(
            shown.contains(&format!(
                "ID token: an Action called for it, but the value was {given}"
            )),
            "{shown}"
        );
        assert!(shown.contains("access token: no Action set it"), "{shown}");
        let explained = run().outcome(0);
        let asked = &explained["expected"][0];
        let site = &asked["sites"][0];
        assert_eq!(
            (&site["reached"], &site["no_value"]),
            (&json!("no-value"), &json!(word))
        );
        assert_eq!(asked["id_token"]["state"], "no-value");
        assert_eq!(asked["id_token"]["no_value"], word);
        assert_eq!(asked["access_token"]["state"], "never-set");
        let unset = &explained["outcome"]["unset_claims"][0];
        assert_eq!(
            (&unset["value"], &unset["location"]["line"]),
            (&json!(word), &json!(3))
        );
    };
    let name = "'https://example.com/hobby'";
    check(
        &format!("if (newsletter) api.idToken.setCustomClaim({name}, hobby);"),
        "undefined",
    );
    check(
        &format!("api.idToken.setCustomClaim({name}, hobby);"),
        "undefined",
    );
    check(
        &format!("api.idToken.setCustomClaim({name}, () => hobby);"),
        "a function",
    );
    check(
        &format!("api.idToken.setCustomClaim({name}, {{ toJSON() {{}} }});"),
        "undefined",
    );
}

#[test]
fn explaining_changes_nothing_about_the_login() {
    let folder = folder(&[("claims.js", CLAIMS)]);
    let event = "--set user.app_metadata={\"plan\":\"pro\"} --set user.user_metadata.hobby=surfing";
    let of = |command: &str| {
        let arguments = format!("{command} claims.js {FIXED} {event}");
        postlogin(&arguments).within(folder.path()).outcome(0)
    };
    let (mut plain, mut explained) = (of("run"), of("explain")["outcome"].clone());
    for outcome in [&mut plain, &mut explained] {
        outcome["usage"] = Value::Null;
    }
    assert_eq!(explained, plain);
}

#[test]
fn secrets_are_hidden_in_accounts() {
    let folder = folder(&[(
        "secret.js",
        "exports.onExecutePostLogin = async (event, api) => {
  if (event.secrets.KEY === 'other') api.idToken.setCustomClaim('x', 1);
  api.idToken.setCustomClaim('https://x/key', event.secrets.KEY);
};",
    )]);
    for format in ["human", "json"] {
        let arguments =
            format!("explain secret.js --secret KEY=correct-horse --why x --format {format}");
        let shown = postlogin(&arguments)
            .within(folder.path())
            .finish()
            .printed();
        assert!(!shown.contains("correct-horse"), "{shown}");
        assert!(
            shown.contains("event.secrets.KEY") && shown.contains("***"),
            "{shown}"
        );
    }
}

#[test]
fn one_login_is_explained() {
    let folder = folder(&[("claims.js", CLAIMS)]);
    let refused = postlogin("explain claims.js --stdin-json")
        .within(folder.path())
        .finish();
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(
        refused
            .stderr
            .contains("hint: use `postlogin run --stdin-json`"),
        "{refused}"
    );
}
