use std::sync::Mutex;

use postlogin_project::TenantData;
use serde_json::{Value, json};

use super::{EmailError, Mail, render};
use crate::catalog::Catalog;
use crate::email::{TemplateError, TemplateJob, TemplateRenderer};

const NOW_MS: i64 = 1_767_225_600_000;

/// Keeps what it is asked for. A template that has `fail` in it fails.
#[derive(Default)]
struct Kept(Mutex<Option<(Value, i64)>>);

impl TemplateRenderer for Kept {
    fn render(&self, job: &TemplateJob<'_>) -> Result<Vec<String>, TemplateError> {
        *self.0.lock().unwrap() = Some((job.variables.clone(), job.now_ms));
        let failing = job.templates.iter().position(|text| text.contains("fail"));
        match failing {
            Some(template) => Err(TemplateError {
                template,
                place: Some((2, 7)),
                message: "no such tag".into(),
                is_internal: false,
            }),
            None => Ok(job
                .templates
                .iter()
                .map(|text| text.to_uppercase())
                .collect()),
        }
    }
}

fn catalog(template: Value) -> Catalog {
    let data = TenantData {
        email_templates: vec![template],
        ..TenantData::default()
    };
    Catalog::new(&data, "example", b"s", &[])
}

fn welcome(catalog: &Catalog) -> Mail {
    Mail {
        name: "welcome_email".into(),
        user: json!({"name": "<Jane>", "email": "j@example.com", "user_metadata": {"lang": "de"}, "multifactor": ["x"]}),
        client: catalog.clients[0].clone(),
        url: Some("http://x/".into()),
        organization: Some(
            json!({"id": "org_1", "name": "acme", "display_name": "Acme", "connections": []}),
        ),
        ..Mail::default()
    }
}

#[test]
fn the_three_parts_are_rendered_with_the_vendors_variables() {
    let catalog =
        catalog(json!({"template": "welcome_email", "body": "b", "subject": "s", "from": "f"}));
    let kept = Kept::default();
    let mail = render(&catalog, "example", &welcome(&catalog), &kept, NOW_MS).unwrap();
    assert_eq!(
        (
            mail.from.as_str(),
            mail.subject.as_str(),
            mail.body.as_str()
        ),
        ("F", "S", "B")
    );
    let (variables, now_ms) = kept.0.into_inner().unwrap().unwrap();
    assert_eq!(now_ms, NOW_MS);
    for (pointer, expected) in [
        ("/user/user_metadata/lang", json!("de")),
        ("/user_metadata/lang", json!("de")),
        ("/user/multifactor", Value::Null),
        ("/application/name", json!("Local Application")),
        ("/client/name", json!("Local Application")),
        (
            "/organization",
            json!({"id": "org_1", "name": "acme", "display_name": "Acme"}),
        ),
        ("/tenant", json!("example")),
        ("/url", json!("http://x/")),
        ("/request_language", Value::Null),
    ] {
        let found = variables.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(found, expected, "{pointer}");
    }
}

#[test]
fn the_callback_domain_is_the_origin_of_the_first_callback() {
    let catalog =
        catalog(json!({"template": "welcome_email", "body": "b", "subject": "s", "from": "f"}));
    for (callbacks, expected) in [
        (
            json!(["https://app.example:8443/cb?x=1", "https://other.example/"]),
            json!("https://app.example:8443"),
        ),
        (
            json!(["http://localhost:3000/"]),
            json!("http://localhost:3000"),
        ),
        (json!([]), Value::Null),
    ] {
        let mut mail = welcome(&catalog);
        mail.client = json!({"name": "A", "callbacks": callbacks});
        let kept = Kept::default();
        render(&catalog, "example", &mail, &kept, NOW_MS).unwrap();
        let (variables, _) = kept.0.into_inner().unwrap().unwrap();
        for name in ["application", "client"] {
            assert_eq!(variables[name]["callback_domain"], expected, "{callbacks}");
        }
    }
}

#[test]
fn a_template_that_fails_is_named_with_its_part_and_place() {
    let check = |key: &str, extra: Value, expected: &str| {
        let mut template =
            json!({"template": "welcome_email", "body": "b", "subject": "s", "from": "f"});
        template[key] = "fail".into();
        if let Some(extra) = extra.as_object() {
            template.as_object_mut().unwrap().extend(extra.clone());
        }
        let catalog = catalog(template);
        let error =
            render(&catalog, "example", &welcome(&catalog), &Kept::default(), 0).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    let file = json!({"bodyFile": "emails/welcome_email.html"});
    check(
        "body",
        file.clone(),
        "emails/welcome_email.html:2:7: the body of the e-mail template welcome_email cannot be rendered: no such tag",
    );
    check(
        "body",
        Value::Null,
        "the body of the e-mail template welcome_email cannot be rendered: line 2, column 7: no such tag",
    );
    check(
        "subject",
        file,
        "the subject of the e-mail template welcome_email cannot be rendered: line 2, column 7: no such tag",
    );
}

#[test]
fn an_unknown_template_is_refused() {
    let catalog = Catalog::new(&TenantData::default(), "t", b"s", &[]);
    let mail = Mail {
        name: "nonsense".into(),
        ..Mail::default()
    };
    let refused = render(&catalog, "t", &mail, &Kept::default(), 0);
    assert!(matches!(refused, Err(EmailError::Unknown(name)) if name == "nonsense"));
}
