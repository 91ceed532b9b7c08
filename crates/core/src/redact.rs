//! Hides secrets in an outcome, and in whatever else is shown or written.

mod beginnings;
mod mask;

use crate::explanation::{Explanation, WaitsFor};
use crate::outcome::{Effects, ExchangeUser, Outcome};

pub use mask::{Mask, WORDS};

/// The replacement for a secret.
pub const MASK: &str = "***";

impl Outcome {
    /// Replaces every secret by `***` in every text that an Action or the event can have put there: values, keys,
    /// logs, errors, arguments. Names of Actions, methods and files stay. A secret is found also in the form that
    /// JSON, a URL or `console.log` gives to it, and so is each longer line of it; encrypted, hashed or encoded otherwise it is not.
    ///
    /// Values that are given as secrets may be plain configuration, as the values of Rules are. Such values do not take names
    /// of claims and half of every text with them: see [`Mask::of`].
    pub fn redact(&mut self, secrets: &[&str]) {
        self.redact_by(&Mask::of(secrets));
    }

    /// As [`Outcome::redact`], for a mask that hides more than one outcome.
    pub fn redact_by(&mut self, mask: &Mask) {
        if mask.is_empty() {
            return;
        }
        mask.option(&mut self.reason);
        mask.object(&mut self.id_token.claims);
        mask.object(&mut self.access_token.claims);
        mask.option(&mut self.id_token.jwt);
        mask.option(&mut self.access_token.jwt);
        mask.object(&mut self.userinfo);
        mask.object(&mut self.user.user_metadata);
        mask.object(&mut self.user.app_metadata);
        self.effects.redact(mask);
        for entry in &mut self.ledger {
            mask.text(&mut entry.name);
            mask.value(&mut entry.value);
            entry
                .sources
                .iter_mut()
                .for_each(|source| mask.text(source));
        }
        for call in &mut self.unset_claims {
            mask.text(&mut call.name);
        }
        for command in &mut self.commands {
            command
                .args
                .iter_mut()
                .for_each(|argument| mask.value(argument));
        }
        for request in &mut self.requests {
            request.redact(mask);
        }
        for log in &mut self.logs {
            mask.text(&mut log.message);
        }
        for notice in &mut self.notices {
            mask.text(&mut notice.message);
        }
        if let Some(error) = &mut self.error {
            mask.text(&mut error.name);
            mask.text(&mut error.message);
            mask.text(&mut error.stack);
        }
        if let Some(redirect) = &mut self.redirect {
            mask.text(&mut redirect.url);
        }
        if let Some(rules) = &mut self.rules {
            mask.value(&mut rules.user);
            mask.value(&mut rules.context);
        }
    }
}

impl Effects {
    fn redact(&mut self, mask: &Mask) {
        let texts = [
            &mut self.user_message,
            &mut self.user_id,
            &mut self.organization,
            &mut self.result_url,
        ];
        texts.into_iter().for_each(|text| mask.option(text));
        for error in &mut self.validation_errors {
            mask.text(&mut error.code);
            mask.text(&mut error.message);
        }
        match &mut self.exchange_user {
            Some(ExchangeUser::Id { id }) => mask.text(id),
            Some(ExchangeUser::Connection {
                connection,
                attributes,
                ..
            }) => {
                mask.text(connection);
                mask.object(attributes);
            }
            None => {}
        }
        if let Some(actor) = &mut self.actor {
            mask.value(actor);
        }
        mask.object(&mut self.metadata.user_metadata);
        mask.object(&mut self.metadata.app_metadata);
        if let Some(notification) = &mut self.notification {
            mask.option(&mut notification.reason);
        }
    }
}

impl Explanation {
    /// Replaces every secret by `***`, as [`Outcome::redact`], and in what Actions read.
    pub fn redact(&mut self, secrets: &[&str]) {
        self.redact_by(&Mask::of(secrets));
    }

    /// As [`Explanation::redact`], for a mask that hides more than one.
    pub fn redact_by(&mut self, mask: &Mask) {
        self.outcome.redact_by(mask);
        if mask.is_empty() {
            return;
        }
        for claim in &mut self.claims {
            mask.text(&mut claim.name);
            mask.value(&mut claim.value);
            for origin in &mut claim.origins {
                mask.text(&mut origin.path);
            }
        }
        for expected in &mut self.expected {
            if let Some(similar) = &mut expected.similar {
                mask.text(similar);
            }
            for site in &mut expected.sites {
                for condition in &mut site.conditions {
                    mask.text(&mut condition.text);
                    for read in &mut condition.reads {
                        mask.text(&mut read.path);
                        mask.value(&mut read.value);
                    }
                }
            }
        }
        for read in &mut self.reads {
            mask.text(&mut read.path);
            mask.value(&mut read.value);
        }
        for usage in &mut self.limits {
            mask.text(&mut usage.subject);
        }
        for wait in &mut self.waits {
            match &mut wait.waits_for {
                WaitsFor::Redirect { url: text } | WaitsFor::Form { id: text } => mask.text(text),
                WaitsFor::Challenge { .. } | WaitsFor::Enroll { .. } => {}
            }
        }
    }
}
