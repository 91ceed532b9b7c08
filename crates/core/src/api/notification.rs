//! `api.notification` of custom-email-provider and custom-phone-provider.
//!
//! Source: <https://auth0.com/docs/actions/reference/custom-email-provider/custom-email-provider-api-object>. The vendor's layer
//! checks no argument.

use super::{Call, Outcome, UNDEFINED};
use crate::login::transaction::command::Command;
use crate::outcome::Delivery;

pub(crate) fn drop(call: &mut Call<'_>) -> Outcome {
    decide(call, Delivery::Dropped)
}

pub(crate) fn retry(call: &mut Call<'_>) -> Outcome {
    decide(call, Delivery::Retried)
}

fn decide(call: &mut Call<'_>, delivery: Delivery) -> Outcome {
    call.issue(Command::Deliver {
        delivery,
        reason: call.arg(0).clone(),
    });
    Ok(UNDEFINED)
}
