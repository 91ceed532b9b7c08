//! MFA: which of the factors that an Action asks for can be used, and when a factor is owed without any Action.
//!
//! Rules: <https://auth0.com/docs/actions/reference/post-login/post-login-api-object>,
//! <https://auth0.com/docs/secure/multi-factor-authentication/customize-mfa/customize-mfa-selection-universal-login>,
//! <https://auth0.com/docs/secure/multi-factor-authentication/customize-mfa/customize-mfa-enrollments-universal-login>.

use serde_json::{Value, json};

use super::Suspension;
use super::command::{Command, FactorRequest};
use super::state::{Flow, Running};
use crate::fault::Fault;
use crate::json;
use crate::limits::{API_OBJECT_PAGE, FACTOR_COMMANDS, MFA_PAGE};
use crate::tokens::{REFRESH_TOKEN, TOKEN_EXCHANGE};
use crate::trigger::Trigger;

// The texts are those of the tenant log: what the application gets is not published.
const NO_CHALLENGE: &str = "An MFA challenge is used in a PostLogin action but the requested factors are not properly set up. To perform MFA, enable the requested factors and ensure the user is enrolled with them.";
const NO_ENROLMENT: &str = "An MFA enrollment is used in a PostLogin action but the requested factors are not properly set up. To perform MFA, enable the requested factors and ensure the user is not already enrolled with them.";
const CHALLENGE_FIRST: &str = "An MFA enrollment was requested but the user is already enrolled in MFA. Challenge with at least one existing factor before enrolling a new one.";

/// Queues the challenges and enrolments of a handler, in call order.
pub(super) fn queue(flow: &mut Flow, running: &Running) -> Result<(), Fault> {
    for command in &running.commands {
        let Command::Factors(request) = command else {
            continue;
        };
        refuse_altogether(flow)?;
        let mut usable = Vec::new();
        let mut unusable = Vec::new();
        for kind in request.types() {
            match is_usable(flow, request, &kind) {
                true => usable.push(kind),
                false => unusable.push(kind),
            }
        }
        if usable.is_empty() {
            let text = if request.enrols() {
                NO_ENROLMENT
            } else {
                NO_CHALLENGE
            };
            return Err(unusable_fault(text, &unusable));
        }
        for kind in unusable {
            tell_unusable(flow, request, &kind);
        }
        if request.enrols() {
            challenge_first(flow)?;
        }
        if let Some(asked) = left_of(flow, asked(request, usable)) {
            refuse_silent(flow)?;
            flow.waiting.push_back(asked);
        }
    }
    Ok(())
}

fn asked(request: &FactorRequest, factors: Vec<String>) -> Suspension {
    if request.enrols() {
        Suspension::Enroll { factors }
    } else {
        Suspension::Challenge { factors }
    }
}

/// Counts a command, and refuses those that no flow may have.
fn refuse_altogether(flow: &mut Flow) -> Result<(), Fault> {
    // What Actions ask for by these commands replaces `api.multifactor.enable` and the tenant's policy.
    flow.factor_commands += 1;
    if FACTOR_COMMANDS.exceeded_by(flow.factor_commands) {
        let message = format!(
            "The Actions of a flow may call enrollWith, enrollWithAny, challengeWith and challengeWithAny {} times in all.",
            FACTOR_COMMANDS.value
        );
        return Err(Fault::platform("Error", message));
    }
    if !flow.input.tenant.mfa_customization {
        let message = "The tenant setting \"Customize MFA Factors using Actions\" (customize_mfa_in_postlogin_action) is off, so Actions cannot choose factors.";
        return Err(Fault::platform("Error", message));
    }
    if flow.request.protocol() == TOKEN_EXCHANGE {
        let message = "A custom token exchange cannot ask for a factor that an Action chooses.";
        return Err(Fault::platform("Error", message));
    }
    Ok(())
}

fn unusable_fault(text: &str, asked: &[String]) -> Fault {
    let asked = match asked.is_empty() {
        true => "none was named".to_owned(),
        false => asked.join(", "),
    };
    Fault::platform("Error", format!("{text} (Requested: {asked}.)"))
}

/// The tenant log has a warning for each factor that cannot be used while another one can.
fn tell_unusable(flow: &mut Flow, request: &FactorRequest, kind: &str) {
    let (what, end) = if request.enrols() {
        ("enrollment", "not already enrolled")
    } else {
        ("challenge", "enrolled")
    };
    let message = format!(
        "An MFA {what} is used in a PostLogin action, but the requested factor {kind} is not properly set up. Enable the requested factor and ensure the user is {end} with it."
    );
    flow.warn("factor-not-usable", message, MFA_PAGE);
}

/// A user who has a factor is challenged before another one is enrolled. What is queued happens before, or the login ends.
fn challenge_first(flow: &Flow) -> Result<(), Fault> {
    let has_factors = enrolled(flow).is_some_and(|enrolled| !enrolled.is_empty());
    let is_challenged = !flow.passed_factors.is_empty() || !flow.waiting.is_empty();
    match has_factors && !is_challenged {
        true => Err(Fault::platform("Error", CHALLENGE_FIRST)),
        false => Ok(()),
    }
}

/// With `prompt=none` nothing may be shown, a challenge no more than a login page. The vendor's SDK knows the error by both texts.
/// <https://github.com/auth0/auth0-spa-js/pull/1540>
fn refuse_silent(flow: &Flow) -> Result<(), Fault> {
    if flow.silent {
        let message = "Multifactor authentication required";
        return Err(Fault::platform("login_required", message));
    }
    Ok(())
}

/// Whether the user owes a factor at the end of the flow: because of `api.multifactor.enable`, or else of the tenant's policy.
pub(super) fn owes_multifactor(flow: &Flow) -> bool {
    flow.factor_commands == 0 && flow.multifactor.unwrap_or_else(|| does_policy_ask(flow))
}

/// The policy "Always". A session in which a factor was passed, and a refresh token, are not asked again.
fn does_policy_ask(flow: &Flow) -> bool {
    let event = &flow.input.event;
    let methods = json::at(event, &["authentication", "methods"]).and_then(Value::as_array);
    let mut methods = methods.into_iter().flatten();
    flow.input.trigger == Trigger::PostLogin
        && flow.input.tenant.mfa_always
        && !flow.input.tenant.mfa_factors.is_empty()
        && ![REFRESH_TOKEN, TOKEN_EXCHANGE].contains(&flow.request.protocol())
        && !methods.any(|method| json::text_at(method, &["name"]) == Some("mfa"))
}

/// The challenge at the end of the flow; a user who has no factor enrols one, the first time.
///
/// Source: <https://auth0.com/docs/secure/multi-factor-authentication/enable-mfa>.
pub(super) fn owed(flow: &Flow) -> Result<Suspension, Fault> {
    refuse_silent(flow)?;
    let tenant = &flow.input.tenant.mfa_factors;
    let known = enrolled(flow);
    if known.as_ref().is_some_and(Vec::is_empty) {
        let mut factors = tenant.clone();
        factors.retain(|kind| kind != "recovery-code");
        // An app is what the page offers first. An address alone is not enough.
        factors.sort_by_key(|kind| match kind.as_str() {
            "otp" => 0,
            "email" => 2,
            _ => 1,
        });
        if factors.iter().any(|kind| kind != "email") {
            return Ok(Suspension::Enroll { factors });
        }
    }
    let enrolled = known.unwrap_or_default().into_iter();
    Ok(Suspension::Challenge {
        factors: enrolled.filter(|kind| tenant.contains(kind)).collect(),
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
            json::put(
                &mut flow.input.event,
                &["user", "multifactor"],
                Some(json!(["guardian"])),
            );
            flow.changes.enrolled.push(kind);
        }
        Suspension::Redirect { .. } | Suspension::Prompt { .. } => {}
    }
}

/// Takes out of what waits next what the user has done meanwhile.
pub(super) fn skip_done(flow: &mut Flow) {
    while let Some(next) = flow.waiting.front().cloned() {
        match left_of(flow, next) {
            Some(left) => {
                if let Some(front) = flow.waiting.front_mut() {
                    *front = left;
                }
                return;
            }
            None => drop(flow.waiting.pop_front()),
        }
    }
}

/// Returns the factors that are still to be asked for: a factor that was passed in this flow is ignored. `None` when nothing is left.
fn left_of(flow: &Flow, asked: Suspension) -> Option<Suspension> {
    let open = |factors: Vec<String>| -> Option<Vec<String>> {
        let passed = &flow.passed_factors;
        let (named, open): (bool, Vec<String>) = (
            !factors.is_empty(),
            factors
                .into_iter()
                .filter(|kind| !passed.contains(kind))
                .collect(),
        );
        (!named || !open.is_empty()).then_some(open)
    };
    match asked {
        Suspension::Challenge { factors } => {
            open(factors).map(|factors| Suspension::Challenge { factors })
        }
        Suspension::Enroll { factors } => {
            open(factors).map(|factors| Suspension::Enroll { factors })
        }
        other => Some(other),
    }
}

fn is_usable(flow: &mut Flow, request: &FactorRequest, kind: &str) -> bool {
    let mut enabled = flow.input.tenant.mfa_factors.iter();
    if !enabled.any(|enabled| enabled == kind) {
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
    has != Some(false) || (kind == "email" && is_email_verified(flow))
}

/// A verified e-mail address is a factor without enrolment.
/// <https://auth0.com/docs/secure/multi-factor-authentication/multi-factor-authentication-factors/configure-email-notifications-for-mfa>
fn is_email_verified(flow: &Flow) -> bool {
    json::at(&flow.input.event, &["user", "email_verified"]) == Some(&Value::Bool(true))
}

/// The types of the factors that the user has; `None` when the event does not list them.
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
