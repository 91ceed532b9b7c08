//! Text for a terminal: made harmless, measured, shortened, wrapped; quantities in short form.

use postlogin_core::escape::inline;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text with every character that could steer a terminal made visible.
///
/// Claims and log lines come from users' profiles: an escape sequence or a change of writing direction in one of
/// them must not be able to forge the lines around it.
pub(super) fn clean(text: &str) -> String {
    // A tab has no width of its own, which columns need.
    inline(text).replace('\t', "\\t")
}

/// Returns the number of columns of the text.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// At most `max` columns: the middle gives way to `…`, and the size of the whole follows.
pub(super) fn shorten(text: &str, max: usize) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let size = format!(" ({})", bytes(text.len() as u64));
    // Where even the size does not fit, it is left out.
    let (size, room) = match max.checked_sub(size.len() + 1) {
        Some(room) if room >= 8 => (size, room),
        _ => (String::new(), max.saturating_sub(1)),
    };
    let tail = room / 3;
    let start = first_columns(text, room - tail);
    let end = last_columns(text, tail);
    format!("{start}…{end}{size}")
}

/// The beginning of the text in at most `max` columns, cut between two words and marked with `…`; a word that is longer than that is
/// left out, unless it is the first.
pub(super) fn beginning(text: &str, max: usize) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let cut = first_columns(text, max.saturating_sub(2));
    let is_between = text
        .get(cut.len()..)
        .is_some_and(|rest| rest.starts_with(char::is_whitespace));
    let words = match cut.rfind(char::is_whitespace) {
        Some(at) if !is_between => cut.get(..at).unwrap_or_default(),
        _ => cut,
    };
    let words = words.trim_end();
    // `the reason: …` reads better than `the reason:…`.
    match words.is_empty() {
        true => shorten(text, max),
        false => format!("{words} …"),
    }
}

/// The longest beginning of the text that takes at most `max` columns.
pub(super) fn first_columns(text: &str, max: usize) -> &str {
    let mut used = 0;
    for (index, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > max {
            return text.get(..index).unwrap_or_default();
        }
    }
    text
}

fn last_columns(text: &str, max: usize) -> &str {
    let mut used = 0;
    for (index, c) in text.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > max {
            return text.get(index + c.len_utf8()..).unwrap_or_default();
        }
    }
    text
}

/// The text in lines of at most `max` columns, broken between words; a longer word stays whole.
pub(super) fn wrap(text: &str, max: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && width(&line) + 1 + width(word) > max {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// The text in lines of at most `max` columns, broken anywhere: nothing of it is lost, spaces included.
pub(super) fn fold(text: &str, max: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text;
    loop {
        let line = first_columns(rest, max);
        let (line, after) = match rest.split_at_checked(line.len()) {
            // One letter may be wider than a line.
            Some((line, after)) if !line.is_empty() => (line, after),
            _ => (rest, ""),
        };
        lines.push(line.to_owned());
        if after.is_empty() {
            return lines;
        }
        rest = after;
    }
}

/// The text, filled with spaces to `columns`.
pub(super) fn pad(text: &str, columns: usize) -> String {
    let fill = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(fill))
}

/// The text at the right end of `columns`.
pub(super) fn pad_left(text: &str, columns: usize) -> String {
    let fill = columns.saturating_sub(width(text));
    format!("{}{text}", " ".repeat(fill))
}

/// A time given in microseconds: `850 µs`, `2.1 ms`, `300 ms`, `1.25 s`, `20 s`.
pub(super) fn duration(micros: u64) -> String {
    let (value, decimals, unit) = match micros {
        0..1_000 => return format!("{micros} µs"),
        1_000..100_000 => (micros as f64 / 1e3, 1, "ms"),
        100_000..1_000_000 => (micros as f64 / 1e3, 0, "ms"),
        _ => (micros as f64 / 1e6, 2, "s"),
    };
    format!("{} {unit}", trimmed(value, decimals))
}

/// A size given in bytes: `850 B`, `1.5 KiB`, `128 MiB`.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1024.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        // What would be rounded to `1024.0` belongs to the next unit.
        if value < 1023.95 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    format!("{} {unit}", trimmed(value, 1))
}

/// A time in seconds since 1970, as the `iat` and `exp` of a token, in UTC: `2026-11-22 10:00:00 UTC`.
///
/// `None` outside the years 1970 to 9999, where it is no time that a token can mean.
pub(super) fn date(seconds: u64) -> Option<String> {
    let days = i64::try_from(seconds / 86_400).ok()?;
    // Days are counted from 1 March of the year 0, so that the leap day is the last of a year of 365.25 days on
    // average; an era of 400 years has 146,097 days.
    let shifted = days.checked_add(719_468)?;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let (month, carry) = if march_month < 10 {
        (march_month + 3, 0)
    } else {
        (march_month - 9, 1)
    };
    let year = era * 400 + year_of_era + carry;
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    (year <= 9_999)
        .then(|| format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC"))
}

/// A count with its noun: `1 call`, `2 calls`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_short() {
        for (micros, expected) in [
            (0, "0 µs"),
            (999, "999 µs"),
            (1_000, "1 ms"),
            (2_140, "2.1 ms"),
            (300_000, "300 ms"),
            (1_254_000, "1.25 s"),
            (20_000_000, "20 s"),
        ] {
            assert_eq!(duration(micros), expected);
        }
        for (count, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (1024 * 1024 - 1, "1 MiB"),
            (128 << 20, "128 MiB"),
            (u64::MAX, "16384 PiB"),
        ] {
            assert_eq!(bytes(count), expected);
        }
    }

    #[test]
    fn dates_follow_the_calendar() {
        for (seconds, expected) in [
            (0, Some("1970-01-01 00:00:00 UTC")),
            (951_782_399, Some("2000-02-28 23:59:59 UTC")),
            (951_782_400, Some("2000-02-29 00:00:00 UTC")),
            (951_868_800, Some("2000-03-01 00:00:00 UTC")),
            (1_795_341_600, Some("2026-11-22 10:00:00 UTC")),
            (4_107_542_399, Some("2100-02-28 23:59:59 UTC")),
            (4_107_542_400, Some("2100-03-01 00:00:00 UTC")),
            (253_402_300_799, Some("9999-12-31 23:59:59 UTC")),
            (253_402_300_800, None),
            (u64::MAX, None),
        ] {
            assert_eq!(date(seconds).as_deref(), expected);
        }
    }

    #[test]
    fn shortened_text_fits_and_keeps_both_ends() {
        assert_eq!(shorten("short", 10), "short");
        assert_eq!(
            shorten(&"x".repeat(2000), 30),
            "xxxxxxxxxxxxxx…xxxxxxx (2 KiB)"
        );
        for max in 0..60 {
            for text in ["a".repeat(100), "漢字".repeat(50), "é🙂".repeat(40)] {
                assert!(
                    width(&shorten(&text, max)) <= max.max(1),
                    "{max}: {}",
                    shorten(&text, max)
                );
            }
        }
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(
            clean("\x1b[31mred\t\r\n\0\x7f"),
            r"\x1b[31mred\t\r\n\x00\x7f"
        );
        assert_eq!(
            clean("\u{9b}31m \u{202e}abc\u{feff}"),
            r"\x9b31m \u{202e}abc\u{feff}"
        );
        assert_eq!(clean("漢字 é 👩‍💻"), "漢字 é 👩‍💻");
    }

    #[test]
    fn folded_text_is_complete() {
        assert_eq!(fold("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(fold("漢字x", 3), ["漢", "字x"]);
        assert_eq!(fold("漢字", 1), ["漢字"]);
        assert_eq!(fold("", 3), [""]);
    }

    #[test]
    fn words_stay_whole() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(
            wrap("incomprehensibilities no", 5),
            ["incomprehensibilities", "no"]
        );
        assert_eq!(wrap("", 5), [""]);
    }
}
