//! The use of the vendor's limits by a login: measured once, and reported in the same words whatever the limit is.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ceilings::{MEASURES, NAME_BYTES, shortened};
use crate::limits::{self, Limit, Reach};
use crate::outcome::Notice;

/// Something that the vendor limits and that grows with the data of a login or an Action.
///
/// Stored by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measured {
    /// A stable name; notices are called `<name>-near-limit`.
    name: &'static str,
    /// The verb between the subject and the number: `has`.
    verb: &'static str,
    /// The counted unit.
    unit: &'static str,
    limit: Limit,
    /// The code of the notice about a value beyond the limit; `None` where that has an effect of its own: an
    /// exception, a failed login.
    over: Option<&'static str>,
}

impl Serialize for Measured {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl<'de> Deserialize<'de> for Measured {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = ALL.iter().find(|known| known.name == name);
        known
            .copied()
            .ok_or_else(|| D::Error::custom(format!("`{name}` is not a known measure")))
    }
}

const fn measured(name: &'static str, unit: &'static str, limit: Limit) -> Measured {
    Measured {
        name,
        verb: "has",
        unit,
        limit,
        over: None,
    }
}

impl Measured {
    const fn verb(self, verb: &'static str) -> Measured {
        Measured { verb, ..self }
    }

    const fn over(self, code: &'static str) -> Measured {
        Measured {
            over: Some(code),
            ..self
        }
    }
}

/// Declares the table, and with it the list of everything in it.
macro_rules! table {
    ($($name:ident = $measured:expr;)*) => {
        $(pub(crate) const $name: Measured = $measured;)*
        /// All of the table.
        pub(crate) const ALL: &[Measured] = &[$($name),*];
    };
}

#[rustfmt::skip]
mod table {
    use super::{Measured, limits, measured};

    table! {
        ACTIONS = measured("actions", "Actions", limits::ACTIONS_PER_TRIGGER).over("actions-over-limit");
        ACTION_CODE = measured("action-code", "bytes", limits::ACTION_CODE_BYTES).over("action-code-over-limit");
        SECRETS = measured("secrets", "secrets", limits::SECRETS_PER_ACTION).over("secrets-over-limit");
        SECRET_KEY = measured("secret-key", "characters", limits::SECRET_KEY_CHARACTERS).over("secret-over-limit");
        SECRET_VALUE = measured("secret-value", "characters", limits::SECRET_VALUE_CHARACTERS).over("secret-over-limit");
        DEPENDENCIES = measured("dependencies", "npm packages", limits::DEPENDENCIES_PER_ACTION).over("dependencies-over-limit");
        MODULES = measured("modules", "modules", limits::MODULES_PER_ACTION).over("modules-over-limit");
        WAITING = measured("waiting", "milliseconds", limits::EXECUTION_MS).verb("takes").over("waiting-over-limit");
        LOGS = measured("logs", "characters", limits::LOGGED_CHARACTERS).over("logs-truncated");
        CUSTOM_CLAIMS = measured("custom-claims", "bytes", limits::CUSTOM_CLAIMS_BYTES).verb("have");
        WRITTEN_METADATA = measured("written-metadata", "bytes", limits::WRITTEN_METADATA_BYTES);
        PROFILE = measured("profile", "bytes", limits::PROFILE_BYTES).over("profile-over-10kb");
        CACHE = measured("cache", "bytes", limits::CACHE_BYTES).over("cache-over-limit");
        TRANSACTION_METADATA = measured("transaction-metadata", "bytes", limits::TRANSACTION_BYTES);
        SAML_ATTRIBUTES = measured("saml-attributes", "bytes", limits::SAML_ATTRIBUTES_BYTES);
        PROMPT_OPTIONS = measured("prompt-options", "bytes", limits::PROMPT_BYTES).verb("have");
        ENTRIES = measured("metadata-entries", "entries", limits::ENTRY_COUNT);
    }
}
pub(crate) use table::*;

/// The most that a login used of one limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The measured quantity: `action-code`, `custom-claims`.
    pub name: String,
    /// Whose it is, as the beginning of a sentence.
    pub subject: String,
    /// The amount.
    pub value: usize,
    /// The counted unit: `bytes`.
    pub unit: String,
    /// The most that production takes.
    pub limit: usize,
    /// Where the value stands to the limit.
    pub reach: Reach,
    /// The public page.
    pub source: String,
}

/// The subject of what is measured beyond the ceiling on subjects.
const OTHERS: &str = "One of many others";

/// The measures of a login: for each limit and subject the largest value.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Measures(Vec<(Measured, String, usize)>);

impl Measures {
    pub(crate) fn measure(&mut self, measured: Measured, subject: &str, value: usize) {
        let subject = shortened(subject, NAME_BYTES);
        let is_of = |(known, whose, _): &(Measured, String, usize), subject: &str| {
            *known == measured && whose == subject
        };
        let has_room = self.0.len() < MEASURES || self.0.iter().any(|it| is_of(it, &subject));
        let subject = if has_room { &subject } else { OTHERS };
        let known = self.0.iter_mut().find(|it| is_of(it, subject));
        match known {
            Some((_, _, most)) => *most = value.max(*most),
            None => self.0.push((measured, subject.to_owned(), value)),
        }
    }

    /// Returns notices about the quantities that are close to a limit or beyond it.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        let told = self.0.iter().filter_map(|(measured, subject, value)| {
            let Measured {
                verb, unit, limit, ..
            } = *measured;
            let (code, end) = match limit.reach(*value) {
                Reach::Within => return None,
                Reach::Near => (
                    format!("{}-near-limit", measured.name),
                    format!("close to the limit of {}", limit.value),
                ),
                Reach::Over => (
                    measured.over?.to_owned(),
                    format!("more than the limit of {}", limit.value),
                ),
            };
            Some(Notice {
                code,
                message: format!("{subject} {verb} {value} {unit}, {end}."),
                source: Some(limit.source.to_owned()),
            })
        });
        told.collect()
    }

    pub(crate) fn usage(&self) -> Vec<Usage> {
        let usage = self.0.iter().map(|(measured, subject, value)| Usage {
            name: measured.name.to_owned(),
            subject: subject.clone(),
            value: *value,
            unit: measured.unit.to_owned(),
            limit: measured.limit.value,
            reach: measured.limit.reach(*value),
            source: measured.limit.source.to_owned(),
        });
        usage.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{CACHE, LOGS, Measures, WRITTEN_METADATA};

    #[test]
    fn the_largest_value_counts_and_is_told_once() {
        #[track_caller]
        fn check(values: &[usize], expected: &[(&str, &str)]) {
            let mut measures = Measures::default();
            for value in values {
                measures.measure(LOGS, "What `a` prints", *value);
                measures.measure(LOGS, "What `b` prints", 1);
            }
            let notices = measures.notices();
            let told: Vec<_> = notices
                .iter()
                .map(|notice| (notice.code.as_str(), notice.message.as_str()))
                .collect();
            assert_eq!(told, expected);
        }
        check(&[], &[]);
        check(&[230], &[]);
        check(
            &[5, 231, 7],
            &[(
                "logs-near-limit",
                "What `a` prints has 231 characters, close to the limit of 256.",
            )],
        );
        check(
            &[256],
            &[(
                "logs-near-limit",
                "What `a` prints has 256 characters, close to the limit of 256.",
            )],
        );
        check(
            &[240, 257],
            &[(
                "logs-truncated",
                "What `a` prints has 257 characters, more than the limit of 256.",
            )],
        );
    }

    #[test]
    fn what_has_an_effect_of_its_own_is_not_told_again() {
        let mut measures = Measures::default();
        measures.measure(WRITTEN_METADATA, "x", 40_000);
        measures.measure(CACHE, "The cache", 3);
        assert_eq!(measures.notices(), []);
        let usage = measures.usage();
        assert_eq!((usage[0].value, usage[0].limit), (40_000, 32 * 1024));
        assert_eq!(usage.len(), 2);
    }
}
