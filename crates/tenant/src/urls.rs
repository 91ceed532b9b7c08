//! The URLs and origins that an application lists, with their wildcards.
//!
//! <https://auth0.com/docs/get-started/applications/wildcards-for-subdomains>,
//! <https://auth0.com/docs/manage-users/organizations/custom-development#organization-name-placeholder>

use serde_json::{Map, Value};

use crate::http::text;

/// The placeholder of an organization's name.
const PLACEHOLDER: &str = "{organization_name}";

/// Returns the page where logins of an application begin: its `initiate_login_uri`, else the `default_redirection_uri` of the tenant.
/// `None` where neither is a web address.
///
/// Source: <https://auth0.com/docs/authenticate/login/auth0-universal-login/configure-default-login-routes>.
pub(crate) fn login_route(
    settings: &Map<String, Value>,
    client: Option<&Value>,
) -> Option<url::Url> {
    let of_client = client.and_then(|client| text(client, "initiate_login_uri"));
    let of_tenant = settings.get("default_redirection_uri");
    let written = of_client
        .filter(|uri| !uri.is_empty())
        .or(of_tenant.and_then(Value::as_str))?;
    let url = url::Url::parse(written.trim()).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// Whether an entry stands for more than one URL.
pub(crate) fn is_pattern(known: &str) -> bool {
    known.contains('*') || known.contains(PLACEHOLDER)
}

/// Returns what is wrong with an entry that should be a URL with wildcards or the placeholder, in words for people.
pub(crate) fn url_problem(entry: &str) -> Option<String> {
    parsed(entry).err()
}

/// The URL of an entry, with a label in place of wildcards and the placeholder.
fn parsed(entry: &str) -> Result<url::Url, String> {
    let plain = entry.replace(PLACEHOLDER, "x").replace('*', "x");
    let parsed = url::Url::parse(&plain);
    let is_hierarchical = plain
        .split_once(':')
        .is_some_and(|(_, rest)| rest.starts_with('/'));
    let Some(url) = parsed.ok().filter(|_| is_hierarchical) else {
        return Err(format!("`{entry}` is not a URL"));
    };
    if entry.trim() != entry || entry.chars().any(char::is_control) {
        return Err(format!("`{}` has spaces around it", entry.trim()));
    }
    Ok(url)
}

/// Returns what is wrong with an entry that should be a callback URL, in words for people; `None` for one that applications may
/// be called back at. A private scheme of a mobile application is one (RFC 8252, 7.1): `com.example.app:/callback`.
pub fn callback_problem(entry: &str) -> Option<String> {
    let url = match parsed(entry) {
        Ok(url) => url,
        Err(problem) => return Some(problem),
    };
    if url.fragment().is_some() {
        return Some(format!("`{entry}` has a fragment, and a callback has none"));
    }
    matches!(
        url.scheme(),
        "javascript" | "data" | "vbscript" | "blob" | "file"
    )
    .then(|| format!("`{entry}` is not a URL that a browser can be sent to"))
}

/// Whether an entry is a URL once its placeholders are filled in.
pub(crate) fn is_url(entry: &str) -> bool {
    url_problem(entry).is_none()
}

/// The same of a list of origins, where the documentation writes `*.google.com` without a scheme.
pub(crate) fn is_origin(entry: &str) -> bool {
    is_url(entry) || (entry.starts_with("*.") && is_url(&format!("https://{entry}")))
}

/// Whether a URL is the one that an application lists.
///
/// `*` stands for a part of the first label of the host of an `http` or `https` URL, and the placeholder for the name of any
/// of `organizations`, as the first of several labels of the host. Everything else is compared letter by letter.
pub(crate) fn fits<'a>(
    known: &str,
    asked: &str,
    organizations: impl IntoIterator<Item = &'a str>,
) -> bool {
    if !is_pattern(known) {
        return known == asked;
    }
    // A browser reads these differently from what is compared here.
    if asked.contains(['\\', '@', ' ']) || asked.chars().any(char::is_control) {
        return false;
    }
    if !known.contains(PLACEHOLDER) {
        return fits_wildcard(known, asked);
    }
    if known.contains('*') || known.matches(PLACEHOLDER).count() > 1 || !is_subdomain(known) {
        return false;
    }
    let mut organizations = organizations.into_iter();
    organizations.any(|name| is_label(name) && known.replace(PLACEHOLDER, name) == asked)
}

/// Whether a part of an entry is in the host of an `http` or `https` URL.
fn is_in_host(known: &str, part: &str) -> bool {
    let Some((scheme, rest)) = known.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    matches!(scheme, "http" | "https") && host.contains(part)
}

/// Whether the placeholder is a whole label, the one furthest from the root, of a host that has more.
fn is_subdomain(known: &str) -> bool {
    let host = known.split_once("://").map_or("", |(_, rest)| rest);
    let rest = host.strip_prefix(PLACEHOLDER);
    let rest = rest.and_then(|rest| rest.strip_prefix('.'));
    is_in_host(known, PLACEHOLDER)
        && rest.is_some_and(|rest| rest.starts_with(|it: char| it.is_ascii_alphanumeric()))
}

fn fits_wildcard(known: &str, asked: &str) -> bool {
    let Some((before, after)) = known.split_once('*') else {
        return false;
    };
    let prefix = before.split_once("://").map_or("", |(_, prefix)| prefix);
    let Some((suffix, rest)) = after.split_once('.') else {
        return false;
    };
    let domain = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    // `https://*.com` would be everybody's.
    let is_narrow = domain.split('.').filter(|label| is_label(label)).count() >= 2;
    let is_usual = is_in_host(known, "*")
        && !after.contains('*')
        && (prefix.is_empty() || is_label(prefix))
        && (suffix.is_empty() || is_label(suffix))
        && is_narrow;
    let label = asked
        .strip_prefix(before)
        .and_then(|asked| asked.strip_suffix(after));
    is_usual && label.is_some_and(is_label)
}

fn is_label(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    (1..=63).contains(&text.len()) && text.chars().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::{callback_problem, fits};

    #[test]
    fn a_callback_is_a_whole_url() {
        for good in [
            "http://localhost:3000/callback",
            "https://*.example.com/cb",
            "https://{organization_name}.example.com/cb",
            "com.example.app://tenant.auth0.com/android/callback",
            "com.example.app:/callback",
            "http://[::1]:3000/cb",
        ] {
            assert_eq!(callback_problem(good), None, "{good}");
        }
        for (bad, part) in [
            ("nope", "is not a URL"),
            ("", "is not a URL"),
            ("localhost:3000/callback", "is not a URL"),
            ("/callback", "is not a URL"),
            ("http://", "is not a URL"),
            ("http://localhost:99999/", "is not a URL"),
            ("http://localhost/#done", "has a fragment"),
            (" http://localhost/", "has spaces"),
            ("javascript:alert(1)", "is not a URL"),
            ("file:///etc/passwd", "a browser can be sent to"),
        ] {
            let problem = callback_problem(bad);
            assert!(
                problem.as_deref().is_some_and(|it| it.contains(part)),
                "{bad}: {problem:?}"
            );
        }
    }

    #[test]
    fn a_wildcard_is_one_label_of_a_domain() {
        for (known, asked, expected) in [
            ("https://*.example.com/cb", "https://a.example.com/cb", true),
            (
                "https://*.example.com/cb",
                "https://a.example.com/cb?x=1",
                false,
            ),
            (
                "https://*.example.com/cb",
                "https://a.b.example.com/cb",
                false,
            ),
            ("https://*.example.com/cb", "https://.example.com/cb", false),
            ("https://*.example.com/cb", "http://a.example.com/cb", false),
            (
                "https://*.example.com/cb",
                "https://evil.com/.example.com/cb",
                false,
            ),
            (
                "https://*.example.com/cb",
                "https://evil.com#.example.com/cb",
                false,
            ),
            (
                "https://*.example.com/cb",
                "https://evil.com\\.example.com/cb",
                false,
            ),
            (
                "https://*.example.com/cb",
                "https://a@b.example.com/cb",
                false,
            ),
            (
                "https://pr-*-web.example.com",
                "https://pr-12-web.example.com",
                true,
            ),
            (
                "https://pr-*-web.example.com",
                "https://pr--web.example.com",
                false,
            ),
            ("https://*.com", "https://evil.com", false),
            (
                "https://*.example.com:8443/cb",
                "https://a.example.com:8443/cb",
                true,
            ),
            ("https://a.*.example.com", "https://a.b.example.com", false),
            ("https://example.com/*", "https://example.com/x", false),
            ("https://*.*.example.com", "https://a.b.example.com", false),
            ("app://*.example.com", "app://a.example.com", false),
            (
                "https://app.example.com/cb",
                "https://app.example.com/cb",
                true,
            ),
            (
                "https://app.example.com/cb",
                "https://app.example.com/cb/",
                false,
            ),
        ] {
            assert_eq!(fits(known, asked, []), expected, "{known} {asked}");
        }
    }

    #[test]
    fn the_placeholder_is_the_name_of_an_organization() {
        let known = "https://{organization_name}.example.com/cb";
        for (asked, expected) in [
            ("https://acme.example.com/cb", true),
            ("https://evil.example.com/cb", false),
            ("https://{organization_name}.example.com/cb", false),
        ] {
            assert_eq!(fits(known, asked, ["acme", "other"]), expected, "{asked}");
        }
        assert!(!fits(known, "https://acme.example.com/cb", []));
        // "Must not be prefixed nor suffixed", "in the subdomain furthest from the root", and `https://{organization_name}`
        // "will not work".
        for (known, asked) in [
            (
                "https://pre-{organization_name}.acme.test/cb",
                "https://pre-acme.acme.test/cb",
            ),
            (
                "https://{organization_name}-x.acme.test/cb",
                "https://acme-x.acme.test/cb",
            ),
            (
                "https://sub.{organization_name}.acme.test/cb",
                "https://sub.acme.acme.test/cb",
            ),
            ("https://{organization_name}/cb", "https://acme/cb"),
            (
                "https://{organization_name}:8443/cb",
                "https://acme:8443/cb",
            ),
            ("https://{organization_name}./cb", "https://acme./cb"),
            (
                "com.app://{organization_name}.acme.test/cb",
                "com.app://acme.acme.test/cb",
            ),
        ] {
            assert!(!fits(known, asked, ["acme"]), "{known}");
        }
        assert!(fits(
            "https://{organization_name}.a.test:8443/cb",
            "https://acme.a.test:8443/cb",
            ["acme"]
        ));
        let in_path = "https://example.com/{organization_name}";
        assert!(!fits(in_path, "https://example.com/acme", ["acme"]));
        assert!(!fits(known, "https://a/b.example.com/cb", ["a/b"]));
    }
}
