//! The common parts of the two providers: custom-email-provider and custom-phone-provider, version 1.

use super::{Binding, Runs, Table};
use crate::api::method::{MethodSpec, silent, valued};
use crate::api::{cache, notification};
use crate::event::schema::Field;
use crate::limits;

/// The differences between the providers.
pub(super) struct Provider {
    pub(super) id: &'static str,
    pub(super) execute: &'static str,
    pub(super) api_page: &'static str,
    pub(super) event_page: &'static str,
    pub(super) event: fn() -> &'static Field,
    pub(super) sample: &'static str,
}

impl Provider {
    /// Returns the table of the trigger.
    pub(super) const fn table(self) -> Table {
        Table {
            id: self.id,
            version: "v1",
            execute: self.execute,
            resume: None,
            methods: METHODS,
            page: self.api_page,
            api_page: self.api_page,
            event_page: self.event_page,
            event: self.event,
            sample: self.sample,
            always: &[],
            experiment: false,
            binding: Binding::Trigger,
            runs: Runs::Blocking,
            most_actions: limits::ACTIONS_OF_A_PROVIDER,
            has_tokens: false,
        }
    }
}

#[rustfmt::skip]
const METHODS: &[MethodSpec] = &[
    valued("cache", "delete", cache::delete),
    valued("cache", "get", cache::get),
    valued("cache", "set", cache::set),
    silent("notification", "drop", notification::drop),
    silent("notification", "retry", notification::retry),
];
