//! When a replay counts as failed: `changed > 0.5%`.

use crate::summary::Summary;

/// The metrics that can be limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Users with a difference, those whose login fails after and did not before among them.
    Changed,
    /// Users whose login fails after.
    Failed,
    /// Users whose login fails after and did not fail before.
    NewlyFailed,
    /// Users whose login is denied after.
    Denied,
    /// Lines that are not users.
    Unreadable,
    /// Users whose requests no exchange answers after.
    Unanswered,
    /// Users whose ID token after is longer than a cookie.
    OverCookie,
    /// Users whose ID token after is longer than the headers of a request.
    OverHeader,
}

impl Metric {
    const ALL: &[(&str, Metric)] = &[
        ("changed", Metric::Changed),
        ("failed", Metric::Failed),
        ("newly-failed", Metric::NewlyFailed),
        ("denied", Metric::Denied),
        ("unreadable", Metric::Unreadable),
        ("unanswered", Metric::Unanswered),
        ("over-cookie", Metric::OverCookie),
        ("over-header", Metric::OverHeader),
    ];

    /// The number of users.
    #[must_use]
    pub fn of(self, summary: &Summary) -> u64 {
        let too_long = |index: usize| {
            let counts = summary.too_long.get("id_token after");
            counts
                .and_then(|counts| counts.get(index))
                .copied()
                .unwrap_or_default()
        };
        let ended = |name: &str| {
            let endings = summary.endings.iter();
            let after = endings.filter(|(ending, _)| ending.rsplit(' ').next() == Some(name));
            after.map(|(_, count)| count).sum()
        };
        match self {
            Metric::Changed => summary.different + summary.failed_after + fixed(summary),
            Metric::Failed => ended("failed"),
            Metric::NewlyFailed => summary.failed_after,
            Metric::Denied => ended("denied"),
            Metric::Unreadable => summary.unreadable,
            Metric::Unanswered => summary.unanswered[1],
            Metric::OverCookie => too_long(0),
            Metric::OverHeader => too_long(1),
        }
    }
}

/// Users whose login failed before and does not after.
fn fixed(summary: &Summary) -> u64 {
    summary.failed_before - summary.failed_both
}

/// A limit.
#[derive(Debug, Clone, PartialEq)]
pub struct FailIf {
    text: String,
    metric: Metric,
    /// Whether the limit itself is too much.
    is_inclusive: bool,
    limit: f64,
    is_percent: bool,
}

impl FailIf {
    /// Reads `METRIC > NUMBER`, `METRIC >= NUMBER`, with `%` behind the number for a share of the users that were read.
    ///
    /// # Errors
    /// With what is wrong, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (metric, rest) = text.split_once('>').ok_or("`>` is missing")?;
        let (is_inclusive, number) = match rest.strip_prefix('=') {
            Some(number) => (true, number),
            None => (false, rest),
        };
        let metric = metric.trim();
        let found = Metric::ALL.iter().find(|(name, _)| *name == metric);
        let names = || {
            Metric::ALL
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (_, metric) =
            found.ok_or_else(|| format!("`{metric}` is not counted; these are: {}", names()))?;
        let number = number.trim();
        let (number, is_percent) = match number.strip_suffix('%') {
            Some(number) => (number.trim(), true),
            None => (number, false),
        };
        let limit = number
            .parse()
            .ok()
            .filter(|limit: &f64| limit.is_finite() && *limit >= 0.0);
        let limit = limit.ok_or_else(|| format!("`{number}` is not a number of at least 0"))?;
        if is_percent && limit > 100.0 {
            return Err("more than 100 % are never reached".into());
        }
        Ok(Self {
            text: text.trim().to_owned(),
            metric: *metric,
            is_inclusive,
            limit,
            is_percent,
        })
    }

    /// The limit as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the limited metric.
    #[must_use]
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// Whether the limit is exceeded.
    #[must_use]
    pub fn is_exceeded(&self, summary: &Summary) -> bool {
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts of users are far below 2^53"
        )]
        let (count, lines) = (self.metric.of(summary) as f64, summary.lines.max(1) as f64);
        let found = if self.is_percent {
            count * 100.0 / lines
        } else {
            count
        };
        found > self.limit || (self.is_inclusive && found >= self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_and_checked() {
        let summary = Summary {
            lines: 1000,
            different: 4,
            failed_after: 1,
            ..Summary::default()
        };
        for (text, expected) in [
            ("changed > 0.5%", false),
            ("changed >= 0.5%", true),
            ("changed>0.4%", true),
            ("changed > 4", true),
            ("changed > 5", false),
            ("newly-failed >= 1", true),
            ("unreadable > 0", false),
        ] {
            let limit = FailIf::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(limit.is_exceeded(&summary), expected, "{text}");
        }
        for (text, expected) in [
            ("changed", "`>` is missing"),
            ("different > 1", "changed, failed"),
            ("changed > x", "not a number"),
            ("changed > -1", "not a number"),
            ("changed > 101%", "100 %"),
            ("changed > NaN", "not a number"),
        ] {
            let error = FailIf::parse(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
