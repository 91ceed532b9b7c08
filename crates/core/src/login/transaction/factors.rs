//! MFA: which of the factors that an Action asks for can be used.
//!
//! Rules: <https://auth0.com/docs/actions/reference/post-login/post-login-api-object>.

use serde_json::{Value, json};

use super::Suspension;
use super::command::{Command, FactorRequest};
use super::state::{Flow, Running};
use crate::fault::Fault;
use crate::json;
use crate::limits::API_OBJECT_PAGE;

/// Queues the challenges and enrolments of a handler, in call order.
pub(super) fn queue(flow: &mut Flow, running: &Running) -> Result<(), Fault> {
    for command in &running.commands {
        let Command::Factors(request) = command else {
            continue;
        };
        let asked = request.types();
        let factors: Vec<String> = asked
            .iter()
            .filter(|kind| is_usable(flow, request, kind))
            .cloned()
            .collect();
        if factors.is_empty() {
            let verb = if request.enrols() {
                "enrolled"
            } else {
                "challenged"
            };
            let asked = if asked.is_empty() {
                "none was named".to_owned()
            } else {
                asked.join(", ")
            };
            let message =
                format!("No factor can be {verb} ({asked}): it must be enabled on the tenant");
            let end = if request.enrols() {
                "and not yet enrolled."
            } else {
                "and enrolled by the user."
            };
            return Err(Fault::platform("Error", format!("{message} {end}")));
        }
        refuse_silent(flow)?;
        // Explicit requests replace the one of `api.multifactor.enable`.
        flow.owes_multifactor = false;
        flow.waiting.push_back(if request.enrols() {
            Suspension::Enroll { factors }
        } else {
            Suspension::Challenge { factors }
        });
    }
    Ok(())
}

/// With `prompt=none` nothing may be shown, a challenge no more than a login page.
/// <https://auth0.com/docs/authenticate/login/configure-silent-authentication>
fn refuse_silent(flow: &Flow) -> Result<(), Fault> {
    if flow.silent {
        let message = "The login has `prompt=none`, so the user cannot be asked for a factor.";
        return Err(Fault::platform("interaction_required", message));
    }
    Ok(())
}

/// The challenge that `api.multifactor.enable` puts at the end of the flow.
pub(super) fn owed(flow: &Flow) -> Result<Suspension, Fault> {
    refuse_silent(flow)?;
    let enrolled = enrolled(flow).unwrap_or_default();
    let enabled = |kind: &String| flow.input.tenant.mfa_factors.contains(kind);
    Ok(Suspension::Challenge {
        factors: enrolled.into_iter().filter(enabled).collect(),
    })
}

/// The user passed a challenge or enrolled a factor.
pub(super) fn pass(flow: &mut Flow, suspension: &Suspension) {
    match suspension {
        Suspension::Challenge { factors } => {
            let kind = factors.first().map_or("otp", String::as_str).to_owned();
            flow.pass_factor(&kind);
        }
        Suspension::Enroll { factors } => {
            let kind = factors.first().map_or("otp", String::as_str).to_owned();
            flow.pass_factor(&kind);
            let path = ["user", "enrolledFactors"];
            let known = json::at(&flow.input.event, &path)
                .and_then(Value::as_array)
                .cloned();
            let mut enrolled = known.unwrap_or_default();
            enrolled.push(json!({"type": kind}));
            json::put(&mut flow.input.event, &path, Some(Value::Array(enrolled)));
        }
        Suspension::Redirect { .. } | Suspension::Prompt { .. } => {}
    }
}

fn is_usable(flow: &mut Flow, request: &FactorRequest, kind: &str) -> bool {
    if !flow
        .input
        .tenant
        .mfa_factors
        .iter()
        .any(|enabled| enabled == kind)
    {
        return false;
    }
    // An e-mail address is verified, not enrolled.
    if request.enrols() && kind == "email" {
        return false;
    }
    let has = enrolled(flow).map(|enrolled| enrolled.iter().any(|enrolled| enrolled == kind));
    if request.enrols() {
        return has != Some(true);
    }
    if has.is_none() {
        let message =
            "event.user.enrolledFactors is absent: every factor is taken as enrolled.".to_owned();
        flow.warn("enrolled-factors-unknown", message, API_OBJECT_PAGE);
    }
    has != Some(false) && !flow.passed_factors.iter().any(|passed| passed == kind)
}

/// The types of the factors that the user has; `None` when the event does not tell.
fn enrolled(flow: &Flow) -> Option<Vec<String>> {
    let factors = json::at(&flow.input.event, &["user", "enrolledFactors"])?.as_array()?;
    Some(
        factors
            .iter()
            .filter_map(|factor| json::text_at(factor, &["type"]))
            .map(str::to_owned)
            .collect(),
    )
}
