//! The tenant's only clock, which tests may freeze and put forward.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// The farthest that a test may go in either direction, in milliseconds: a hundred years.
const FARTHEST_MS: i64 = 100 * 366 * 86_400_000;

/// Milliseconds since the epoch, as the tenant sees them.
#[derive(Debug, Default)]
pub struct TenantClock {
    state: Mutex<State>,
}

/// A change of the time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// It is frozen, at a moment or now.
    Freeze(Option<i64>),
    /// It goes forward or, by less than nothing, back.
    Advance(i64),
    /// It is that of the machine.
    Reset,
}

#[derive(Debug, Default, Clone, Copy)]
struct State {
    offset_ms: i64,
    frozen_at_ms: Option<i64>,
}

fn system_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX / 4)
}

impl TenantClock {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The time now.
    pub fn now_ms(&self) -> i64 {
        self.with(|state| {
            state
                .frozen_at_ms
                .unwrap_or_else(|| system_ms().saturating_add(state.offset_ms))
        })
    }

    /// Whether time is frozen.
    pub fn is_frozen(&self) -> bool {
        self.with(|state| state.frozen_at_ms.is_some())
    }

    /// Stops time, at a moment or now.
    pub fn freeze(&self, at_ms: Option<i64>) {
        let now = self.now_ms();
        self.with(|state| state.frozen_at_ms = Some(at_ms.unwrap_or(now).clamp(0, FARTHEST_MS)));
    }

    /// Puts time forward, frozen or not.
    pub fn advance(&self, by_ms: i64) {
        let by_ms = by_ms.clamp(-FARTHEST_MS, FARTHEST_MS);
        self.with(|state| match &mut state.frozen_at_ms {
            Some(at) => *at = at.saturating_add(by_ms).clamp(0, FARTHEST_MS),
            None => {
                state.offset_ms = state
                    .offset_ms
                    .saturating_add(by_ms)
                    .clamp(-FARTHEST_MS, FARTHEST_MS)
            }
        });
    }

    /// Takes all of these steps or, when one leads out of the range that a clock may have, none.
    ///
    /// # Errors
    /// With the range.
    pub(crate) fn apply(&self, steps: &[Step]) -> Result<(), String> {
        let outside = || {
            format!(
                "the time lies outside of {} to {}",
                iso(0),
                iso(FARTHEST_MS)
            )
        };
        let in_range = |ms: i64| (0..=FARTHEST_MS).contains(&ms);
        self.with(|state| {
            let mut next = *state;
            for step in steps {
                let now = next
                    .frozen_at_ms
                    .unwrap_or_else(|| system_ms().saturating_add(next.offset_ms));
                let then = match step {
                    Step::Reset => {
                        next = State::default();
                        continue;
                    }
                    Step::Freeze(at) => at.unwrap_or(now),
                    Step::Advance(by) => now.saturating_add(*by),
                };
                if !in_range(then) {
                    return Err(outside());
                }
                match (step, &mut next.frozen_at_ms) {
                    (Step::Advance(by), None) => {
                        next.offset_ms = next.offset_ms.saturating_add(*by);
                    }
                    (_, frozen) => *frozen = Some(then),
                }
            }
            *state = next;
            Ok(())
        })
    }

    /// Checks what [`TenantClock::export`] gave, or something else.
    ///
    /// # Errors
    /// When it is no clock, in one sentence.
    pub(crate) fn check(exported: &Value) -> Result<(), String> {
        let check = |key: &str, range: std::ops::RangeInclusive<i64>| match exported.get(key) {
            None | Some(Value::Null) => Ok(()),
            Some(value) => match value.as_i64().filter(|ms| range.contains(ms)) {
                Some(_) => Ok(()),
                None => Err(format!(
                    "`clock.{key}` must be null or whole milliseconds from {} to {}",
                    range.start(),
                    range.end()
                )),
            },
        };
        if !exported.is_null() && !exported.is_object() {
            return Err("`clock` must be an object".to_owned());
        }
        check("frozen_at_ms", 0..=FARTHEST_MS)?;
        check("offset_ms", -FARTHEST_MS..=FARTHEST_MS)
    }

    /// `{"frozen_at_ms", "offset_ms"}`.
    pub(crate) fn export(&self) -> Value {
        self.with(|state| json!({"frozen_at_ms": state.frozen_at_ms, "offset_ms": state.offset_ms}))
    }

    /// Takes over what [`TenantClock::export`] gave.
    pub(crate) fn import(&self, exported: &Value) {
        let whole = |key: &str| exported.get(key).and_then(Value::as_i64);
        self.reset();
        self.advance(whole("offset_ms").unwrap_or_default());
        if let Some(at) = whole("frozen_at_ms") {
            self.freeze(Some(at));
        }
    }

    /// Back to the time of the machine.
    pub fn reset(&self) {
        self.with(|state| *state = State::default());
    }
}

/// `2026-01-01T00:00:00.000Z`.
pub(crate) fn iso(ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let text = format!("{time:.3}");
    text
}

/// Milliseconds of an RFC 3339 text.
pub(crate) fn parse_iso(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>()
        .ok()
        .map(|time| time.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::{TenantClock, iso, parse_iso};

    #[test]
    fn time_can_stand_still_and_jump() {
        let clock = TenantClock::default();
        clock.freeze(Some(1_000));
        assert_eq!(clock.now_ms(), 1_000);
        clock.advance(500);
        assert_eq!(clock.now_ms(), 1_500);
        clock.advance(i64::MAX);
        assert!(clock.now_ms() > 1_500);
        clock.reset();
        assert!(!clock.is_frozen());
    }

    #[test]
    fn times_have_milliseconds() {
        assert_eq!(iso(1_767_225_600_000), "2026-01-01T00:00:00.000Z");
        assert_eq!(
            parse_iso("2026-01-01T00:00:00.123Z"),
            Some(1_767_225_600_123)
        );
        assert_eq!(parse_iso("yesterday"), None);
    }
}
