//! `api.authentication`: factors, methods and the primary user.

use super::{Call, Outcome, UNDEFINED};
use crate::json::utf16_length;
use crate::limits::{API_OBJECT_PAGE, PRIMARY_USER_ID_LENGTH};
use crate::login::EntryPoint;
use crate::login::transaction::command::{Command, FactorRequest};
use crate::outcome::Notice;
use crate::reply::{Failure, Returned};

pub(crate) fn challenge_with(call: &mut Call<'_>) -> Outcome {
    let (factor, options) = (call.arg(0).clone(), call.arg(1).clone());
    call.issue(Command::Factors(FactorRequest::ChallengeWith {
        factor,
        options,
    }));
    Ok(UNDEFINED)
}

pub(crate) fn challenge_with_any(call: &mut Call<'_>) -> Outcome {
    let factors = call.arg(0).clone();
    call.issue(Command::Factors(FactorRequest::ChallengeWithAny {
        factors,
    }));
    Ok(UNDEFINED)
}

pub(crate) fn enroll_with(call: &mut Call<'_>) -> Outcome {
    let (factor, options) = (call.arg(0).clone(), call.arg(1).clone());
    call.issue(Command::Factors(FactorRequest::EnrollWith {
        factor,
        options,
    }));
    Ok(UNDEFINED)
}

pub(crate) fn enroll_with_any(call: &mut Call<'_>) -> Outcome {
    let factors = call.arg(0).clone();
    call.issue(Command::Factors(FactorRequest::EnrollWithAny { factors }));
    Ok(UNDEFINED)
}

/// The api layer accepts this everywhere; the documentation allows it only in the handler that continues.
pub(crate) fn record_method(call: &mut Call<'_>) -> Outcome {
    if call.running.entry == EntryPoint::Execute {
        call.flow.notice(Notice {
            code: "record-method-outside-continue".to_owned(),
            message: "api.authentication.recordMethod is meant for onContinuePostLogin only."
                .to_owned(),
            source: Some(API_OBJECT_PAGE.to_owned()),
        });
    }
    call.issue(Command::RecordMethod {
        url: call.arg(0).clone(),
    });
    Ok(Returned::Api)
}

pub(crate) fn set_primary_user(call: &mut Call<'_>) -> Outcome {
    if call.flow.primary_user.is_some() {
        return Err(Failure::error(
            "The primary user can only be altered once per transaction",
        ));
    }
    let Some(id) = call.arg(0).as_str().filter(|id| !id.is_empty()) else {
        return Err(Failure::error(
            "The provided primary_user_id must be a non-empty string",
        ));
    };
    if PRIMARY_USER_ID_LENGTH.exceeded_by(utf16_length(id)) {
        return Err(Failure::error(
            "The provided primary_user_id exceeds the maximum length.",
        ));
    }
    let id = id.to_owned();
    call.flow.primary_user = Some(id.clone());
    call.issue(Command::SetPrimaryUser { id });
    Ok(UNDEFINED)
}
