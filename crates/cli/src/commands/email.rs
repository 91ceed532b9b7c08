//! `postlogin email`.

use postlogin_core::Trigger;
use std::time::{SystemTime, UNIX_EPOCH};

use postlogin_core::escape::inline;
use postlogin_engine::Allocation;
use postlogin_js::liquid::Liquid;
use postlogin_project::TenantData;
use postlogin_runner::pipeline::rendered;
use postlogin_tenant::{EmailError, TemplateError, TemplateJob, TemplateRenderer, render_email};
use serde_json::json;

use super::run::working_folder;
use super::serve::name;
use crate::{
    action::compiler,
    args::{EmailArguments, Format},
    error::{CliError, SUCCESS},
    event,
    printer::Printer,
};

pub(crate) fn email(arguments: &EmailArguments, printer: &Printer) -> Result<u8, CliError> {
    let here = working_folder()?;
    let project = crate::project::discover(&here, printer)?;
    let root = project
        .as_ref()
        .map_or(here.as_path(), |project| project.root.as_path());
    let data = project
        .as_ref()
        .map_or_else(TenantData::default, |project| project.tenant.clone());
    let event = event::event(Trigger::PostLogin, &arguments.event, printer)?;
    let tenant = name(&data, root);
    let mut compiler = compiler(Allocation::OnDemand, printer)?;
    let renderer = Renderer(compiler.javascript()?.liquid());
    let template = &arguments.template;
    let mail = render_email(&data, &tenant, template, &event, &renderer, now_ms());
    let mail = mail.map_err(refused)?;
    match arguments.format {
        Format::Json => {
            let mail = json!({"from": mail.from, "subject": mail.subject, "body": mail.body});
            printer.json(&mail)?;
        }
        Format::Human => printer.data(|out| {
            writeln!(
                out,
                "From: {}\nSubject: {}\n\n{}",
                inline(&mail.from),
                inline(&mail.subject),
                mail.body.trim_end()
            )
        })?,
    }
    Ok(SUCCESS)
}

fn refused(error: EmailError) -> CliError {
    let shown = CliError::usage(error.to_string());
    match error {
        EmailError::Unknown(_) => shown,
        EmailError::Template { file: Some(_), .. } => shown.with_hint(
            "templates are rendered by LiquidJS; its tags and filters are on https://liquidjs.com",
        ),
        EmailError::Template { file: None, .. } => shown.with_hint(
            "templates are in emails/ of an export, or below emailTemplates of tenant.yaml",
        ),
        EmailError::Internal(reason) => CliError::internal(&anyhow::anyhow!(reason)),
    }
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}

/// LiquidJS for the tenant, which knows no sandboxes.
struct Renderer(Liquid);

impl TemplateRenderer for Renderer {
    fn render(&self, job: &TemplateJob<'_>) -> Result<Vec<String>, TemplateError> {
        rendered(&self.0, job)
    }
}
