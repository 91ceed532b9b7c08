//! The functions that production calls.

use postlogin_core::event::suggest::closest;
use postlogin_core::limits::{API_OBJECT_PAGE, REDIRECT_PAGE};
use postlogin_core::{EntryPoint, Trigger};

use super::{Finding, Rule, Severity, Source, is_version_3, start_of};
use crate::source::facts::{ApiCall, Facts, Handler};

const TRIGGER: &str = "https://auth0.com/docs/customize/actions/explore-triggers/post-login";

pub(super) const RULES: &[Rule] = &[MISSING, NOT_ASYNC, NO_CONTINUE, VERSION, UNSUPPORTED];

const MISSING: Rule = Rule {
    code: "missing-handler",
    severity: Severity::Error,
    summary: "The Action does not export the handler of its trigger, such as `onExecutePostLogin`",
    source: Some(TRIGGER),
};
const NOT_ASYNC: Rule = Rule {
    code: "handler-not-async",
    severity: Severity::Error,
    summary: "A handler is not an async function, and production refuses it",
    source: Some(TRIGGER),
};
const NO_CONTINUE: Rule = Rule {
    code: "missing-continue-handler",
    severity: Severity::Warning,
    summary: "The Action redirects or shows a form and exports no `onContinuePostLogin`",
    source: Some(REDIRECT_PAGE),
};
const VERSION: Rule = Rule {
    code: "old-trigger-version",
    severity: Severity::Warning,
    summary: "The Action is written for another version of the trigger than v3",
    source: Some(API_OBJECT_PAGE),
};

const UNSUPPORTED: Rule = Rule {
    code: "unsupported-trigger",
    severity: Severity::Warning,
    summary: "The Action is for a trigger that postlogin does not run yet, so its event and api are not checked",
    source: Some("https://auth0.com/docs/customize/actions/explore-triggers"),
};

/// Reports an Action of a trigger that does not run here.
pub(super) fn unsupported(source: &Source<'_>, facts: &Facts, id: &str) -> Finding {
    let handler = facts.handlers.first();
    let start = start_of(source.file);
    let finding = Finding::new(
        &UNSUPPORTED,
        handler.map_or(&start, |handler| &handler.location),
        format!("the trigger {id} does not run here yet: its event and api are not checked"),
    );
    let known: Vec<&str> = Trigger::ALL.iter().map(|trigger| trigger.id()).collect();
    finding.with_hint(format!("triggers that run are {}", known.join(", ")))
}

pub(super) fn check(source: &Source<'_>, facts: &Facts, trigger: Trigger) -> Vec<Finding> {
    let mut findings = Vec::new();
    let entries = [EntryPoint::Execute, EntryPoint::Continue];
    for name in entries
        .into_iter()
        .filter_map(|entry| trigger.export(entry))
    {
        // The last assignment wins.
        let handler = facts.handlers.iter().rfind(|handler| handler.name == name);
        if let Some(Handler {
            is_async: Some(false),
            location,
            ..
        }) = handler
        {
            findings.push(
                Finding::new(&NOT_ASYNC, location, format!("`{name}` must be an async function"))
                    .on_page(trigger.table().page)
                    .with_hint("production checks the function's class: neither a plain function that returns a promise nor an async generator will do"),
            );
        }
    }
    if !facts.is_exports_complete {
        return findings;
    }
    let exports = |name: &str| facts.exports.iter().any(|export| export.name == name);
    if !exports(trigger.table().execute) {
        findings.push(missing(source, facts, trigger).on_page(trigger.table().page));
    }
    if let Some(resume) = trigger.table().resume.filter(|name| !exports(name))
        && let Some(call) = facts.api_calls.iter().find(|call| suspends(call))
    {
        let path = call.chain.path();
        findings.push(
            Finding::new(
                &NO_CONTINUE,
                &call.chain.location,
                format!("`api.{path}` suspends the login, and there is no `{resume}` that goes on with it"),
            )
            .spanning(&path)
            .with_hint(format!("export `{resume}`, even if it only checks what comes back")),
        );
    }
    findings
}

fn suspends(call: &ApiCall) -> bool {
    matches!(
        call.chain.path().as_str(),
        "redirect.sendUserTo" | "prompt.render"
    )
}

fn missing(source: &Source<'_>, facts: &Facts, trigger: Trigger) -> Finding {
    let execute = trigger.table().execute;
    let names = || {
        facts
            .exports
            .iter()
            .filter(|export| Some(export.name.as_str()) != trigger.table().resume)
    };
    // A slip in the name, or a handler of another trigger.
    let near = names()
        .find(|export| closest(&export.name, [execute]).is_some())
        .or_else(|| names().find(|export| export.name.starts_with("onExecute")));
    match near {
        Some(export) => Finding::new(
            &MISSING,
            &export.location,
            format!("the Action exports `{}` and no `{execute}`", export.name),
        )
        .with_hint(format!("did you mean `{execute}`?")),
        None => Finding::new(
            &MISSING,
            &start_of(source.file),
            format!("the Action exports no `{execute}`"),
        )
        .with_hint(format!(
            "export it as `exports.{execute} = async (event, api) => {{ … }};`"
        )),
    }
}

/// Returns the finding about a configuration that names another version of the trigger.
pub(super) fn version(source: &Source<'_>) -> Option<Finding> {
    let declared = source.declared?;
    let version = declared
        .triggers
        .iter()
        .filter(|(id, _)| id == "post-login")
        .find_map(|(_, version)| version.as_deref())?;
    (!is_version_3(Some(version))).then(|| {
        Finding::new(
            &VERSION,
            &start_of(&declared.file),
            format!(
                "the Action is for {version} of the trigger; its `event` and `api` are not checked"
            ),
        )
        .with_hint("`postlogin run` treats it as v3")
    })
}
