//! The changes of a Rule become calls of `api` methods, with their checks and their lines in the ledger.

use std::collections::HashSet;

use super::super::command::Command;
use super::super::state::{Flow, Running};
use crate::api;
use crate::ceilings::Caller;
use crate::fault::Fault;
use crate::location::Location;
use crate::outcome::Notice;
use crate::reply::{Answer, Failure};
use crate::rules::changes::Change;
use crate::rules::{CONTEXT_PAGE, REDIRECT_PAGE};
use crate::tokens::with_changes;
use crate::value::Argument;

pub(super) fn record(
    flow: &mut Flow,
    running: &Running,
    method: &str,
    args: &[Argument],
    site: Option<&Location>,
) {
    let caller = Caller {
        action: &running.action,
        handler: None,
        site,
    };
    flow.record(caller, method, args);
}

/// Asks for something as an Action does. What an Action would get as an exception fails the login, because a Rule has
/// returned already.
pub(super) fn issue(
    flow: &mut Flow,
    running: &mut Running,
    method: &str,
    args: &[Argument],
    site: Option<Location>,
) {
    record(flow, running, method, args, site.as_ref());
    if flow.kept.exceeded().is_some() {
        return;
    }
    let now_ms = flow.now_ms;
    let reply = api::answer(flow, running, method, args, site.clone(), now_ms);
    if let Answer::Throw(Failure { name, message }) | Answer::Reject(Failure { name, message }) =
        reply.answer
    {
        let fault = Fault {
            location: site,
            ..Fault::platform(name, message)
        };
        flow.fail(&running.action, fault);
    }
}

/// Does what a change of the Rule asks for.
pub(super) fn follow(flow: &mut Flow, running: &mut Running, change: Change) {
    match change {
        Change::Call { method, args, site } => {
            if method == "authentication.setPrimaryUser" {
                // The last Rule wins, where an Action may ask once.
                flow.primary_user = None;
            }
            issue(flow, running, &method, &args, site);
        }
        Change::RemoveClaim { token, name } => {
            if flow.kept.claim() && flow.kept.hold(name.len()) {
                running.commands.push(Command::RemoveClaim { token, name });
            }
        }
        Change::Redirect { wanted, site } => {
            if flow.rules.is_back {
                let message = format!(
                    "The Rule `{}` asks for a redirect when the user has come back from one: production ignores it.",
                    running.action
                );
                flow.warn("rule-redirect-ignored", message, REDIRECT_PAGE);
                return;
            }
            let by = (running.action.clone(), site);
            flow.rules.redirected_by = wanted.then_some(by);
        }
        Change::Scopes { wanted, site } => {
            let current = scopes(flow, running);
            let wanted_names: HashSet<&String> = wanted.iter().collect();
            let current_names: HashSet<&String> = current.iter().collect();
            let removed = current.iter().filter(|scope| !wanted_names.contains(scope));
            let added = wanted.iter().filter(|scope| !current_names.contains(scope));
            let calls = removed
                .map(|scope| ("accessToken.removeScope", scope))
                .chain(added.map(|scope| ("accessToken.addScope", scope)));
            let calls: Vec<_> = calls
                .map(|(method, scope)| (method, scope.clone()))
                .collect();
            for (method, scope) in calls {
                issue(
                    flow,
                    running,
                    method,
                    &[Argument::String(scope)],
                    site.clone(),
                );
            }
        }
        Change::Ignored(what) => {
            let notice = Notice {
                code: "rule-change-ignored".to_owned(),
                message: format!("{what}, by the Rule `{}`.", running.action),
                source: Some(CONTEXT_PAGE.to_owned()),
            };
            flow.notice(notice);
        }
    }
}

/// The scopes as the Rules so far leave them.
fn scopes(flow: &Flow, running: &Running) -> Vec<String> {
    let waiting = running.commands.iter().filter_map(|command| match command {
        Command::ModifyScope { scope, add } => Some((scope.clone(), *add)),
        _ => None,
    });
    with_changes(
        flow.request.scopes.clone(),
        flow.scopes.iter().cloned().chain(waiting),
    )
}
