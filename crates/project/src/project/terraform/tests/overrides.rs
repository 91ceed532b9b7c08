//! Override files, merged as Terraform does: <https://developer.hashicorp.com/terraform/language/files/override>.

use serde_json::json;

use super::{HEREDOC, read, repository, text_of};
use crate::Project;

const CLIENTS: &str = r#"
variable "name" {
  default = "From the variable"
}
locals {
  one = "one"
  two = "two"
}
resource "auth0_client" "app" {
  name      = local.one
  app_type  = "spa"
  callbacks = ["https://a.example"]
  refresh_token {
    rotation_type   = "rotating"
    expiration_type = "expiring"
    token_lifetime  = 100
  }
  jwt_configuration {
    alg = "RS256"
  }
}
resource "auth0_client" "other" {
  name = var.name
}
"#;

fn broken(project: &Project) -> Vec<String> {
    let broken = project.remarks.broken.iter();
    broken.map(|it| it.error.to_string()).collect()
}

fn client(project: &Project, name: &str) -> serde_json::Value {
    let mut clients = project.tenant.clients.iter();
    let found = clients.find(|client| client["name"] == name);
    let clients = &project.tenant.clients;
    found
        .cloned()
        .unwrap_or_else(|| panic!("{name}: {clients:?}"))
}

#[test]
fn arguments_replace_arguments_and_blocks_all_blocks_of_their_type() {
    // Read last, in the order of their names, whatever sorts before `main.tf`.
    let folder = repository(&[
        ("main.tf", CLIENTS),
        (
            "a_override.tf",
            r#"
variable "name" {
  default = "Overridden"
}
locals {
  one = "${local.two} of override"
}
resource "auth0_client" "app" {
  callbacks = ["https://first.example"]
  refresh_token {
    rotation_type = "non-rotating"
  }
}
"#,
        ),
        (
            "override.tf.json",
            r#"{"resource": {"auth0_client": {"app": {"callbacks": ["https://last.example"]}}}}"#,
        ),
    ]);
    let project = read(&folder);
    assert_eq!(broken(&project), [] as [&str; 0]);
    let app = client(&project, "two of override");
    assert_eq!(app["callbacks"], json!(["https://last.example"]));
    assert_eq!(app["app_type"], "spa", "what is not overridden stays");
    assert_eq!(app["jwt_configuration"]["alg"], "RS256");
    // Nested blocks are replaced, not merged.
    assert_eq!(
        app["refresh_token"],
        json!({"rotation_type": "non-rotating"})
    );
    client(&project, "Overridden");
}

#[test]
fn a_generated_block_is_replaced_by_a_written_one_and_the_other_way_round() {
    let action = |blocks: &str| {
        format!(
            "resource \"auth0_action\" \"a\" {{\n  name = \"a\"\n  code = \"// a\"\n{blocks}}}\n"
        )
    };
    let dynamic = "  dynamic \"secrets\" {\n    for_each = [\"A\", \"B\"]\n    content {\n      name = secrets.value\n    }\n  }\n";
    let written = "  secrets {\n    name = \"C\"\n  }\n";
    for (base, over, expected) in [
        (dynamic, written, &["C"][..]),
        (written, dynamic, &["A", "B"]),
    ] {
        let over = format!("resource \"auth0_action\" \"a\" {{\n{over}}}\n");
        let folder = repository(&[("a.tf", &*action(base)), ("a_override.tf", &*over)]);
        let project = read(&folder);
        let action = project.action("a").expect("an Action");
        assert_eq!(action.manifest.secret_names, expected);
    }
}

#[test]
fn code_of_an_override_file_is_shown_at_its_lines() {
    let over = "# one\n# two\nresource \"auth0_action\" \"claims\" {\n  code = <<-EOT\n    exports.onExecutePostLogin = 5;\n  EOT\n}\n";
    let folder = repository(&[("main.tf", HEREDOC), ("main_override.tf", over)]);
    let project = read(&folder);
    let (text, file) = text_of(&project, "Add claims");
    assert!(file.ends_with("main_override.tf"), "{file}");
    assert_eq!(
        text.lines().nth(4).map(str::trim),
        Some("exports.onExecutePostLogin = 5;")
    );
    let action = project.action("Add claims").expect("an Action");
    assert_eq!(action.manifest.dependencies.len(), 1, "as in main.tf");
}

#[test]
fn a_call_of_a_module_gets_the_arguments_of_an_override_file() {
    let folder = repository(&[
        (
            "main.tf",
            "module \"m\" {\n  source = \"./m\"\n  name   = \"given\"\n}\n# \"auth0_\n",
        ),
        (
            "override.tf",
            "module \"m\" {\n  name = \"overridden\"\n}\n",
        ),
        (
            "m/main.tf",
            "variable \"name\" {}\nresource \"auth0_client\" \"c\" {\n  name = var.name\n}\n",
        ),
    ]);
    client(&read(&folder), "overridden");
}

#[test]
fn what_overrides_nothing_is_refused_with_its_place() {
    let over = "resource \"auth0_client\" \"nope\" {\n  name = \"x\"\n}\nlocals {\n  three = 3\n}\nresource \"aws_instance\" \"i\" {\n}\noutput \"o\" {\n  value = 1\n}\nvariable \"v\" {\n  default = 1\n}\nmodule \"m\" {\n}\n";
    let folder = repository(&[("main.tf", CLIENTS), ("override.tf", over)]);
    let project = read(&folder);
    let refused = |place: &str, name: &str| {
        format!(
            "override.tf:{place}: Terraform refuses this: no other file has the {name} that it overrides"
        )
    };
    assert_eq!(
        broken(&project),
        [
            refused("1:1", "auth0_client.nope"),
            refused("5:11", "local.three"),
            refused("10:11", "output.o"),
            refused("13:13", "variable.v"),
            refused("15:1", "module.m"),
        ]
    );
    client(&project, "one");
}
