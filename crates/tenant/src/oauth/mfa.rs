//! Multi-factor authentication at the token endpoint: `mfa_required`, `/mfa/challenge` and the grants of the factors.
//!
//! <https://auth0.com/docs/secure/multi-factor-authentication/authenticate-using-ropg-flow-with-mfa>,
//! <https://auth0.com/docs/api/authentication/multi-factor-authentication/verify-with-out-of-band>

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use postlogin_core::{ResumeStep, Suspension};
use serde_json::{Map, Value, json};

use super::asked::Asked;
use super::authenticators::accepts;
use super::client_auth::{Authenticated, authenticate};
use super::factors::{self, Checked, Factor, Kind};
use super::issue::Grant;
use super::run::{LoginDoc, Ran, follow, keep_open, one_time_code};
use super::token::{OOB_GRANT, RECOVERY_GRANT, issued};
use super::waiting::{self, Waiting, count_attempt, look, take, wait};
use super::{OAuthError, Result, refresh, words};
use crate::http::{Call, answer};
use crate::randomness::{digest, same_secret};
use crate::state::Tenant;

/// The number of wrong codes after which a challenge fails.
pub(crate) const ATTEMPTS: u32 = 5;
const TOKEN_MS: i64 = 600_000;

/// Seconds for which an access token of the MFA API is good: "This value cannot be configured".
///
/// Source: <https://auth0.com/docs/secure/multi-factor-authentication/manage-mfa-auth0-apis/manage-authenticator-factors-mfa-api>.
pub(crate) const API_TOKEN_S: i64 = 600;
/// The scopes of that API.
pub(crate) const API_SCOPES: &[&str] = &["enroll", "read:authenticators", "remove:authenticators"];

/// Whether an audience is the MFA API.
pub(crate) fn is_api(tenant: &Tenant, audience: Option<&str>) -> bool {
    audience.is_some_and(|it| tenant.is_own(it.trim_end_matches('/'), "mfa"))
}

/// Whether the tenant itself asks for a factor after a login: a test has said so, or it is for the MFA API and the user has a
/// factor other than an address.
pub(crate) fn is_due(tenant: &Tenant, grant: &Grant) -> Result<bool> {
    if tenant.control.forces_mfa() {
        return Ok(true);
    }
    if !is_api(tenant, grant.audience.as_deref()) {
        return Ok(false);
    }
    let counts =
        |factor: &Factor| factor.active && !matches!(factor.kind, Kind::Email | Kind::Recovery);
    Ok(factors::of(tenant, &grant.user_id)?.iter().any(counts))
}

/// A login without a browser waits: for a code, if that is all that it asks for.
pub(crate) async fn required(tenant: &Arc<Tenant>, mut waiting: Waiting) -> OAuthError {
    if !matches!(
        waiting.suspension,
        Suspension::Challenge { .. } | Suspension::Enroll { .. }
    ) {
        let (ended, flow) = waiting::abandon(tenant, waiting).await;
        let refused = follow(tenant, ended, flow).err();
        return refused.unwrap_or_else(|| {
            OAuthError::new(403, "interaction_required", "External interaction required")
        });
    }
    let token = tenant.randomness.token();
    waiting.flow.otp = one_time_code(tenant);
    let user_id = &waiting.flow.about.user_id;
    tell(tenant, user_id, &waiting.flow.otp);
    let asked = Asked::of(&waiting.suspension);
    let required = asked
        .requirements(tenant, user_id)
        .and_then(|requirements| {
            wait(tenant, &digest(&token), &mut waiting)?;
            Ok(error(token, requirements))
        });
    required.unwrap_or_else(|error| error)
}

/// The same for the tenant's own policy.
pub(crate) fn required_by_tenant(tenant: &Tenant, grant: Grant) -> Result<OAuthError> {
    let token = tenant.randomness.token();
    let otp = one_time_code(tenant);
    tell(tenant, &grant.user_id, &otp);
    let requirements = Asked::Any.requirements(tenant, &grant.user_id)?;
    let login = LoginDoc {
        granted: Some(grant),
        otp: Some(otp),
        ..LoginDoc::default()
    };
    keep_open(tenant, &token, &login, TOKEN_MS)?;
    Ok(error(token, requirements))
}

/// The code would be in the user's authenticator app; here, tests find it in the log.
fn tell(tenant: &Tenant, user_id: &str, otp: &str) {
    tenant.control.log(json!({"type": "mfa_code", "date": crate::clock::iso(tenant.now_ms()), "user_id": user_id, "otp": otp}));
}

fn error(token: String, requirements: Value) -> OAuthError {
    let mut error = OAuthError::new(403, "mfa_required", "Multifactor authentication required");
    error.mfa_token = Some(token);
    error.mfa_requirements = Some(requirements);
    error
}

/// A login that waits for a second factor, at the token endpoint.
pub(crate) struct Pending {
    pub(crate) user_id: String,
    pub(crate) client_id: String,
    /// The code that an app would show.
    otp: String,
    /// The factors that let it continue.
    pub(crate) asked: Asked,
}

/// Returns the login that waits for its user with an `mfa_token`.
pub(crate) fn pending(tenant: &Tenant, token: &str) -> Result<Option<Pending>> {
    let key = digest(token);
    if let Some(Waiting {
        flow, suspension, ..
    }) = look(tenant, &key)?
    {
        return Ok(Some(Pending {
            user_id: flow.about.user_id,
            client_id: flow.about.client_id,
            otp: flow.otp,
            asked: Asked::of(&suspension),
        }));
    }
    let stored = tenant.store.get::<LoginDoc>(&key, tenant.now_ms())?;
    let of_tenant = |login: LoginDoc| {
        let grant = login.granted?;
        Some(Pending {
            user_id: grant.user_id,
            client_id: grant.client_id,
            otp: login.otp?,
            asked: Asked::Any,
        })
    };
    Ok(stored.and_then(of_tenant))
}

/// The same for the application of a request.
fn pending_of(tenant: &Tenant, token: &str, who: &Authenticated) -> Result<Pending> {
    let malformed = || OAuthError::invalid_grant("Malformed mfa_token");
    let pending = pending(tenant, token)?.ok_or_else(malformed)?;
    match pending.client_id == who.id {
        true => Ok(pending),
        false => Err(OAuthError::invalid_request(
            "mfa_token not issued to this client",
        )),
    }
}

/// `/mfa/challenge`: chooses a factor and, where it gets messages, sends the code.
pub(crate) async fn challenge(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    match challenged(&tenant, &call).await {
        Ok(body) => answer(StatusCode::OK, &body),
        Err(error) => error.response(),
    }
}

async fn challenged(tenant: &Arc<Tenant>, call: &Call) -> Result<Value> {
    super::token::check_body_for(call, "mfa_token")?;
    let who = authenticate(tenant, call)?;
    // "Required when the Token Endpoint Authentication Method … is Post or Basic":
    // <https://auth0.com/docs/api/authentication/multi-factor-authentication/request-mfa-challenge>.
    who.require_proof()?;
    let token = call.required("mfa_token")?;
    let pending = pending_of(tenant, token, &who)?;
    let accepted = words(call.body_field("challenge_type").unwrap_or("otp oob"));
    if let Some(unknown) = accepted
        .iter()
        .find(|it| !matches!(it.as_str(), "otp" | "oob"))
    {
        let description = format!("Unsupported challenge type: {unknown}");
        return Err(OAuthError::new(
            400,
            "unsupported_challenge_type",
            description,
        ));
    }
    let accepts = |factor: &Factor| {
        let kind = if factor.kind.is_oob() { "oob" } else { "otp" };
        accepted.iter().any(|it| it == kind) && pending.asked.accepts(factor.kind.enrolled())
    };
    if let Asked::Enrolment(_) = pending.asked {
        return Err(not_enrolled());
    }
    let known: Vec<Factor> = factors::of(tenant, &pending.user_id)?
        .into_iter()
        .filter(|factor| factor.active && factor.kind != Kind::Recovery)
        .collect();
    let chosen = match call.body_field("authenticator_id") {
        Some(id) => {
            let named = known.iter().find(|factor| factor.id == id);
            let named =
                named.ok_or_else(|| OAuthError::invalid_request("Authenticator not found"))?;
            Some(named).filter(|factor| accepts(factor))
        }
        None => {
            let asked = |factor: &&&Factor| pending.asked.first() == Some(factor.kind.enrolled());
            let mut fitting = known.iter().filter(|factor| accepts(factor));
            let first = fitting.clone().find(|factor| asked(&factor));
            first.or_else(|| fitting.next())
        }
    };
    match chosen {
        Some(factor) if factor.kind.is_oob() => {
            let about = (pending.user_id.as_str(), pending.client_id.as_str());
            let oob_code = factors::send_code(tenant, call, about, token, factor).await?;
            Ok(json!({"challenge_type": "oob", "oob_code": oob_code, "binding_method": "prompt"}))
        }
        Some(_) => Ok(json!({"challenge_type": "otp"})),
        None if known.is_empty() && !is_enrolled(tenant, &pending.user_id)? => Err(not_enrolled()),
        // The code that the tenant shows is good without an app.
        None if accepted.iter().any(|it| it == "otp") && pending.asked.accepts_shown_code() => {
            Ok(json!({"challenge_type": "otp"}))
        }
        None => {
            let supported = match pending.asked.accepts_shown_code() {
                true => "otp",
                false => "oob",
            };
            let description = match accepted.iter().any(|it| it == supported) {
                true => format!(
                    "The login asks for: {}; the local tenant has no number or address of the user for it.",
                    pending.asked.types().join(", ")
                ),
                false => format!(
                    "The user does not support the requested challenge type ({}). Supported type: {supported}.",
                    accepted.join(" ")
                ),
            };
            Err(OAuthError::new(
                401,
                "unsupported_challenge_type",
                description,
            ))
        }
    }
}

fn not_enrolled() -> OAuthError {
    OAuthError::new(
        403,
        "association_required",
        "User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator.",
    )
}

/// Whether a users file says that a user has a factor, of which the tenant knows no more.
fn is_enrolled(tenant: &Tenant, user_id: &str) -> Result<bool> {
    let user = tenant.store.user(user_id)?.unwrap_or_default();
    let listed = |key: &str| user.get(key).and_then(Value::as_array);
    let mut lists = ["enrolledFactors", "multifactor"]
        .into_iter()
        .filter_map(listed);
    Ok(lists.any(|list| !list.is_empty()))
}

/// The grants `mfa-otp`, `mfa-oob` and `mfa-recovery-code`.
pub(crate) async fn exchange(
    tenant: &Arc<Tenant>,
    call: &Call,
    who: &Authenticated,
) -> Result<Map<String, Value>> {
    who.require_proof()?;
    let token = call.required("mfa_token")?;
    let shown = match call.body_field("grant_type") {
        Some(OOB_GRANT) => {
            Shown::Message(call.required("oob_code")?, call.required("binding_code")?)
        }
        Some(RECOVERY_GRANT) => Shown::Recovery(call.required("recovery_code")?),
        _ => Shown::Otp(call.required("otp")?),
    };
    let key = digest(token);
    let pending = pending_of(tenant, token, who)?;
    let attempts = match count_attempt(tenant, &key)? {
        Some(attempts) => Some(attempts),
        None => tenant
            .store
            .change(&key, tenant.now_ms(), |login: &mut LoginDoc| {
                login.attempts = login.attempts.saturating_add(1);
                login.attempts
            })?,
    };
    if attempts.is_none_or(|attempts| attempts > ATTEMPTS) {
        return Err(OAuthError::new(
            429,
            "too_many_requests",
            "Too many failed codes. Wait for some minutes before retrying.",
        ));
    }
    let enrolled = shown.check(tenant, token, &pending)?;
    let mut body = resumed(tenant, who, &key, enrolled).await?;
    if matches!(shown, Shown::Recovery(_)) {
        let code = factors::new_recovery_code(tenant, &pending.user_id)?;
        body.insert("recovery_code".into(), code.into());
    }
    Ok(body)
}

/// The second factor that a user presents.
enum Shown<'a> {
    Otp(&'a str),
    /// `oob_code` and `binding_code`.
    Message(&'a str, &'a str),
    Recovery(&'a str),
}

impl Shown<'_> {
    /// Refuses one that is not right; a code that can be used once is used up. Returns the type of a factor that it has enrolled.
    fn check(&self, tenant: &Tenant, mfa_token: &str, pending: &Pending) -> Result<Option<String>> {
        let user_id = &pending.user_id;
        let asked = &pending.asked;
        let mut enrolled = None;
        let (fits, wrong) = match self {
            Self::Otp(otp) => (
                (asked.accepts_shown_code() && same_secret(otp, &pending.otp))
                    || (asked.accepts(Kind::Otp.enrolled()) && accepts(tenant, user_id, otp)?),
                "Invalid otp_code.",
            ),
            // It replaces a factor that the user has; it enrols none.
            Self::Recovery(_) if matches!(asked, Asked::Enrolment(_)) => {
                (false, "MFA Authorization rejected.")
            }
            Self::Recovery(code) => (
                factors::take_recovery_code(tenant, user_id, code)?,
                "MFA Authorization rejected.",
            ),
            // A message was sent to a factor that is asked for: `/mfa/challenge` and `/mfa/associate` see to that.
            Self::Message(oob_code, binding_code) => {
                match factors::check_code(tenant, mfa_token, oob_code, binding_code)? {
                    Checked::Right(id) => {
                        enrolled = factors::confirm(tenant, user_id, &id)?;
                        (true, "")
                    }
                    Checked::Wrong => (false, "Invalid binding_code."),
                    Checked::Unknown => (false, "Malformed oob_code"),
                }
            }
        };
        let is_enrolment = matches!(asked, Asked::Enrolment(_));
        match fits {
            true => Ok(enrolled.filter(|_| is_enrolment)),
            false => Err(OAuthError::invalid_grant(wrong)),
        }
    }
}

/// Resumes the login whose second factor was right: of two requests at once, one gets its tokens.
async fn resumed(
    tenant: &Arc<Tenant>,
    who: &Authenticated,
    key: &str,
    enrolled: Option<String>,
) -> Result<Map<String, Value>> {
    let malformed = || OAuthError::invalid_grant("Malformed mfa_token");
    let Some(mut waiting) = take(tenant, key)? else {
        let login = tenant.store.take::<LoginDoc>(key, tenant.now_ms())?;
        let grant = login.and_then(|login| login.granted);
        return issued(tenant, who, &grant.ok_or_else(malformed)?);
    };
    waiting.flow.enrolled = enrolled;
    let (advanced, flow) = waiting::resume(tenant, waiting, ResumeStep::ChallengeSucceeded).await?;
    match follow(tenant, advanced, flow)? {
        Ran::Granted(grant, flow) => match &flow.refresh {
            Some(exchanged) => refresh::succeed(tenant, who, &grant, exchanged),
            None => issued(tenant, who, &grant),
        },
        Ran::Waits(waiting) => Err(required(tenant, *waiting).await),
    }
}
