//! A small project that works.

use postlogin_core::event::post_login_sample;

use super::files::Files;
use crate::error::CliError;

const ACTION: &str = r"/**
 * Copies the user's hobby from the profile to the ID token.
 *
 * @param {Event} event - Details about the user and the context in which they are logging in.
 * @param {PostLoginAPI} api - Methods to change the behavior of the login.
 */
exports.onExecutePostLogin = async (event, api) => {
  const { hobby } = event.user.user_metadata;
  if (hobby !== undefined) {
    api.idToken.setCustomClaim('https://example.com/hobby', hobby);
  }
};
";

const MANIFEST: &str = r#"{
  "name": "copy-hobby",
  "code": "./actions/copy-hobby/code.js",
  "runtime": "node22",
  "dependencies": [],
  "secrets": [],
  "supported_triggers": [{ "id": "post-login", "version": "v3" }],
  "deployed": true
}
"#;

const TRIGGERS: &str = r#"{
  "post-login": [{ "action_name": "copy-hobby", "display_name": "copy-hobby" }]
}
"#;

const CASES: &str = r#"# yaml-language-server: $schema=case.schema.json
actions: [copy-hobby]
event: events/jane.json
cases:
  - description: the hobby reaches the ID token
    with: { user: { user_metadata: { hobby: surfing } } }
    expect:
      status: allowed
      id_token: { "https://example.com/hobby": surfing }

  - description: nobody is asked for a hobby
    with: { user: { user_metadata: { hobby: null } } }
    expect:
      status: allowed
      id_token: { "https://example.com/hobby": null }
"#;

pub(super) fn write(files: &mut Files) -> Result<(), CliError> {
    files.new_file("actions/copy-hobby.json", MANIFEST)?;
    files.new_file("actions/copy-hobby/code.js", ACTION)?;
    files.new_file("triggers/triggers.json", TRIGGERS)?;
    files.new_file("tests/copy-hobby.case.yaml", CASES)?;
    files.new_file(
        "tests/events/jane.json",
        &format!("{:#}\n", post_login_sample()),
    )?;
    Ok(())
}
