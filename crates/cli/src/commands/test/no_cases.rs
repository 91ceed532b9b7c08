//! The error when no case is selected.

use std::{collections::BTreeSet, env};

use postlogin_core::{escape::inline, event::suggest::closest};
use postlogin_project::Project;
use postlogin_runner::Plan;

use crate::{
    args::{NoTests, TestArguments},
    error::{CliError, NO_CASES, SUCCESS},
    printer::Printer,
};

/// Returns the exit code when `--no-tests` permits it, else the error: what is missing, and how cases are written or named.
pub(super) fn no_cases(
    plan: &Plan,
    arguments: &TestArguments,
    printer: &Printer,
) -> Result<u8, CliError> {
    if arguments.no_tests == NoTests::Pass {
        printer.note("no case was found");
        return Ok(SUCCESS);
    }
    // `init` writes cases for what is there, and a whole sample in a folder without a project.
    let project = env::current_dir()
        .ok()
        .and_then(|here| Project::discover(&here).ok().flatten());
    let has_none = project
        .is_some_and(|project| project.actions.is_empty() && project.enabled_rules().is_empty());
    let (message, hint) = match plan.cases.len() {
        0 if has_none => (
            "no case was found, and the project has no Action or Rule that a case could run"
                .to_owned(),
            "write an Action, such as actions/add-claim.js; then `postlogin init` writes its first case",
        ),
        0 => (
            "no case was found".to_owned(),
            "cases are in files *.case.yaml; `postlogin init` writes the first ones",
        ),
        all => (
            format!("none of the {all} cases fits the filter or the shard"),
            "`postlogin test --list` prints the names of all cases",
        ),
    };
    let (message, hint) = no_tag(plan, &arguments.tag).unwrap_or((message, hint.into()));
    Err(CliError {
        message,
        hint: Some(hint),
        code: NO_CASES,
    })
}

/// So many tags are named in a hint.
const MOST_TAGS: usize = 20;

/// Returns the error and the hint about tags of which no case has any.
fn no_tag(plan: &Plan, wanted: &[String]) -> Option<(String, String)> {
    let first = wanted.first()?;
    let of_cases = plan.cases.iter().flat_map(|planned| &planned.case.tags);
    let known: BTreeSet<&str> = of_cases.map(String::as_str).collect();
    if plan.cases.is_empty() || wanted.iter().any(|tag| known.contains(tag.as_str())) {
        return None;
    }
    let message = match wanted.len() {
        1 => format!("no case has the tag `{}`", inline(first)),
        _ => format!(
            "no case has one of the tags `{}`",
            inline(&wanted.join("`, `"))
        ),
    };
    let near = closest(first, known.iter().copied());
    let shown: Vec<String> = known
        .iter()
        .take(MOST_TAGS)
        .map(|tag| inline(tag).into())
        .collect();
    let more = if known.len() > MOST_TAGS { ", …" } else { "" };
    let hint = match near {
        Some(near) => format!(
            "did you mean `{}`? tags are {}{more}",
            inline(near),
            shown.join(", ")
        ),
        None if known.is_empty() => "no case has tags; write them as `tags: [slow]`".to_owned(),
        None => format!("tags are {}{more}", shown.join(", ")),
    };
    Some((message, hint))
}
