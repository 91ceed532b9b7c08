//! The functions that production calls.

use postlogin_core::event::suggest::closest;
use postlogin_core::limits::{API_OBJECT_PAGE, REDIRECT_PAGE};

use super::{Finding, Rule, Severity, Source, is_version_3, start_of};
use crate::source::facts::{ApiCall, Facts, Handler};

const TRIGGER: &str = "https://auth0.com/docs/customize/actions/explore-triggers/post-login";
const EXECUTE: &str = "onExecutePostLogin";
const CONTINUE: &str = "onContinuePostLogin";
/// The handlers of the trigger.
pub(super) const NAMES: [&str; 2] = [EXECUTE, CONTINUE];
const EXAMPLE: &str = "export it as `exports.onExecutePostLogin = async (event, api) => { … };`";

pub(super) const RULES: &[Rule] = &[MISSING, NOT_ASYNC, NO_CONTINUE, VERSION];

const MISSING: Rule = Rule {
    code: "missing-handler",
    severity: Severity::Error,
    summary: "The Action exports no `onExecutePostLogin`",
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

pub(super) fn check(source: &Source<'_>, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in NAMES {
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
                    .with_hint("production checks the function's class: neither a plain function that returns a promise nor an async generator will do"),
            );
        }
    }
    if !facts.is_exports_complete {
        return findings;
    }
    let exports = |name: &str| facts.exports.iter().any(|export| export.name == name);
    if !exports(EXECUTE) {
        findings.push(missing(source, facts));
    }
    if !exports(CONTINUE)
        && let Some(call) = facts.api_calls.iter().find(|call| suspends(call))
    {
        let path = call.chain.path();
        findings.push(
            Finding::new(
                &NO_CONTINUE,
                &call.chain.location,
                format!("`api.{path}` suspends the login, and there is no `{CONTINUE}` that goes on with it"),
            )
            .spanning(&path)
            .with_hint(format!("export `{CONTINUE}`, even if it only checks what comes back")),
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

fn missing(source: &Source<'_>, facts: &Facts) -> Finding {
    let names = || {
        facts
            .exports
            .iter()
            .filter(|export| export.name != CONTINUE)
    };
    // A slip in the name, or a handler of another trigger.
    let near = names()
        .find(|export| closest(&export.name, [EXECUTE]).is_some())
        .or_else(|| names().find(|export| export.name.starts_with("onExecute")));
    match near {
        Some(export) => Finding::new(
            &MISSING,
            &export.location,
            format!("the Action exports `{}` and no `{EXECUTE}`", export.name),
        )
        .with_hint(format!("did you mean `{EXECUTE}`?")),
        None => Finding::new(
            &MISSING,
            &start_of(source.file),
            format!("the Action exports no `{EXECUTE}`"),
        )
        .with_hint(EXAMPLE),
    }
}

/// What the configuration says about the version of the trigger.
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
