//! The functions that production calls.

use postlogin_core::limits::{API_OBJECT_PAGE, REDIRECT_PAGE};
use postlogin_core::trigger::{Exported, is_without_contract, near_handler};
use postlogin_core::{EntryPoint, Trigger};

use super::{Finding, Rule, Severity, Source, is_current, start_of};
use crate::source::facts::{ApiCall, Facts, Handler, Mention};

const TRIGGER: &str = "https://auth0.com/docs/customize/actions/explore-triggers/post-login";

pub(super) const RULES: &[Rule] = &[
    MISSING,
    NOT_ASYNC,
    NOT_FOLLOWED,
    NO_CONTINUE,
    VERSION,
    UNSUPPORTED,
    SEVERAL,
];

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
const NOT_FOLLOWED: Rule = Rule {
    code: "handler-not-followed",
    severity: Severity::Warning,
    summary: "The function of the handler is not found in the source, so what it does was not checked",
    source: Some(TRIGGER),
};
const NO_CONTINUE: Rule = Rule {
    code: "missing-continue-handler",
    severity: Severity::Warning,
    summary: "The Action redirects or shows a form and does not export the handler that resumes, such as `onContinuePostLogin`",
    source: Some(REDIRECT_PAGE),
};
const VERSION: Rule = Rule {
    code: "old-trigger-version",
    severity: Severity::Warning,
    summary: "The Action is written for another version of its trigger than the current one",
    source: Some(API_OBJECT_PAGE),
};

const UNSUPPORTED: Rule = Rule {
    code: "unsupported-trigger",
    severity: Severity::Warning,
    summary: "The Action is for a trigger that is unknown or has no public contract, so its event and api are not checked",
    source: Some("https://auth0.com/docs/customize/actions/explore-triggers"),
};
const SEVERAL: Rule = Rule {
    code: "several-triggers",
    severity: Severity::Warning,
    summary: "The Action exports handlers of several triggers, and in production an Action has one",
    source: Some("https://auth0.com/docs/customize/actions/explore-triggers"),
};

/// Reports an Action of a trigger that does not run here.
pub(super) fn unsupported(source: &Source<'_>, facts: &Facts, id: &str) -> Finding {
    let handler = facts.handlers.first();
    let start = start_of(source.file);
    let what = match is_without_contract(id) {
        true => format!("the trigger {id} has no public contract"),
        false => format!("the trigger {id} is not a known trigger"),
    };
    let mut message = format!("{what}: its event and api are not checked");
    // Its configuration and its code may differ.
    let other = facts
        .handlers
        .iter()
        .find_map(|handler| match Exported::of(&handler.name) {
            Exported::Handler(trigger, _) => Some((handler, trigger.id())),
            Exported::WithoutContract(other) if other != id => Some((handler, other)),
            _ => None,
        });
    if let Some((handler, of)) = other {
        message += &format!("; it exports `{}`, a handler of {of}", handler.name);
    }
    let finding = Finding::new(
        &UNSUPPORTED,
        handler.map_or(&start, |handler| &handler.location),
        message,
    );
    let known: Vec<&str> = Trigger::ALL.iter().map(|trigger| trigger.id()).collect();
    finding.with_hint(format!("triggers that run are {}", known.join(", ")))
}

/// Reports handlers of other triggers than the Action's own: they never run.
pub(super) fn of_other_triggers(facts: &Facts, own: Trigger) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut known = vec![own.id()];
    // What is missing is reported in one finding, with what there is instead.
    let has_own = facts
        .handlers
        .iter()
        .any(|handler| Trigger::of_export(&handler.name).is_some_and(|(it, _)| it == own));
    for handler in &facts.handlers {
        let id = match Exported::of(&handler.name) {
            Exported::Handler(trigger, _) => trigger.id(),
            Exported::WithoutContract(id) if has_own => id,
            _ => continue,
        };
        if known.contains(&id) {
            continue;
        }
        known.push(id);
        let message = format!(
            "`{}` is a handler of {id}, and the Action is one of {own}: it never runs",
            handler.name
        );
        findings.push(
            Finding::new(&SEVERAL, &handler.location, message)
                .with_hint("write an Action for each trigger"),
        );
    }
    findings
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
    let execute = trigger.table().execute;
    let is_followed = |handler: &Handler| handler.name == execute && handler.is_async.is_some();
    let is_missing =
        facts.is_exports_complete && !facts.exports.iter().any(|export| export.name == execute);
    if !is_missing && !facts.handlers.iter().any(is_followed) {
        let message = format!(
            "the function of `{execute}` is not found in the source, so what it does was not checked"
        );
        findings.push(
            Finding::new(&NOT_FOLLOWED, &start_of(source.file), message)
                .on_page(trigger.table().page)
                .with_hint(format!(
                    "write `exports.{execute} = async (event, api) => {{ … }}`, or run the Action: `postlogin run` and `postlogin test` look at what it does"
                )),
        );
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
                format!("`api.{path}` suspends the login, and no `{resume}` resumes it"),
            )
            .spanning(&path)
            .with_hint(format!(
                "export `{resume}`, even if it only checks what comes back"
            )),
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
    let finding = |export: &Mention, what: &str| {
        let message = format!(
            "the Action exports `{}`{what} and no `{execute}`",
            export.name
        );
        Finding::new(&MISSING, &export.location, message)
    };
    // A slip in the name, or a handler of another trigger.
    if let Some((export, meant)) =
        names().find_map(|export| Some((export, near_handler(&export.name)?)))
    {
        return finding(export, "").with_hint(format!("did you mean `{meant}`?"));
    }
    let handler = names().find_map(|export| match Exported::of(&export.name) {
        Exported::Handler(other, _) if other != trigger => {
            Some((export, format!(", a handler of {other},")))
        }
        Exported::WithoutContract(id) => Some((
            export,
            format!(", a handler of {id}, which has no public contract,"),
        )),
        Exported::UnknownHandler => Some((
            export,
            ", which is not a handler of a known trigger,".to_owned(),
        )),
        Exported::Handler(..) | Exported::Other => None,
    });
    if let Some((export, what)) = handler {
        return finding(export, &what)
            .with_hint(format!("the handler of {trigger} is `{execute}`"));
    }
    Finding::new(
        &MISSING,
        &start_of(source.file),
        format!("the Action exports no `{execute}`"),
    )
    .with_hint(format!(
        "export it as `exports.{execute} = async (event, api) => {{ … }};`"
    ))
}

/// Returns the finding about a configuration that names another version of the trigger.
pub(super) fn version(source: &Source<'_>) -> Option<Finding> {
    let declared = source.declared?;
    let (trigger, version) = declared.triggers.iter().find_map(|(id, version)| {
        let trigger = Trigger::of_id(id)?;
        let version = version.as_deref()?;
        (!is_current(trigger, Some(version))).then_some((trigger, version))
    })?;
    let current = trigger.table().version;
    let finding = Finding::new(
        &VERSION,
        &start_of(&declared.file),
        format!(
            "the Action is for {version} of {trigger}, whose current version is {current}; its `event` and `api` are not checked"
        ),
    );
    Some(finding.with_hint(format!("`postlogin run` treats it as {current}")))
}
