use std::fs;
use std::time::Instant;

use serde_json::json;
use tempfile::TempDir;

use crate::{ActionKind, Project};

mod hostile;
mod overrides;
mod relations;

fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join(".git")).expect("a repository");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
    }
    folder
}

fn read(folder: &TempDir) -> Project {
    let found = Project::discover(folder.path()).expect("readable");
    found.expect("a project")
}

/// The text of an Action, and the file that is shown.
#[track_caller]
fn text_of(project: &Project, name: &str) -> (String, String) {
    let action = project
        .action(name)
        .unwrap_or_else(|| panic!("{:?}", project.remarks));
    let source = project.source(action, &project.root).expect("it is read");
    match source.kind {
        ActionKind::Script { text, .. } => (text.to_string(), source.display_path),
        other => panic!("{other:?}"),
    }
}

const HEREDOC: &str = r#"terraform {
  required_providers { auth0 = { source = "auth0/auth0" } }
}

resource "auth0_action" "claims" {
  name    = "Add claims"
  runtime = "node22"
  deploy  = true
  code    = <<-EOT
    exports.onExecutePostLogin = async (event, api) => {
      api.idToken.setCustomClaim('https://a.com/x', 1);
    };
  EOT
  supported_triggers {
    id      = "post-login"
    version = "v3"
  }
  dependencies {
    name    = "lodash"
    version = "4.17.21"
  }
  secrets {
    name  = "KEY"
    value = var.key
  }
}

resource "auth0_trigger_actions" "login" {
  trigger = "post-login"
  actions {
    id           = auth0_action.claims.id
    display_name = auth0_action.claims.name
  }
}
"#;

#[test]
fn heredocs_keep_the_lines_of_their_file() {
    let folder = repository(&[("main.tf", HEREDOC)]);
    let project = read(&folder);
    assert_eq!(project.remarks, Default::default());
    let (text, shown) = text_of(&project, "Add claims");
    assert_eq!(shown, "main.tf");
    let line = |text: &str, number: usize| text.lines().nth(number).unwrap_or_default().to_owned();
    assert_eq!(
        line(&text, 10),
        line(HEREDOC, 10),
        "line and column are those of the file"
    );
    assert!(
        text[..text.find("exports").expect("code")]
            .trim()
            .is_empty()
    );
    let bound: Vec<_> = project
        .bind("post-login")
        .expect("bound")
        .iter()
        .map(|one| one.manifest.name.clone())
        .collect();
    assert_eq!(bound, ["Add claims"]);
    let manifest = &project.actions[0].manifest;
    assert_eq!(manifest.secret_names, ["KEY"]);
    assert_eq!(manifest.dependencies[0].name, "lodash");
    assert_eq!(
        manifest.supported_triggers[0].version.as_deref(),
        Some("v3")
    );
    let source = project
        .source(&project.actions[0], &project.root)
        .expect("read");
    let own = "    exports.onExecutePostLogin = async (event, api) => {\n      api.idToken.setCustomClaim('https://a.com/x', 1);\n    };\n";
    assert_eq!(
        source.code_bytes(),
        Some(own.len()),
        "empty lines do not count"
    );
}

#[test]
fn what_terraform_would_change_is_changed() {
    // Indentation inside of a template literal is part of a string: the dedented text is what production gets.
    let folder = repository(&[(
        "main.tf",
        "resource \"auth0_action\" \"a\" {\n  name = \"a\"\n  code = <<-EOT\n    const t = `x\n      y $${z} ${local.n}`;\n  EOT\n}\nlocals { n = 5 }\n",
    )]);
    let (text, _) = text_of(&read(&folder), "a");
    assert_eq!(text.trim_start(), "const t = `x\n  y ${z} 5`;\n");
    assert_eq!(
        text.matches('\n').count(),
        5,
        "it begins at line 4: {text:?}"
    );
}

#[test]
fn files_templates_locals_variables_and_modules() {
    let folder = repository(&[
        (
            "main.tf",
            r#"
variable "prefix" { default = "https://a.com/" }
variable "secret" { type = string }
locals {
  actions = { one = "one.js", "two words" = "two.js" }
  names   = [for key, file in local.actions : key]
}
resource "auth0_action" "each" {
  for_each = local.actions
  name     = each.key
  code     = file("${path.module}/src/${each.value}")
  supported_triggers { id = "post-login" }
}
resource "auth0_action" "filled" {
  name = "filled"
  code = templatefile("src/filled.js.tftpl", { namespace = var.prefix, on = true })
  dynamic "secrets" {
    for_each = toset(["A", "B"])
    content {
      name  = secrets.value
      value = var.secret
    }
  }
}
resource "auth0_trigger_actions" "login" {
  trigger = "post-login"
  dynamic "actions" {
    for_each = ["two words", "one"]
    content { id = auth0_action.each[actions.value].id }
  }
}
resource "auth0_trigger_action" "last" {
  trigger   = "post-login"
  action_id = auth0_action.filled.id
}
module "more" {
  source = "./modules/more"
  name   = "of module"
  code   = file("src/one.js")
}
"#,
        ),
        (
            "modules/more/main.tf",
            "variable \"name\" {}\nvariable \"code\" {}\nresource \"auth0_action\" \"this\" {\n  name = upper(var.name)\n  code = var.code\n}\n",
        ),
        ("src/one.js", "// one"),
        ("src/two.js", "// two"),
        (
            "src/filled.js.tftpl",
            "const NS = '${namespace}';\n%{ if on }// on%{ else }// off%{ endif }\n",
        ),
    ]);
    let project = read(&folder);
    let notices: Vec<_> = project.remarks.notices.iter().collect();
    assert_eq!(notices.len(), 1, "of the two bindings: {notices:?}");
    assert!(project.remarks.broken.is_empty() && project.remarks.unresolved.is_empty());
    assert_eq!(
        text_of(&project, "one"),
        ("// one".into(), "src/one.js".into())
    );
    assert_eq!(text_of(&project, "two words").0, "// two");
    assert_eq!(
        text_of(&project, "OF MODULE"),
        ("// one".into(), "src/one.js".into())
    );
    let (text, shown) = text_of(&project, "filled");
    assert_eq!(
        (text.as_str(), shown.as_str()),
        (
            "const NS = 'https://a.com/';\n// on\n",
            "src/filled.js.tftpl"
        )
    );
    let bound = project.bind("post-login").expect("bound");
    let bound: Vec<_> = bound.iter().map(|one| one.manifest.name.as_str()).collect();
    assert_eq!(bound, ["two words", "one", "filled"]);
    assert_eq!(
        project.action("filled").expect("it").manifest.secret_names,
        ["A", "B"]
    );
}

#[test]
fn what_is_not_resolved_is_named_with_its_place() {
    let folder = repository(&[(
        "main.tf",
        "variable \"env\" {}\nresource \"auth0_action\" \"a\" {\n  name = \"a-${var.env}\"\n  code = <<EOT\n// a\nEOT\n}\nresource \"auth0_action\" \"b\" {\n  name = \"b\"\n  code = data.http.code.body\n}\nresource \"auth0_client\" \"web\" {\n  name      = \"Web\"\n  callbacks = [var.env, data.x.y.z]\n}\n",
    )]);
    let project = read(&folder);
    // Without its name it has that of the resource.
    assert_eq!(project.action_names().collect::<Vec<_>>(), ["a"]);
    let notices: Vec<String> = project
        .remarks
        .notices
        .iter()
        .map(|one| one.to_string())
        .collect();
    assert_eq!(
        notices,
        [
            "main.tf:3:15: `name` of auth0_action.a is not resolved: var.env has no default",
            "main.tf:14:16: `auth0_client.callbacks` of auth0_client.web is not resolved: var.env has no default",
        ]
    );
    let broken: Vec<String> = project
        .remarks
        .broken
        .iter()
        .map(|one| one.error.to_string())
        .collect();
    assert_eq!(
        broken,
        ["main.tf:10:10: `code` of auth0_action.b is not resolved: data sources are not read"]
    );
    assert_eq!(project.tenant.clients, [json!({"name": "Web"})]);
}

#[test]
fn the_tenant_is_read_as_well() {
    let folder = repository(&[
        (
            "a.tf",
            r#"
resource "auth0_client" "web" {
  name      = "Web"
  app_type  = "regular_web"
  callbacks = ["https://a.com/cb"]
  jwt_configuration { lifetime_in_seconds = 60 }
}
resource "auth0_resource_server" "api" {
  name       = "API"
  identifier = "https://api.example.com"
}
resource "auth0_resource_server_scopes" "api" {
  resource_server_identifier = auth0_resource_server.api.identifier
  scopes { name = "read" }
}
resource "auth0_client_grant" "g" {
  client_id = auth0_client.web.id
  audience  = auth0_resource_server.api.identifier
  scopes    = ["read"]
}
resource "auth0_role_permissions" "p" {
  role_id = auth0_role.r.id
  permissions {
    name                       = "read"
    resource_server_identifier = auth0_resource_server.api.identifier
  }
}
resource "auth0_role" "r" { name = "editor" }
resource "auth0_organization_connections" "acme" {
  organization_id = auth0_organization.acme.id
  enabled_connections {
    connection_id              = auth0_connection.g.id
    assign_membership_on_login = true
  }
}
resource "auth0_organization" "acme" {
  name         = "acme"
  display_name = "Acme"
}
resource "auth0_organization_connection" "more" {
  organization_id = auth0_organization.acme.id
  connection_id   = "other"
}
resource "auth0_tenant" "t" { friendly_name = "Shop" }
resource "auth0_rule" "old" {
  name    = "old"
  script  = <<EOF
function (user, context, callback) { callback(null, user, context); }
EOF
  order   = 2
  enabled = false
}
resource "auth0_rule_config" "c" {
  key   = "NS"
  value = "https://a.com/"
}
"#,
        ),
        (
            "b.tf.json",
            r#"{"resource": {"auth0_connection": {"g": [{"name": "google", "strategy": "google-oauth2"}]},
          "auth0_action": {"j": {"name": "${upper(\"json\")}", "code": "// json", "secrets": [{"name": "S", "value": "x"}]}}}}"#,
        ),
    ]);
    let project = read(&folder);
    assert_eq!(project.remarks, Default::default());
    assert_eq!(
        project.tenant.clients,
        [
            json!({"name": "Web", "app_type": "regular_web", "callbacks": ["https://a.com/cb"],
            "jwt_configuration": {"lifetime_in_seconds": 60}})
        ]
    );
    assert_eq!(
        project.tenant.resource_servers[0]["scopes"][0]["value"],
        "read"
    );
    assert_eq!(
        project.tenant.client_grants,
        [json!({"client_id": "Web", "audience": "https://api.example.com", "scope": ["read"]})]
    );
    assert_eq!(
        project.tenant.organizations,
        [
            json!({"name": "acme", "display_name": "Acme", "connections": [
            {"name": "google", "assign_membership_on_login": true}, {"name": "other"}]})
        ]
    );
    assert_eq!(
        project.tenant.roles,
        [json!({"name": "editor", "permissions": [
            {"permission_name": "read", "resource_server_identifier": "https://api.example.com"}]})]
    );
    assert_eq!(project.tenant.settings["friendly_name"], "Shop");
    assert_eq!(project.tenant.connections[0]["strategy"], "google-oauth2");
    assert!(!project.rules[0].enabled);
    assert_eq!(project.rules_configs["NS"], "https://a.com/");
    assert_eq!(text_of(&project, "JSON").0.trim(), "// json");
    assert_eq!(
        project.action("JSON").expect("it").manifest.secret_names,
        ["S"]
    );
}

#[test]
fn a_file_that_does_not_parse_does_not_hide_the_others() {
    let folder = repository(&[
        ("main.tf", HEREDOC),
        (
            "broken.tf",
            "resource \"auth0_action\" \"x\" {\n  name = = 1\n}\n",
        ),
    ]);
    fs::write(folder.path().join("wide.tf"), b"\xff\xfer\0").expect("UTF-16");
    fs::write(
        folder.path().join("mark.tf"),
        "\u{feff}locals {\r\n  a = 1\r\n}\r\n",
    )
    .expect("a mark");
    let project = read(&folder);
    assert_eq!(project.action_names().collect::<Vec<_>>(), ["Add claims"]);
    let broken: Vec<String> = project
        .remarks
        .broken
        .iter()
        .map(|one| one.error.to_string())
        .collect();
    assert_eq!(broken.len(), 2, "{broken:?}");
    assert!(
        broken[0].starts_with("broken.tf:2:10: this is not Terraform: "),
        "{broken:?}"
    );
    assert!(broken[1].contains("UTF-16"), "{broken:?}");
}

#[test]
fn hostile_files_end_in_bounded_time() {
    let deep = format!(
        "locals {{ a = {}1{} }}\n",
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    let unary = format!("locals {{ a = {}1 }}\n", "!".repeat(100_000));
    let chain: String = (0..200)
        .map(|n| format!("  l{n} = \"${{local.l{}}}${{local.l{}}}\"\n", n + 1, n + 1))
        .collect();
    let bomb = format!(
        "locals {{\n{chain}  l200 = \"x\"\n}}\nresource \"auth0_action\" \"b\" {{\n  name = \"b\"\n  code = local.l0\n}}\n"
    );
    let wide: String = (0..20)
        .map(|n| {
            format!(
                "  w{n} = \"{}\"\n",
                format!("${{local.w{}}}", n + 1).repeat(30)
            )
        })
        .collect();
    let wide = format!(
        "locals {{\n{wide}  w20 = \"{}\"\n}}\nresource \"auth0_action\" \"w\" {{\n  name = \"w\"\n  code = local.w0\n}}\n",
        "x".repeat(1000)
    );
    let itself = "locals {\n  a = local.b\n  b = local.a\n}\nresource \"auth0_action\" \"c\" {\n  name = \"c\"\n  code = local.a\n}\n";
    let outside = "resource \"auth0_action\" \"o\" {\n  name = \"o\"\n  code = file(\"../../../../../../etc/passwd\")\n}\nmodule \"m\" {\n  source = \"./\"\n}\n";
    let many = "resource \"auth0_action\" \"n\" {\n  count = 1000000000\n  name = \"n${count.index}\"\n  code = \"// n\"\n}\n";
    let folder = repository(&[
        ("deep.tf", &deep),
        ("unary.tf", &unary),
        ("bomb.tf", &bomb),
        ("wide.tf", &wide),
        ("itself.tf", itself),
        ("outside.tf", outside),
        ("many.tf", many),
        ("main.tf", HEREDOC),
    ]);
    let started = Instant::now();
    let project = read(&folder);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    assert!(project.action("Add claims").is_some());
    for (name, why) in [("b", "it refers to"), ("w", "it "), ("c", "it ")] {
        let broken = project.remarks.broken.iter().find(|one| one.name == name);
        let broken = broken.unwrap_or_else(|| panic!("{name}"));
        assert!(
            broken.error.message.contains(why),
            "{name}: {}",
            broken.error
        );
    }
    let outside = project.action("o").expect("it is named");
    let error = project
        .source(outside, &project.root)
        .expect_err("it is outside");
    assert!(
        error.to_string().contains("outside of the project"),
        "{error}"
    );
    assert!(project.actions.len() < 70_000, "{}", project.actions.len());
}
