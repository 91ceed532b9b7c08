//! The login as a value: what it starts from, which handlers run in which order, what it has collected, how it ends.
//!
//! A host creates a [`Login`] with the facts it starts from and its handlers, and steps it: [`Login::next`] returns the
//! handler to run, the user's input to wait for, or the end. While a handler runs, its calls of `api` methods are answered by
//! [`Login::call`]; [`Login::end`] reports how it ended and [`Login::answer`] what the user did. [`Login::finish`] folds what
//! was collected. A login that waits is plain data: [`Login::store`] and [`Login::restore`].

mod changes;
mod handler;
pub(crate) mod input;
mod program;
mod settings;
mod step;
mod stored;
#[cfg(test)]
mod tests;
pub(crate) mod transaction;

pub use changes::{Changes, RefreshTokenChanges, RevokedSession, SessionChanges};
pub use handler::{EntryPoint, HandlerInfo, HandlerKind};
pub use input::{LoginInput, complete_event, remove_parameters, store_user};
pub use settings::{TenantSettings, TokenDialect};
pub use step::{Call, Finished, Pause, SandboxUse, Step};
pub use stored::{LOGIN_VERSION, RestoreError};
pub use transaction::{ResumeStep, Resumption, Suspension};

use crate::api::CacheEntries;
use crate::fault::Fault;
use crate::location::Location;
use crate::outcome::{Notice, RequestRecord};
use crate::reads::Watch;
use crate::redact::Mask;
use crate::reply::Reply;
use crate::rules::RuleReport;
use crate::trigger::Trigger;
use crate::value::Argument;
use program::Progress;
use transaction::Transaction;

/// One login on its way through its handlers.
#[derive(Debug)]
pub struct Login {
    /// The handlers, in their order.
    handlers: Vec<HandlerInfo>,
    progress: Progress,
    /// Boxed, as hosts move logins about.
    transaction: Box<Transaction>,
}

impl Login {
    /// Starts a login. `handlers` may come in any order: a connection runs before Rules, and Rules before Actions.
    #[must_use]
    pub fn new(input: LoginInput, handlers: Vec<HandlerInfo>) -> Self {
        let mut transaction = Box::new(Transaction::new(input));
        let actions = handlers.iter().filter(|it| it.kind == HandlerKind::Action);
        transaction.bound(actions.count());
        Self {
            progress: Progress::new(&handlers),
            handlers,
            transaction,
        }
    }

    /// Returns the trigger.
    #[must_use]
    pub fn trigger(&self) -> Trigger {
        self.transaction.flow().input.trigger
    }

    /// Returns what all randomness of the login is derived from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.transaction.flow().input.seed
    }

    /// Records what handlers read of the event, for the sources in the ledger and for [`Finished::record`].
    #[must_use]
    pub fn watched(mut self, watch: Watch) -> Self {
        self.transaction.watch(watch);
        self
    }

    /// Starts `api.cache` with what earlier executions of the trigger have left: before the first handler, or before a login that
    /// waited resumes. Without this, it starts empty.
    pub fn fill_cache(&mut self, shared: CacheEntries) {
        self.transaction.flow_mut().cache.fill(shared);
    }

    /// Leaves what the Actions have set in `api.cache`, and deleted, to later executions: when the login waits, and when it has
    /// ended, however it ended.
    pub fn share_cache(&mut self, shared: &mut CacheEntries) {
        let flow = self.transaction.flow_mut();
        flow.cache.share(shared, flow.now_ms);
    }

    /// Lets the login continue after Actions that do not load, so that what the others do is seen. It ends as failed all the same,
    /// unless another handler denied it or waits for the user; the error is that of the first handler that did not run, and a
    /// notice `action-not-loaded` names each. Without this, the first Action that does not load ends the login, as in
    /// production.
    #[must_use]
    pub fn passing_over(mut self) -> Self {
        self.progress.passes_over = true;
        self
    }

    /// Answers one call of an `api` method. `method` is the path below `api`; `site` is the caller's place.
    ///
    /// An unknown method and a call while no handler runs answer with an exception.
    pub fn call(
        &mut self,
        method: &str,
        args: &[Argument],
        site: Option<Location>,
        now_ms: i64,
    ) -> Reply {
        self.transaction.call(method, args, site, now_ms)
    }

    /// Returns the event as the running handler was given it, with what its calls have changed since; `None` while no handler runs.
    #[must_use]
    pub fn given_event(&self) -> Option<&serde_json::Value> {
        self.transaction.given_event()
    }

    /// Returns what is recorded of reads of the event.
    #[must_use]
    pub fn watching(&self) -> Watch {
        self.transaction.watching()
    }

    /// Records that the running handler read a property of its event. `keys` lead there, array indices as digits; those
    /// of a Rule begin with `user` or `context`. The number of recorded reads has a ceiling, which a notice reports.
    pub fn read(&mut self, keys: &[String], present: bool, site: Option<Location>) {
        self.transaction.read(keys, present, site);
    }

    /// Records that the running handler read more of its event than is reported: [`crate::ceilings::READS_BETWEEN_CALLS`].
    pub fn leave_reads_untold(&mut self) {
        self.transaction.leave_reads_untold();
    }

    /// Records what the running handler prints, up to production's limit.
    pub fn log(&mut self, level: &str, message: String) {
        self.transaction.log(level, message);
    }

    /// Records a request of the running handler, up to a ceiling, which a notice reports.
    pub fn request(&mut self, record: RequestRecord) {
        self.transaction.request(record);
    }

    /// Hides in the requests so far: what `mask` hides, then whatever `hide` does. For a login that is stored.
    pub fn hide_in_requests(&mut self, mask: &Mask, hide: impl FnOnce(&mut [RequestRecord])) {
        let requests = self.transaction.requests();
        requests.iter_mut().for_each(|it| it.redact(mask));
        hide(requests);
    }

    /// Counts requests of the running handler that the host did not record.
    pub fn drop_requests(&mut self, count: usize) {
        self.transaction.drop_requests(count);
    }

    /// Records a notice; one with the same code and message is recorded once.
    pub fn notice(&mut self, notice: Notice) {
        self.transaction.notice(notice);
    }

    /// Returns the fault with which the running handler has to end because the host keeps no more of it
    /// ([`crate::ceilings`]). From then on all calls are refused, and [`Login::end`] fails the login.
    #[must_use]
    pub fn exceeded(&self) -> Option<Fault> {
        self.transaction.exceeded()
    }

    /// Ends the running handler at a ceiling that the host found itself. `what` completes "The Actions of this login …".
    pub fn exceed(&mut self, what: &str) {
        self.transaction.exceed(what);
    }

    /// Returns whether a Rule or the script of a connection runs.
    #[must_use]
    pub fn is_in_rule(&self) -> bool {
        self.transaction.is_in_rule()
    }

    /// Records what a Rule passed to its callback: the first call counts.
    pub fn rule_called_back(&mut self, report: RuleReport, now_ms: i64) {
        self.transaction.rule_called_back(report, now_ms);
    }

    /// Records that the promise of a Rule was rejected before it called back: production does not wait for that promise.
    pub fn rule_was_rejected(&mut self, reason: String) {
        self.transaction.rule_was_rejected(reason);
    }

    /// Returns the message for a Rule that never called back.
    #[must_use]
    pub fn rule_never_called_back(&self) -> Option<String> {
        self.transaction.rule_never_called_back()
    }

    /// Records that a Rule read a key of `configuration` that is not given.
    pub fn rule_misses(&mut self, key: &str, site: Option<Location>) {
        self.transaction.rule_misses(key, site);
    }

    /// Returns the URL of the profile that `auth0.users` of a Rule updates.
    #[must_use]
    pub fn rule_profile_url(&self, user_id: &str) -> String {
        self.transaction.rule_profile_url(user_id)
    }

    /// Answers `auth0.users.updateUserMetadata` and `updateAppMetadata` of a Rule. `kind` is `user_metadata` or
    /// `app_metadata`.
    pub fn rule_updates_user(
        &mut self,
        kind: &str,
        id: &Argument,
        metadata: &Argument,
        site: Option<Location>,
        now_ms: i64,
    ) -> crate::reply::Answer {
        self.transaction
            .rule_updates_user(kind, id, metadata, site, now_ms)
    }
}
