//! `postlogin explain`.

use postlogin_core::{
    Finished,
    explanation::{Explanation, explain as account},
    reads::Watch,
};
use postlogin_runner::{PreparedLogin, run_login};

use super::{
    page,
    run::{exit_code, ready_with},
};
use crate::{
    args::{ExplainArguments, Format},
    error::CliError,
    printer::Printer,
    render,
    secrets::Hidden,
};

pub(crate) fn explain(arguments: &ExplainArguments, printer: &Printer) -> Result<u8, CliError> {
    let ExplainArguments { run, why } = arguments;
    if run.stdin_json {
        let refused =
            CliError::usage("explain gives an account of one login, so it takes no --stdin-json");
        return Err(refused.with_hint("use `postlogin run --stdin-json`"));
    }
    let report = page::prepare(run.report.as_deref())?;
    // What decides conditions is counted only where a claim is asked about, as a report asks about all: otherwise the source runs as
    // it is.
    let mut ready = ready_with(run, !why.is_empty() || report.is_some(), printer)?;
    let trigger = ready.prepared.trigger;
    if !trigger.table().has_tokens {
        let message = format!("explain accounts for claims, and Actions of {trigger} set none");
        return Err(CliError::usage(message)
            .with_hint("`postlogin run --format json` shows what they ask for, in `effects`"));
    }
    let watched = PreparedLogin {
        watch: Watch::Places,
        ..ready.prepared.clone()
    };
    let Finished {
        outcome, record, ..
    } = run_login(&ready.actions, watched, None).map_err(|error| CliError::internal(&error))?;
    ready.network.write_recording(&ready.given, printer)?;
    let seen = report.as_ref().map(|_| record.clone());
    let all = ready.counters.sites(ready.sources.iter().enumerate());
    let mut explanation = account(outcome, record, why, &all);
    let hidden = Hidden::new(&ready.given);
    hidden.metadata(&mut ready.before, &explanation.outcome);
    let tokens_changed = hidden.explanation(&mut explanation);
    if run.token {
        ready.sign(run, &mut explanation.outcome, tokens_changed, printer)?;
    }
    let Explanation { outcome, .. } = &explanation;
    match run.format {
        Format::Json => printer.machine(|out| render::json(&explanation, out))?,
        Format::Human => {
            let source = |file: &str| Some(hidden.text(ready.text_of(file)?));
            let options = ready.options(run, &source, printer);
            printer.data(|out| render::explanation(&explanation, &options, out))?;
        }
    }
    if let (Some(file), Some(record)) = (report, seen) {
        let asked = page::Asked {
            command: "explain",
            arguments: run,
            why,
        };
        let report = page::of_login(&ready, &asked, outcome.clone(), record);
        page::write(&file, &report)?;
    }
    Ok(exit_code(outcome, run, printer))
}
