//! Quotas of tokens of machines: `token_quota` of an application and an organization, `default_token_quota` of the tenant.
//!
//! Counts are in memory, and end with the process or a reset of the tenant.
//!
//! <https://auth0.com/docs/fine-grained-m2m-token-quotas>

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::response::Response;
use serde_json::Value;

use super::OAuthError;
use crate::http::{Call, set, text};
use crate::management::journal::Happening;
use crate::state::Tenant;

/// The buckets with their seconds; they begin with an hour and a day of UTC.
const BUCKETS: [(&str, i64); 2] = [("per_hour", 3_600), ("per_day", 86_400)];

/// The shares of a quota at which the log warns, in percent.
const WARNINGS: [u64; 3] = [60, 80, 100];

/// Whose quota it is, and the bucket.
type Key = (String, &'static str);

/// The tokens that were given: when the bucket began, and how many.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<HashMap<Key, (i64, u64)>>);

impl Counts {
    pub(crate) fn clear(&self) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.clear();
    }
}

/// The rest of a bucket of a quota.
#[derive(Debug, Clone)]
struct Bucket {
    name: &'static str,
    quota: u64,
    used: u64,
    /// Seconds until it begins anew.
    ends_in_s: i64,
}

/// The quota of an application or an organization, as far as it is used up.
#[derive(Debug, Clone)]
pub(crate) struct Quota {
    /// `client` or `organization`.
    of: &'static str,
    id: String,
    enforced: bool,
    buckets: Vec<Bucket>,
}

/// Returns the quotas that count for a request: those of the application and of the organization, or the tenant's defaults.
pub(super) fn of_request(
    tenant: &Tenant,
    client: &Value,
    organization: Option<&Value>,
) -> Vec<Quota> {
    let defaults = tenant.catalog.settings.get("default_token_quota");
    let organization = organization.map(|it| (it, "organization", "organizations", "id"));
    [
        Some((client, "client", "clients", "client_id")),
        organization,
    ]
    .into_iter()
    .flatten()
    .filter_map(|(item, of, default, id)| {
        let own = item.pointer("/token_quota/client_credentials");
        let default = || defaults?.get(default)?.get("client_credentials");
        let limits = own.filter(|it| it.is_object()).or_else(default)?;
        let quota = quota(tenant, (of, text(item, id)?), limits);
        (!quota.buckets.is_empty()).then_some(quota)
    })
    .collect()
}

fn quota(tenant: &Tenant, (of, id): (&'static str, &str), limits: &Value) -> Quota {
    let now_s = tenant.now_ms().div_euclid(1000);
    let counts = tenant
        .quotas
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let buckets = BUCKETS.iter().filter_map(|(name, seconds)| {
        let quota = limits.get(*name).and_then(Value::as_u64)?;
        let since = now_s.div_euclid(*seconds);
        let known = counts.get(&(key(of, id), *name));
        let used = known
            .filter(|(begun, _)| *begun == since)
            .map_or(0, |(_, used)| *used);
        Some(Bucket {
            name,
            quota,
            used,
            ends_in_s: seconds - now_s.rem_euclid(*seconds),
        })
    });
    Quota {
        of,
        id: id.to_owned(),
        // "The default is true."
        enforced: limits.get("enforce") != Some(&Value::Bool(false)),
        buckets: buckets.collect(),
    }
}

fn key(of: &str, id: &str) -> String {
    format!("{of} {id}")
}

/// Refuses a request whose quota is used up.
///
/// # Errors
/// 429, with the headers of [`refuse`].
pub(super) fn check(quotas: &[Quota]) -> Result<(), OAuthError> {
    let is_used_up =
        |quota: &&Quota| quota.enforced && quota.buckets.iter().any(|it| it.used >= it.quota);
    let Some(quota) = quotas.iter().find(is_used_up) else {
        return Ok(());
    };
    let description = match quota.of {
        "client" => "Client quota exceeded",
        _ => "Organization quota exceeded",
    };
    let mut error = OAuthError::new(429, "too_many_requests", description);
    error.quotas = vec![quota.clone()];
    Err(error)
}

/// Counts a token that was given, and warns in the log of the tenant where a quota comes to its end.
pub(super) fn count(tenant: &Tenant, call: &Call, quotas: &mut [Quota]) {
    let now_s = tenant.now_ms().div_euclid(1000);
    for quota in quotas {
        for bucket in &mut quota.buckets {
            let seconds = BUCKETS.iter().find(|(name, _)| *name == bucket.name);
            let since = now_s.div_euclid(seconds.map_or(1, |(_, seconds)| *seconds));
            let mut counts = tenant
                .quotas
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let entry = counts.entry((key(quota.of, &quota.id), bucket.name));
            let (begun, used) = entry.or_insert((since, 0));
            if *begun != since {
                (*begun, *used) = (since, 0);
            }
            *used += 1;
            bucket.used = *used;
            drop(counts);
            // The highest share that this token reaches, and the one before did not.
            let share = |used: u64| used.saturating_mul(100) / bucket.quota.max(1);
            let reached = WARNINGS.iter().rev().find(|warning| {
                share(bucket.used) >= **warning && share(bucket.used - 1) < **warning
            });
            if let Some(reached) = reached {
                let description =
                    format!("{reached}% of {} {} quota consumed", quota.of, bucket.name);
                tenant.record_of(
                    call,
                    &Happening {
                        kind: "token_quota_consumption_warning",
                        description: &description,
                        client_id: match quota.of {
                            "client" => &quota.id,
                            _ => "",
                        },
                        ..Happening::default()
                    },
                );
            }
        }
    }
}

/// Names the quotas of an answer: `b=per_hour;q=10;r=7;t=3540,b=per_day;…`.
pub(super) fn name(response: &mut Response, quotas: &[Quota]) {
    for quota in quotas {
        let header = match quota.of {
            "client" => "auth0-client-quota-limit",
            _ => "auth0-organization-quota-limit",
        };
        let buckets = quota.buckets.iter().map(|bucket| {
            let left = bucket.quota.saturating_sub(bucket.used);
            let (name, quota, ends) = (bucket.name, bucket.quota, bucket.ends_in_s);
            format!("b={name};q={quota};r={left};t={ends}")
        });
        set(response, header, &buckets.collect::<Vec<_>>().join(","));
    }
}

/// Adds what an answer of [`check`] says beside its body: when to come again.
pub(super) fn refuse(tenant: &Tenant, response: &mut Response, quotas: &[Quota]) {
    name(response, quotas);
    let mut buckets = quotas.iter().flat_map(|quota| &quota.buckets);
    if let Some(bucket) = buckets.find(|it| it.used >= it.quota) {
        let reset = tenant.now_ms().div_euclid(1000) + bucket.ends_in_s;
        for (header, value) in [
            ("x-ratelimit-limit", bucket.quota.to_string()),
            ("x-ratelimit-remaining", "0".to_owned()),
            ("x-ratelimit-reset", reset.to_string()),
            ("retry-after", bucket.ends_in_s.to_string()),
        ] {
            set(response, header, &value);
        }
    }
}
