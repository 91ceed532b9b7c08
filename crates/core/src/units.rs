//! Durations and sizes, as users write them.

use std::{fmt, time::Duration};

/// Why a text is not a duration or a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitError {
    /// The problem, in one sentence without a full stop.
    pub message: String,
    /// The correct form.
    pub hint: &'static str,
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for UnitError {}

/// Units of time, in nanoseconds.
const DURATION_UNITS: &[(&str, u64)] = &[
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Units of size, in bytes. The vendor's limits are in powers of ten and of two, so the units say which.
const SIZE_UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// Reads a duration: `500ms`, `3s`, `1.5s`, `1m`, `1h`.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    parse(
        text,
        "a duration",
        DURATION_UNITS,
        "write a number and a unit: 500ms, 3s or 1m",
    )
    .map(Duration::from_nanos)
}

/// Reads a size in bytes: `64MiB` (2^20 each), `10MB` (10^6 each), `1GiB`, `512KiB`, `100B`.
pub fn parse_size(text: &str) -> Result<u64, UnitError> {
    parse(
        text,
        "a size",
        SIZE_UNITS,
        "write a number and a unit: 64MiB, 10MB or 1GiB",
    )
}

fn parse(
    text: &str,
    what: &str,
    units: &[(&str, u64)],
    hint: &'static str,
) -> Result<u64, UnitError> {
    let trimmed = text.trim();
    let refuse = |problem: &str| UnitError {
        message: format!("`{text}` is not {what}: {problem}"),
        hint,
    };
    let end = trimmed
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(end);
    let unit = unit.trim_start();
    if number.is_empty() {
        return Err(refuse("it does not begin with a number"));
    }
    if unit.is_empty() {
        return Err(refuse("the unit is missing"));
    }
    let Some((_, factor)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(refuse(&format!("unknown unit `{unit}`")));
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits =
        |digits: &str| !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return Err(refuse(&format!("`{number}` is not a number")));
    }
    // In integers, so that 0.1s is exactly 100 ms.
    let scale = 10_u128.pow(u32::try_from(fraction.len()).unwrap_or(9));
    let amount = whole
        .parse::<u64>()
        .ok()
        .zip(fraction.parse::<u64>().ok())
        .and_then(|(whole, fraction)| {
            let scaled = u128::from(whole) * scale + u128::from(fraction);
            u64::try_from(scaled * u128::from(*factor) / scale).ok()
        });
    amount.ok_or_else(|| refuse("it is too large"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, milliseconds) in [
            ("500ms", 500),
            ("3s", 3_000),
            ("20s", 20_000),
            ("1m", 60_000),
            ("1.5s", 1_500),
            ("0.1s", 100),
            ("2 h", 7_200_000),
            ("0s", 0),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("64MiB", 67_108_864),
            ("10MB", 10_000_000),
            ("1GiB", 1_073_741_824),
            ("100 kB", 100_000),
            ("0.5KiB", 512),
            ("7B", 7),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn errors_say_what_is_wrong() {
        for (text, expected) in [
            ("20", "`20` is not a duration: the unit is missing"),
            ("", "`` is not a duration: it does not begin with a number"),
            (
                "-3s",
                "`-3s` is not a duration: it does not begin with a number",
            ),
            ("3 sec", "`3 sec` is not a duration: unknown unit `sec`"),
            (
                "1.2.3s",
                "`1.2.3s` is not a duration: `1.2.3` is not a number",
            ),
            (".s", "`.s` is not a duration: `.` is not a number"),
            (
                "99999999999999999999h",
                "`99999999999999999999h` is not a duration: it is too large",
            ),
            (
                "9999999999999999h",
                "`9999999999999999h` is not a duration: it is too large",
            ),
        ] {
            let error = parse_duration(text).expect_err(text);
            assert_eq!(error.message, expected);
            assert!(!error.hint.is_empty());
        }
        assert_eq!(
            parse_size("64M").expect_err("no unit").message,
            "`64M` is not a size: unknown unit `M`"
        );
    }
}
