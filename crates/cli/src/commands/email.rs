//! `postlogin email`.

use postlogin_core::escape::inline;
use postlogin_project::{Project, TenantData};
use postlogin_tenant::{EmailError, render_email};
use serde_json::json;

use super::run::working_folder;
use super::serve::name;
use crate::{
    args::{EmailArguments, Format},
    error::{CliError, SUCCESS},
    event,
    printer::Printer,
};

pub(crate) fn email(arguments: &EmailArguments, printer: &Printer) -> Result<u8, CliError> {
    let here = working_folder()?;
    let project = Project::discover(&here)?;
    let root = project
        .as_ref()
        .map_or(here.as_path(), |project| project.root.as_path());
    let data = project
        .as_ref()
        .map_or_else(TenantData::default, |project| project.tenant.clone());
    let event = event::event(&arguments.event, printer)?;
    let tenant = name(&data, root);
    let mail = render_email(&data, &tenant, &arguments.template, &event).map_err(|error| {
        let shown = CliError::usage(error.to_string());
        match error {
            EmailError::Unknown(_) => shown,
            EmailError::Liquid(..) => shown.with_hint(
                "templates are in emails/ of an export, or below emailTemplates of tenant.yaml",
            ),
        }
    })?;
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
