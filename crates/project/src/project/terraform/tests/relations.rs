//! Resources that are about another one, and configurations that Terraform or the tenant would refuse.

use serde_json::{Value, json};

use super::{HEREDOC, read, repository};
use crate::project::problems::ProblemKind;

const TENANT: &str = r#"
resource "auth0_connection_clients" "db" {
  connection_id   = auth0_connection.db.id
  enabled_clients = [auth0_client.web.id, auth0_client.spa.id]
}
resource "auth0_connection_client" "other" {
  connection_id = auth0_connection_database.other.id
  client_id     = auth0_client.spa.client_id
}
resource "auth0_client_credentials" "web" {
  client_id             = auth0_client.web.id
  authentication_method = "client_secret_post"
  client_secret         = "a-secret-of-the-file"
}
resource "auth0_client_credentials" "spa" {
  client_id             = auth0_client.spa.id
  authentication_method = "none"
}
resource "auth0_client_credentials" "m2m" {
  client_id             = auth0_client.m2m.id
  authentication_method = "private_key_jwt"
  private_key_jwt {
    credentials {
      name            = "one"
      credential_type = "public_key"
      algorithm       = "RS384"
      pem             = "ONE"
    }
    credentials {
      credential_type = "public_key"
      pem             = "TWO"
    }
  }
}
resource "auth0_organization_connection" "acme" {
  organization_id            = auth0_organization.acme.id
  connection_id              = auth0_connection.db.id
  assign_membership_on_login = true
}
resource "auth0_organization_connections" "beta" {
  organization_id = auth0_organization.beta.id
  enabled_connections {
    connection_id = auth0_connection.db.id
  }
  enabled_connections {
    connection_id = auth0_connection_database.other.id
  }
}
resource "auth0_client" "web" { name = "Web" }
resource "auth0_client" "spa" { name = "SPA" }
resource "auth0_client" "m2m" { name = "M2M" }
resource "auth0_connection" "db" {
  name     = "Users"
  strategy = "auth0"
  options {
    password_policy = "good"
    password_history {
      enable = true
      size   = 3
    }
    enabled_database_customization = true
    custom_scripts = { login = "function login() {}" }
  }
}
resource "auth0_connection_database" "other" {
  name              = "Other"
  requires_username = true
  password_policy   = "fair"
}
resource "auth0_connection" "unused" {
  name     = "Unused"
  strategy = "auth0"
}
resource "auth0_organization" "acme" { name = "acme" }
resource "auth0_organization" "beta" { name = "beta" }
resource "auth0_organization" "none" { name = "none" }
resource "auth0_guardian" "g" {
  policy = "all-applications"
  otp    = false
  email  = true
  phone {
    enabled       = true
    message_types = ["sms"]
  }
}
resource "auth0_token_exchange_profile" "p" {
  name               = "p"
  subject_token_type = "https://a.com/t"
  action_id          = auth0_action.claims.id
}
resource "auth0_event_stream" "s" {
  name             = "s"
  destination_type = "webhook"
  subscriptions    = ["user.created"]
  webhook_configuration { webhook_endpoint = "https://a.com" }
}
"#;

#[test]
fn resources_that_are_about_another_one_change_it() {
    let folder = repository(&[("main.tf", HEREDOC), ("tenant.tf", TENANT)]);
    let project = read(&folder);
    assert_eq!(project.remarks, Default::default());
    let tenant = &project.tenant;
    assert_eq!(
        tenant.clients,
        [
            json!({"name": "Web", "client_secret": "a-secret-of-the-file", "token_endpoint_auth_method": "client_secret_post"}),
            json!({"name": "SPA", "token_endpoint_auth_method": "none"}),
            json!({"name": "M2M", "client_authentication_methods": {"private_key_jwt": {"credentials": [
                {"name": "one", "credential_type": "public_key", "alg": "RS384", "pem": "ONE"},
                {"credential_type": "public_key", "pem": "TWO"},
            ]}}}),
        ]
    );
    let of = |items: &[Value], key: &str| -> Vec<Value> {
        items.iter().map(|item| item[key].clone()).collect()
    };
    assert_eq!(
        of(&tenant.connections, "enabled_clients"),
        [json!(["Web", "SPA"]), json!(["SPA"]), json!([])]
    );
    assert_eq!(
        of(&tenant.connections, "options")[..2],
        [
            json!({"password_history": {"enable": true, "size": 3}, "passwordPolicy": "good",
                "enabledDatabaseCustomization": true, "customScripts": {"login": "function login() {}"}}),
            json!({"requires_username": true, "passwordPolicy": "fair"}),
        ]
    );
    assert_eq!(
        of(&tenant.organizations, "connections"),
        [
            json!([{"assign_membership_on_login": true, "name": "Users"}]),
            json!([{"name": "Users"}, {"name": "Other"}]),
            json!([]),
        ]
    );
    let enabled = tenant.guardian_factors.iter().flatten();
    let enabled = enabled.filter(|factor| factor["enabled"] == true);
    let enabled: Vec<_> = enabled.map(|factor| factor["name"].clone()).collect();
    assert_eq!(enabled, ["email", "sms"]);
    assert_eq!(tenant.guardian_policies, ["all-applications"]);
    assert_eq!(tenant.token_exchange_profiles[0]["action_id"], "Add claims");
    assert_eq!(
        tenant.event_streams[0]["destination"],
        json!({"type": "webhook"})
    );
}

/// Who enables what is then managed elsewhere.
#[test]
fn without_such_resources_nothing_is_disabled() {
    let text = "resource \"auth0_connection\" \"db\" {\n  name = \"Users\"\n}\nresource \"auth0_organization\" \"o\" {\n  name = \"acme\"\n}\n";
    let project = read(&repository(&[("main.tf", text)]));
    assert_eq!(project.tenant.connections, [json!({"name": "Users"})]);
    assert_eq!(project.tenant.organizations, [json!({"name": "acme"})]);
}

#[test]
fn what_terraform_or_the_tenant_refuses_is_named() {
    let text = r#"
resource "auth0_trigger_actions" "again" {
  trigger = "post-login"
  actions { id = auth0_action.claims.id }
}
resource "auth0_action" "claims" {
  name = "a copy"
  code = "// copy"
}
resource "auth0_action" "namesake" {
  name = "Add claims"
  code = "// other"
}
resource "auth0_connection_client" "lost" {
  connection_id = "con_0123456789abcdef"
  client_id     = "x"
}
resource "auth0_action" "none" {
  count = 0
  name  = "none"
  code  = "// none"
}
resource "auth0_trigger_action" "none" {
  trigger   = "send-phone-message"
  action_id = auth0_action.none[0].id
}
"#;
    let folder = repository(&[("main.tf", HEREDOC), ("second.tf", text)]);
    let project = read(&folder);
    let texts = |errors: &mut dyn Iterator<Item = &crate::Error>| -> Vec<String> {
        errors.map(|error| error.to_string()).collect()
    };
    assert_eq!(
        texts(&mut project.remarks.notices.iter()),
        [
            "second.tf:2:1: auth0_trigger_actions.again binds post-login, which another resource binds as well: production runs the Actions of the resource that is applied last, which replaces the whole binding; here those of both run",
            "second.tf:11:10: auth0_action.namesake is left out: another Action is called `Add claims`, and production refuses a second one",
            "second.tf:15:19: auth0_connection_client.lost does not count: no resource of this configuration is called `con_0123456789abcdef`",
        ]
    );
    assert_eq!(
        texts(&mut project.remarks.broken.iter().map(|broken| &broken.error)),
        ["second.tf:6:1: Terraform refuses a second auth0_action.claims: this one is left out"]
    );
    assert_eq!(
        texts(&mut project.remarks.unresolved.iter().map(|(_, error)| error)),
        [
            "second.tf:25:15: `action_id` of auth0_trigger_action.none is not resolved: auth0_action.none has the count 0, and no [0]"
        ]
    );
    assert_eq!(project.action_names().collect::<Vec<_>>(), ["Add claims"]);
}

/// The provider does not deploy unless it is told to, and the tenant binds no Action that was never deployed.
#[test]
fn a_bound_action_that_is_not_deployed_is_a_problem() {
    for (deploy, expected) in [
        ("deploy  = true", 0),
        ("deploy  = false", 1),
        ("", 1),
        // Not known, and said elsewhere.
        ("deploy  = var.deploy", 0),
    ] {
        let text = HEREDOC.replace("deploy  = true", deploy);
        let project = read(&repository(&[("main.tf", &text)]));
        let problems = project.binding_problems();
        assert_eq!(problems.len(), expected, "{deploy}: {problems:?}");
        for problem in problems {
            assert_eq!(problem.kind, ProblemKind::NotDeployed);
            let shown = problem.error.to_string();
            assert!(
                shown.contains("main.tf") && shown.contains("`deploy = true`"),
                "{shown}"
            );
        }
    }
}

/// Instances of `for_each` and `count` are bound as a whole.
#[test]
fn all_instances_of_a_resource_are_values() {
    let text = r#"
resource "auth0_action" "map" {
  for_each = { b = "B", a = "A" }
  name     = each.value
  deploy   = true
  code     = "// map"
}
resource "auth0_action" "list" {
  count  = 2
  name   = "L${count.index}"
  deploy = true
  code   = "// list"
}
resource "auth0_trigger_actions" "all" {
  trigger = "post-login"
  dynamic "actions" {
    for_each = auth0_action.map
    content {
      id           = actions.value.id
      display_name = actions.value.name
    }
  }
}
resource "auth0_connection" "db" {
  name = "Users"
}
resource "auth0_client" "many" {
  for_each = toset(["one", "two"])
  name     = each.key
}
resource "auth0_connection_clients" "db" {
  connection_id   = auth0_connection.db.id
  enabled_clients = [for client in auth0_client.many : client.id]
}
resource "auth0_trigger_actions" "list" {
  trigger = "send-phone-message"
  dynamic "actions" {
    for_each = auth0_action.list[*].id
    content { id = actions.value }
  }
}
"#;
    let project = read(&repository(&[("main.tf", text)]));
    assert_eq!(project.remarks, Default::default());
    let bound = |trigger: &str| -> Vec<String> {
        let mut bindings = project.triggers.iter();
        let binding = bindings.find(|binding| binding.id == trigger);
        binding.expect("it is bound").action_names.clone()
    };
    assert_eq!(bound("post-login"), ["B", "A"]);
    assert_eq!(bound("send-phone-message"), ["L0", "L1"]);
    assert_eq!(
        project.tenant.connections[0]["enabled_clients"],
        json!(["one", "two"])
    );
}

/// One block of a list is a list of one: the provider's schema decides, not the number of blocks.
#[test]
fn one_block_of_a_list_is_a_list() {
    const CLIENT: &str = r#"
variable "apis" { default = ["https://b", "https://c"] }
resource "auth0_client" "one" {
  name = "One"
  refresh_token {
    rotation_type = "rotating"
    policies {
      audience = "https://b"
      scope    = ["read:b"]
    }
  }
}
resource "auth0_client" "each" {
  name = "Each"
  refresh_token {
    dynamic "policies" {
      for_each = var.apis
      content { audience = policies.value }
    }
  }
  dynamic "jwt_configuration" {
    for_each = [60]
    content { lifetime_in_seconds = jwt_configuration.value }
  }
}
resource "auth0_resource_server" "api" {
  identifier = "https://b"
  authorization_details { type = "payment" }
  proof_of_possession { required = true }
}
"#;
    const AS_JSON: &str = r#"{"resource": {"auth0_client": {
        "a": {"name": "A", "refresh_token": [{"rotation_type": "rotating", "policies": {"audience": "https://b"}}]},
        "b": {"name": "B", "refresh_token": {"policies": [{"audience": "https://b"}, {"audience": "https://c"}]}}
    }}}"#;
    let folder = repository(&[
        ("main.tf", HEREDOC),
        ("clients.tf", CLIENT),
        ("json.tf.json", AS_JSON),
    ]);
    let project = read(&folder);
    assert_eq!(project.remarks, Default::default());
    let policies = |audiences: &[&str]| {
        let policies = audiences.iter().map(|it| json!({"audience": it}));
        policies.collect::<Vec<Value>>()
    };
    let two = policies(&["https://b", "https://c"]);
    assert_eq!(
        project.tenant.clients,
        [
            json!({"name": "One", "refresh_token": {"rotation_type": "rotating",
                "policies": [{"audience": "https://b", "scope": ["read:b"]}]}}),
            json!({"name": "Each", "refresh_token": {"policies": two},
                "jwt_configuration": {"lifetime_in_seconds": 60}}),
            json!({"name": "A", "refresh_token": {"rotation_type": "rotating", "policies": policies(&["https://b"])}}),
            json!({"name": "B", "refresh_token": {"policies": two}}),
        ]
    );
    assert_eq!(
        project.tenant.resource_servers,
        [
            json!({"identifier": "https://b", "authorization_details": [{"type": "payment"}],
            "proof_of_possession": {"required": true}})
        ]
    );
}
