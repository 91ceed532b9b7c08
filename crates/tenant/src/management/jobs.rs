//! Jobs: imports and exports of users.
//!
//! <https://auth0.com/docs/manage-users/user-migration/bulk-user-imports>,
//! <https://auth0.com/docs/manage-users/user-migration/bulk-user-exports>

mod export;
mod import;
mod multipart;

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::{Answered, ApiError, Caller, Result, ok};
use crate::records::Job;
use crate::state::Tenant;
use crate::store::Entry;

pub(super) use export::create as create_export;
pub(crate) use export::download;
pub(super) use import::create as create_import;

/// Milliseconds for which a job is known, as in production.
const KEPT_MS: i64 = 86_400_000;
/// The most imports at once, as in production.
const AT_ONCE: usize = 2;

/// The imports that run in this process.
#[derive(Debug, Default)]
pub(crate) struct Running(Mutex<HashSet<String>>);

impl Running {
    /// Notes the begin of a job, unless as many run as may.
    fn begin(&self, id: &str) -> bool {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.len() < AT_ONCE && running.insert(id.to_owned())
    }

    fn end(&self, id: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
    }

    fn has(&self, id: &str) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(id)
    }
}

pub(super) fn keep(tenant: &Tenant, id: &str, job: &Job) -> Result<()> {
    let now = tenant.now_ms();
    Ok(tenant
        .store
        .put(Entry::until(id, now.saturating_add(KEPT_MS)), job, now)?)
}

fn find(tenant: &Tenant, id: &str) -> Result<Job> {
    let job = tenant.store.get::<Job>(id, tenant.now_ms())?;
    let mut job =
        job.ok_or_else(|| ApiError::new(404, "The job does not exist.", "inexistent_job"))?;
    let waits = matches!(
        job.shown.get("status").and_then(Value::as_str),
        Some("pending" | "processing")
    );
    // The server has ended meanwhile.
    if waits && !tenant.jobs.has(id) {
        // Unless it has just been done.
        if let Some(done) = tenant.store.get::<Job>(id, tenant.now_ms())? {
            job = done;
        }
        if job.shown.get("status").and_then(Value::as_str) != Some("completed") {
            job.shown["status"] = "failed".into();
            job.shown["status_details"] = "The server was stopped before the job was done.".into();
        }
    }
    Ok(job)
}

/// The scopes of jobs: reading and making one needs what its work needs.
fn require(caller: &Caller) -> Result<()> {
    caller.require(
        &[
            "create:users",
            "read:users",
            "update:users",
            "create:passwords_checking_job",
        ],
        None,
    )
}

/// `GET /jobs/{id}`
pub(super) fn get(tenant: &Tenant, caller: &Caller, id: &str) -> Result<Answered> {
    require(caller)?;
    ok(find(tenant, id)?.shown)
}

/// `GET /jobs/{id}/errors`: 204 when there are none.
pub(super) fn errors(tenant: &Tenant, caller: &Caller, id: &str) -> Result<Answered> {
    require(caller)?;
    let job = find(tenant, id)?;
    match job.errors.is_empty() {
        false => ok(Value::Array(job.errors)),
        true if job.shown.get("status").and_then(Value::as_str) == Some("failed") => ok(job.shown),
        true => Ok(Answered::Nothing),
    }
}
