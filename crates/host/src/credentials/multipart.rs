//! Hides in multipart bodies: by the name of a part, and in what a part holds.

use postlogin_core::redact::MASK;

use super::{
    Hider, Medium, is_plain_flag,
    names::{Credential, credential},
    shapes,
};

/// Returns what separates the parts, as the content type says or as the body shows.
pub(crate) fn boundary(kind: &str, shown: Option<&str>) -> Option<String> {
    if let Some(shown) = shown {
        return Some(shown.to_owned());
    }
    let lower = kind.to_ascii_lowercase();
    if !lower.contains("multipart/") {
        return None;
    }
    let rest = kind.get(lower.find("boundary=")? + "boundary=".len()..)?;
    let boundary = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split(';').next(),
    };
    boundary
        .map(|boundary| boundary.trim().to_owned())
        .filter(|boundary| !boundary.is_empty())
}

/// Hides in each part; the separators and headers of parts stay.
pub(super) fn hide(hider: &mut Hider<'_>, text: &str, boundary: &str) -> Option<String> {
    let separator = format!("--{boundary}");
    let mut out = String::with_capacity(text.len());
    let mut changed = false;
    for (index, part) in text.split(&separator).enumerate() {
        if index > 0 {
            out.push_str(&separator);
        }
        match self::part(hider, part) {
            Some(hidden) => {
                changed = true;
                out.push_str(&hidden);
            }
            None => out.push_str(part),
        }
    }
    changed.then_some(out)
}

fn part(hider: &mut Hider<'_>, part: &str) -> Option<String> {
    let (head, gap, body) = match (part.split_once("\r\n\r\n"), part.split_once("\n\n")) {
        (Some((head, body)), _) => (head, "\r\n\r\n", body),
        (None, Some((head, body))) => (head, "\n\n", body),
        (None, None) => return None,
    };
    let (mut name, mut kind) = (String::new(), None);
    for line in head.lines() {
        let Some((header, value)) = line.split_once(':') else {
            continue;
        };
        match header.trim().to_lowercase().as_str() {
            "content-disposition" => name = parameter(value, "name").unwrap_or_default(),
            "content-type" => kind = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    // The line break before the next separator is not part of the body.
    let content = body.trim_end_matches(['\r', '\n']);
    let end = body.get(content.len()..).unwrap_or_default();
    if content.is_empty() || is_plain_flag(content) {
        return None;
    }
    let hides = match credential(&name, Medium::Form) {
        Credential::Deep | Credential::Scalar => true,
        Credential::Random => shapes::is_random(content),
        Credential::No => false,
    };
    hider.enter(&name);
    let hidden = if hides {
        hider.hid();
        Some(MASK.to_owned())
    } else {
        match kind {
            Some(kind) => hider.text(Some(&kind), content),
            None => hider.string(content),
        }
    };
    hider.leave();
    hidden.map(|hidden| format!("{head}{gap}{hidden}{end}"))
}

/// `form-data; name="a"; filename="b"`
fn parameter(value: &str, wanted: &str) -> Option<String> {
    value.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        (name.trim().eq_ignore_ascii_case(wanted))
            .then(|| value.trim().trim_matches('"').to_owned())
    })
}
