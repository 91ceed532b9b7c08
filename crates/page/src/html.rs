//! The two forms of the page: served by the local tenant, and one file with everything inside.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postlogin_core::ceilings::shorten_text;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::assets::{AssetError, script, style};
use crate::model::Report;

/// The path of the script, relative to the page.
pub const LIVE_SCRIPT: &str = "page.js";
/// The path of the style sheet, relative to the page.
pub const LIVE_STYLE: &str = "page.css";

/// The content of the page until the script has run.
const SHELL: &str = "<div id=\"page\"><header class=\"top\"><span class=\"brand\">postlogin</span><span class=\"dim\">Loading…</span></header></div>";
/// The icon of the page, a key.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='3' fill='%232a4dd0'/%3E%3Cpath d='M6 8a2.2 2.2 0 1 0-2.2 2.2A2.2 2.2 0 0 0 6 8h7v2m-2-2v1.5' fill='none' stroke='%23fff' stroke-width='1.4'/%3E%3C/svg%3E";

/// Returns the page that asks the local tenant for its data. The editor adds a style sheet of its own, which `nonce` admits:
/// letters, digits, `-` and `_` only.
/// `title` is what its head shows: the tenant.
#[must_use]
pub fn live(nonce: &str, title: &str) -> String {
    let (nonce, title) = (plain(nonce), escaped(title));
    format!(
        "{}<link rel=\"stylesheet\" href=\"{LIVE_STYLE}\">\n<script src=\"{LIVE_SCRIPT}\" defer></script></head>\n<body data-nonce=\"{nonce}\" data-title=\"{title}\">{SHELL}</body></html>\n",
        head("")
    )
}

/// Returns the content security policy of [`live`] with the same nonce: nothing from elsewhere, and no page frames it.
#[must_use]
pub fn live_policy(nonce: &str) -> String {
    format!(
        "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-{}'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        plain(nonce)
    )
}

/// Returns a report as one HTML file, which needs no server and no network. It runs no script but its own: the policy in it names
/// that script by its hash.
///
/// # Errors
/// When the committed script or style sheet is damaged.
pub fn report(report: &Report) -> Result<String, AssetError> {
    let (script, style) = (script()?, style()?);
    let hash = STANDARD.encode(Sha256::digest(script.as_bytes()));
    let policy = format!(
        "<meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
    );
    // A report is plain data: writing it as JSON does not fail.
    let mut size = Script::default();
    let _ = serde_json::to_writer(&mut size, report);
    let mut data = Script::written();
    if size.bytes <= MOST_BYTES {
        let _ = serde_json::to_writer(&mut data, report);
    } else {
        let mut whole = serde_json::to_value(report).unwrap_or_default();
        shorten_texts(&mut whole);
        let _ = serde_json::to_writer(&mut data, &whole);
    }
    let data = data.text();
    Ok(format!(
        "{}<style>{style}</style></head>\n<body>{SHELL}\n<script type=\"application/json\" id=\"postlogin-data\">{data}</script>\n<script>{script}</script></body></html>\n",
        head(&policy)
    ))
}

fn head(policy: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n{policy}<meta name=\"viewport\" content=\"width=device-width\">\n<title>postlogin</title>\n<link rel=\"icon\" href=\"{ICON}\">\n"
    )
}

/// Bytes of the data of a report beyond which its long texts are shortened.
const MOST_BYTES: usize = 16 << 20;
/// Bytes of such a text that stay.
const TEXT_BYTES: usize = 64 << 10;

/// Shortens all long texts of a value, with a mark.
fn shorten_texts(value: &mut Value) {
    match value {
        Value::String(text) => shorten_text(text, TEXT_BYTES),
        Value::Array(items) => items.iter_mut().for_each(shorten_texts),
        Value::Object(members) => members.values_mut().for_each(shorten_texts),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// JSON as it can be in the element of a script: counted, and kept if it is to be.
#[derive(Default)]
struct Script {
    bytes: usize,
    kept: Option<Vec<u8>>,
}

impl Script {
    /// Keeps what is written.
    fn written() -> Self {
        Self {
            bytes: 0,
            kept: Some(Vec::new()),
        }
    }

    fn text(self) -> String {
        String::from_utf8(self.kept.unwrap_or_default()).unwrap_or_default()
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(bytes);
        }
    }
}

impl io::Write for Script {
    /// Whole letters at once, as `serde_json` writes them.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match str::from_utf8(bytes) {
            Ok(json) => in_script(json, &mut |part| self.push(part.as_bytes())),
            Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives JSON on in parts, so that nothing in it ends the element of a script, begins a comment, or is a line end of JavaScript: those
/// letters only occur in strings, and an escape is the same string.
fn in_script(json: &str, out: &mut dyn FnMut(&str)) {
    let mut done = 0;
    for (at, letter) in json.char_indices() {
        let escape = match letter {
            '<' => "\\u003c",
            '>' => "\\u003e",
            '&' => "\\u0026",
            '\u{2028}' => "\\u2028",
            '\u{2029}' => "\\u2029",
            _ => continue,
        };
        out(json.get(done..at).unwrap_or_default());
        out(escape);
        done = at + letter.len_utf8();
    }
    out(json.get(done..).unwrap_or_default());
}

/// Returns text as it can stand in an attribute.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// Returns what of a nonce can stand in an attribute and in a policy.
fn plain(nonce: &str) -> String {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || "-_".contains(*letter);
    nonce.chars().filter(is_plain).collect()
}

#[cfg(test)]
mod tests {
    use super::{in_script, live, live_policy, report};
    use crate::model::{Entry, Report, SourceText};

    const HOSTILE: &str = "</script><script>alert(1)</script><!--<script>\u{2028}\u{2029}&lt;\"'";

    fn hostile() -> Report {
        Report {
            entries: vec![Entry {
                name: HOSTILE.to_owned(),
                event: serde_json::json!({HOSTILE: HOSTILE}),
                ..Entry::default()
            }],
            sources: vec![SourceText {
                action: HOSTILE.to_owned(),
                trigger: None,
                file: HOSTILE.to_owned(),
                text: HOSTILE.to_owned(),
            }],
            ..Report::of(HOSTILE)
        }
    }

    #[test]
    fn data_stays_data_whatever_is_in_it() {
        let html = report(&hostile()).expect("a report");
        let (_, rest) = html
            .split_once("id=\"postlogin-data\">")
            .expect("the data is there");
        let (data, _) = rest.split_once("</script>").expect("its end");
        for mark in ['<', '>', '&', '\u{2028}', '\u{2029}'] {
            assert!(!data.contains(mark), "{mark:?}");
        }
        let read: Report = serde_json::from_str(data).expect("JSON");
        assert_eq!(read, hostile());
        // Its own two, and no more.
        assert_eq!(html.matches("<script").count(), 2);
    }

    #[test]
    fn escapes_are_those_of_json() {
        let escaped = |json: &str| {
            let mut out = String::new();
            in_script(json, &mut |part| out.push_str(part));
            out
        };
        assert_eq!(escaped("[\"<b>&\"]"), "[\"\\u003cb\\u003e\\u0026\"]");
        assert_eq!(escaped("\"\u{2028}\""), "\"\\u2028\"");
    }

    #[test]
    fn long_texts_of_a_large_report_are_shortened() {
        let page = |text: &str| {
            let entry = Entry {
                event: serde_json::json!({"user": {"name": text, "short": "whole"}}),
                ..Entry::default()
            };
            let page = report(&Report {
                entries: vec![entry],
                ..Report::of("run")
            });
            page.expect("the assets are whole")
        };
        let small = page(&"<".repeat(200_000));
        assert!(small.contains(&"\\u003c".repeat(200_000)));
        let large = page(&"<".repeat(3_000_000));
        assert!(large.len() < 2 << 20, "{}", large.len());
        assert!(large.contains("… [2934464 more bytes]") && large.contains("\"short\":\"whole\""));
    }

    #[test]
    fn a_nonce_adds_nothing_to_the_page_or_its_policy() {
        for nonce in ["a\"><script>", "x' ; script-src *", "ok-_1"] {
            let (page, policy) = (live(nonce, nonce), live_policy(nonce));
            assert_eq!(page.matches("<script").count(), 1, "{page}");
            assert_eq!(
                policy.matches("script-src").count(),
                1 + usize::from(nonce.contains("script-src")),
                "{policy}"
            );
            assert!(!policy.contains('*'), "{policy}");
            assert_eq!(policy.matches(';').count(), 7, "{policy}");
        }
    }

    #[test]
    fn a_report_names_its_script_by_hash_and_allows_no_connection() {
        let html = report(&Report::of("run")).expect("a report");
        assert!(html.contains("script-src 'sha256-"), "a hash");
        assert!(html.contains("default-src 'none'"), "nothing else");
        assert!(!html.contains("src=\"http"), "nothing from elsewhere");
    }
}
