//! The conditions of a login: its clock, seed and budget.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    sync::Arc,
};

use postlogin_host::{Budget, Clock, Conditions, Door, Flow};
use postlogin_project::{parse_duration, parse_size};

use crate::{
    args::{LimitArguments, RunArguments},
    error::CliError,
};

pub(super) fn conditions(
    arguments: &RunArguments,
    budget: Budget,
    door: Arc<dyn Door>,
) -> Result<Conditions, CliError> {
    let clock = match &arguments.now {
        Some(text) => Clock::new(now_ms(text)?, Flow::Virtual),
        None => Clock::new(jiff::Timestamp::now().as_millisecond(), Flow::Real),
    };
    let seed = arguments.seed.unwrap_or_else(|| seed_of(clock.now_ms()));
    Ok(Conditions {
        clock: Arc::new(clock),
        seed,
        door,
        budget,
    })
}

/// The value of `--now`, in milliseconds since the epoch.
pub(in crate::commands) fn now_ms(text: &str) -> Result<i64, CliError> {
    let refuse = |problem: &str| {
        CliError::usage(format!("--now: {problem}")).with_hint("write it as 2026-11-22T10:00:00Z")
    };
    let parsed = text.parse::<jiff::Timestamp>();
    let now = parsed.map_err(|_| refuse(&format!("`{text}` is not a valid time")))?;
    // The clock that WebAssembly knows counts from there.
    if now < jiff::Timestamp::UNIX_EPOCH {
        return Err(refuse(&format!("`{text}` is before 1970")));
    }
    Ok(now.as_millisecond())
}

pub(in crate::commands) fn budget(limits: &LimitArguments) -> Result<Budget, CliError> {
    let nothing = |option: &str, hint: &str| {
        CliError::usage(format!("{option}: it must be greater than zero")).with_hint(hint)
    };
    let time = parse_duration(&limits.timeout).map_err(|error| option_error("--timeout", error))?;
    if time.is_zero() {
        return Err(nothing("--timeout", "production gives 20s"));
    }
    let memory = parse_size(&limits.memory).map_err(|error| option_error("--memory", error))?;
    if memory == 0 {
        return Err(nothing("--memory", "the default is 128MiB"));
    }
    Ok(Budget { time, memory })
}

fn option_error(option: &str, error: postlogin_project::Error) -> CliError {
    let mut error = CliError::from(error);
    error.message = format!("{option}: {}", error.message);
    error
}

fn seed_of(now_ms: i64) -> u64 {
    let mut hasher = DefaultHasher::new();
    now_ms.hash(&mut hasher);
    hasher.finish()
}
