//! The two forms of the page: served by the local tenant, and one file with everything inside.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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
    let data = serde_json::to_string(report).unwrap_or_default();
    let data = in_script(&data);
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

/// Returns JSON so that nothing in it ends the element of a script, begins a comment, or is a line end of JavaScript: those
/// letters only occur in strings, and an escape is the same string.
fn in_script(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            letter => out.push(letter),
        }
    }
    out
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
        assert_eq!(in_script("[\"<b>&\"]"), "[\"\\u003cb\\u003e\\u0026\"]");
        assert_eq!(in_script("\"\u{2028}\""), "\"\\u2028\"");
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
