//! Hides in forms, queries, URLs and cookies. What is not hidden stays as it was written.

use postlogin_core::redact::MASK;
use url::form_urlencoded;

use super::{
    Credential, Hider, Medium, is_plain_flag,
    names::{credential, may_count},
    shapes,
};

/// Returns whether a text is `a=1&b=2` and nothing else.
pub(super) fn is_form(text: &str) -> bool {
    let is_pair = |pair: &str| {
        pair.split_once('=').is_some_and(|(name, value)| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_-.%+*[]:$@".contains(&byte))
                && !value.contains(|letter: char| letter.is_whitespace() || letter == '"')
        })
    };
    text.trim_end()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .all(is_pair)
        && text.contains('=')
}

/// Hides in parameters.
pub(super) fn parameters(hider: &mut Hider<'_>, text: &str, medium: Medium) -> Option<String> {
    let is_oauth = text.split('&').any(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        matches!(
            name,
            "code" | "response_type" | "id_token" | "session_state" | "SAMLResponse"
        )
    });
    let mut changed = false;
    let pairs: Vec<String> = text
        .split('&')
        .map(|pair| {
            let hidden = parameter(hider, pair, medium, is_oauth);
            changed |= hidden.is_some();
            hidden.unwrap_or_else(|| pair.to_owned())
        })
        .collect();
    changed.then(|| pairs.join("&"))
}

fn parameter(hider: &mut Hider<'_>, pair: &str, medium: Medium, is_oauth: bool) -> Option<String> {
    let (written, raw) = match pair.split_once('=') {
        Some((name, raw)) => (name, raw),
        // A query may be one word: a key.
        None => ("", pair),
    };
    if raw.is_empty() {
        return None;
    }
    let name = decode(written);
    // A line break at the end belongs to the text.
    let raw_value = raw.trim_end_matches(['\r', '\n']);
    let end = raw.get(raw_value.len()..).unwrap_or_default();
    let value = decode(raw_value);
    let is_lone_key = name.is_empty() && medium == Medium::Query && shapes::is_random(&value);
    let hides = !is_plain_flag(&value)
        && match credential(&name, medium) {
            _ if is_lone_key => true,
            Credential::Deep => !(may_count(&name) && value.parse::<f64>().is_ok()),
            Credential::Scalar => true,
            Credential::Random => shapes::is_random(&value) || (is_oauth && name == "state"),
            Credential::No => false,
        };
    let equals = if pair.contains('=') { "=" } else { "" };
    hider.enter(&name);
    let hidden = if hides {
        hider.hid();
        Some(MASK.to_owned())
    } else {
        hider
            .string(&value)
            .map(|hidden| encode_alike(raw_value, &value, &hidden))
    };
    hider.leave();
    let shown_name = match hider.string(&name) {
        Some(name) => encode_alike(written, &decode(written), &name),
        None => written.to_owned(),
    };
    match hidden {
        Some(hidden) => Some(format!("{shown_name}{equals}{hidden}{end}")),
        None if shown_name != written => Some(format!("{shown_name}{equals}{raw}")),
        None => None,
    }
}

pub(super) fn decode(text: &str) -> String {
    let pair = format!("={text}");
    let decoded = form_urlencoded::parse(pair.as_bytes()).next();
    decoded
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// Encoded as before where that can be told; else all of it is hidden, which any text fits.
pub(super) fn encode_alike(raw: &str, value: &str, hidden: &str) -> String {
    let form = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let percent = |text: &str| form(text).replace('+', "%20");
    let as_is = |text: &str| text.to_owned();
    let ways: [&dyn Fn(&str) -> String; 3] = [&as_is, &form, &percent];
    for way in ways {
        if way(value) == raw {
            return way(hidden);
        }
    }
    MASK.to_owned()
}

/// Hides in a URL, whole or relative.
pub(super) fn url(hider: &mut Hider<'_>, url: &str) -> Option<String> {
    let (rest, fragment) = split(url, '#');
    let (place, query) = split(rest, '?');
    let (scheme, place) = match place.split_once("://") {
        Some((scheme, place)) => (Some(scheme), place),
        None => (None, place),
    };
    let (authority, path) = match (scheme, place.find('/')) {
        (None, _) => ("", place),
        (Some(_), Some(slash)) => place.split_at(slash),
        (Some(_), None) => (place, ""),
    };
    let hidden_authority = self::authority(hider, authority);
    let hidden_path = self::path(hider, authority, path);
    hider.enter("query");
    let hidden_query = query.and_then(|query| parameters(hider, query, Medium::Query));
    let hidden_fragment = fragment.and_then(|fragment| match fragment.split_once('?') {
        Some((place, query)) => {
            parameters(hider, query, Medium::Query).map(|query| format!("{place}?{query}"))
        }
        None => parameters(hider, fragment, Medium::Query),
    });
    hider.leave();
    let same = hidden_authority.is_none()
        && hidden_path.is_none()
        && hidden_query.is_none()
        && hidden_fragment.is_none();
    if same {
        return None;
    }
    let mut out = String::new();
    if let Some(scheme) = scheme {
        out.push_str(scheme);
        out.push_str("://");
    }
    out.push_str(hidden_authority.as_deref().unwrap_or(authority));
    out.push_str(hidden_path.as_deref().unwrap_or(path));
    for (mark, part, hidden) in [('?', query, hidden_query), ('#', fragment, hidden_fragment)] {
        if let Some(part) = part {
            out.push(mark);
            out.push_str(hidden.as_deref().unwrap_or(part));
        }
    }
    Some(out)
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// The user before the host is often a key, too.
fn authority(hider: &mut Hider<'_>, authority: &str) -> Option<String> {
    let (user, host) = authority.rsplit_once('@')?;
    if is_plain_flag(user) {
        return None;
    }
    hider.enter("user");
    hider.hid();
    hider.leave();
    Some(format!("{MASK}@{host}"))
}

/// Segments that are keys by their shape, that follow the name of a credential, or that make a webhook's URL.
fn path(hider: &mut Hider<'_>, authority: &str, path: &str) -> Option<String> {
    let is_hook = |word: &str| {
        word.split(['.', '-', '_']).any(|part| {
            matches!(
                part.to_ascii_lowercase().as_str(),
                "hook" | "hooks" | "webhook" | "webhooks" | "webhookb2"
            )
        })
    };
    let mut after_hook = is_hook(authority);
    let mut before = String::new();
    let mut changed = false;
    hider.enter("path");
    let segments: Vec<String> = path
        .split('/')
        .map(|segment| {
            let decoded = decode(segment);
            let named = (credential(&before, Medium::Query) >= Credential::Scalar
                || is_step_of_a_link(&before))
                && shapes::is_random(&decoded);
            let of_hook = after_hook
                && (shapes::is_random(&decoded)
                    || (decoded.len() >= 16
                        && decoded
                            .bytes()
                            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)))
                    || (decoded.len() >= 6 && decoded.bytes().any(|byte| byte.is_ascii_digit())));
            after_hook |= is_hook(&decoded);
            before = decoded.clone();
            if named || of_hook || is_bot_of_telegram(&decoded) {
                hider.hid();
                changed = true;
                return MASK.to_owned();
            }
            match segment_with_parameters(hider, segment, &decoded) {
                Some(hidden) => {
                    changed = true;
                    hidden
                }
                None => segment.to_owned(),
            }
        })
        .collect();
    hider.leave();
    changed.then(|| segments.join("/"))
}

/// `page;jsessionid=abc`, and keys by their shape.
fn segment_with_parameters(hider: &mut Hider<'_>, segment: &str, decoded: &str) -> Option<String> {
    if let Some((name, parameters)) = segment.split_once(';') {
        let hidden: Vec<String> = parameters
            .split(';')
            .map(|pair| {
                parameter(hider, pair, Medium::Query, false).unwrap_or_else(|| pair.to_owned())
            })
            .collect();
        let hidden = hidden.join(";");
        return (hidden != parameters).then(|| format!("{name};{hidden}"));
    }
    let found = shapes::credentials(decoded);
    if found.is_empty() {
        return None;
    }
    hider.hid();
    let mut hidden = decoded.to_owned();
    for range in found.into_iter().rev() {
        hidden.replace_range(range, MASK);
    }
    Some(encode_alike(segment, decoded, &hidden))
}

/// Returns whether what follows this segment opens what a mail's link opens.
fn is_step_of_a_link(segment: &str) -> bool {
    const STEPS: &[&str] = &[
        "activate", "confirm", "invite", "magic", "recover", "reset", "unlock", "verify",
    ];
    segment
        .split(['-', '_', '.'])
        .any(|word| STEPS.iter().any(|step| word.eq_ignore_ascii_case(step)))
}

/// Source: <https://core.telegram.org/bots/api#authorizing-your-bot>.
fn is_bot_of_telegram(segment: &str) -> bool {
    segment
        .strip_prefix("bot")
        .and_then(|rest| rest.split_once(':'))
        .is_some_and(|(id, key)| id.bytes().all(|byte| byte.is_ascii_digit()) && key.len() >= 8)
}

/// A cookie keeps its name and its attributes; an empty one deletes, and stays.
pub(super) fn cookie(cookie: &str) -> Option<String> {
    let (pair, attributes) = match cookie.split_once(';') {
        Some((pair, attributes)) => (pair, Some(attributes)),
        None => (cookie, None),
    };
    let (name, value) = match pair.split_once('=') {
        Some((name, value)) => (Some(name), value),
        // A cookie without a name is all value.
        None => (None, pair),
    };
    if value.trim().is_empty() || value == MASK {
        return None;
    }
    let name = name.map(|name| format!("{name}=")).unwrap_or_default();
    let attributes = attributes
        .map(|rest| format!(";{rest}"))
        .unwrap_or_default();
    Some(format!("{name}{MASK}{attributes}"))
}
