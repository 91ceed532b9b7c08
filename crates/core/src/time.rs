//! Calendar arithmetic on milliseconds since the epoch, in UTC.

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years start in March, so that the leap day is the last of a year.
    let year = if month <= 2 {
        year.saturating_sub(1)
    } else {
        year
    }
    .clamp(-300_000, 300_000);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9).rem_euclid(12)) + 2) / 5 + day.clamp(1, 31) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// `Date.prototype.toISOString`: `2026-01-01T00:00:00.000Z`.
pub fn iso_text(epoch_ms: i64) -> String {
    let days = epoch_ms.div_euclid(86_400_000);
    let ms = epoch_ms.rem_euclid(86_400_000);
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era.saturating_mul(400) + i64::from(month <= 2);
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    let year = match year {
        0..=9_999 => format!("{year:04}"),
        year if year < 0 => format!("-{:06}", year.unsigned_abs()),
        year => format!("+{year:06}"),
    };
    format!(
        "{year}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{:03}Z",
        ms % 1_000
    )
}

/// Milliseconds since the epoch of an ISO text in UTC: `2026-01-01T00:00:00.000Z`, with or without a fraction.
pub(crate) fn parse_iso(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut time = time.splitn(3, ':').map(|part| {
        part.parse::<i64>()
            .ok()
            .filter(|part| (0..=60).contains(part))
    });
    let (hours, minutes, seconds) = (time.next()??, time.next()??, time.next()??);
    let ms: String = fraction.chars().chain("00".chars()).take(3).collect();
    let ms = ms.parse::<i64>().ok()?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    Some(
        days_from_civil(year, month, day) * 86_400_000
            + hours * 3_600_000
            + minutes * 60_000
            + seconds * 1_000
            + ms,
    )
}

#[cfg(test)]
mod tests {
    use super::{days_from_civil, iso_text, parse_iso};

    #[test]
    fn dates_round_trip() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_767_225_600_000, "2026-01-01T00:00:00.000Z"),
            (951_782_400_123, "2000-02-29T00:00:00.123Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(iso_text(ms), text);
            assert_eq!(parse_iso(text), Some(ms));
        }
        for text in [
            "",
            "Z",
            "TZ",
            "2026-13-01T00:00:00Z",
            "2026-01-01",
            "2026-01-01T00:00Z",
            "{{DATE}}",
        ] {
            assert_eq!(parse_iso(text), None, "{text}");
        }
        assert_eq!(days_from_civil(2000, 2, 29) * 86_400_000, 951_782_400_000);
        assert_eq!(
            iso_text(i64::MAX).len(),
            "+292278994-08-17T07:12:55.807Z".len()
        );
    }
}
