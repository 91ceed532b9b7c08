//! The handlers of a login that did not load, by the notices about them.

use super::{Notice, Outcome};

/// The code of the notices.
const CODE: &str = "action-not-loaded";
/// The text after the name, in backquotes, in such a notice.
const AFTER_NAME: &str = "` was not loaded, and what the others did is shown without it: ";

impl Notice {
    /// Returns the notice about a handler that did not load. `why` is one sentence without a full stop.
    pub(crate) fn not_loaded(name: &str, why: &str) -> Self {
        Self {
            code: CODE.to_owned(),
            message: format!("`{name}{AFTER_NAME}{why}"),
            source: None,
        }
    }
}

impl Outcome {
    /// Returns the names of the handlers that did not load and were passed over: the login is not the one of production.
    pub fn not_loaded(&self) -> impl Iterator<Item = &str> {
        self.not_loaded_with_reasons().map(|(name, _)| name)
    }

    /// As [`Outcome::not_loaded`], each with the reason.
    pub(crate) fn not_loaded_with_reasons(&self) -> impl Iterator<Item = (&str, &str)> {
        let notices = self.notices.iter().filter(|notice| notice.code == CODE);
        notices.filter_map(|notice| {
            let named = notice.message.strip_prefix('`')?;
            named.split_once(AFTER_NAME)
        })
    }
}
