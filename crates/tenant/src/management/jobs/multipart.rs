//! The body of an import: `multipart/form-data` (RFC 7578), whole in memory.

/// One part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub(super) name: String,
    pub(super) content: &'a [u8],
}

/// The most parts of a form.
const MOST_PARTS: usize = 20;

/// Returns the boundary that a content type names.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let mut parameters = parameters.split(';').map(str::trim);
    let boundary = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("boundary")
            .then(|| value.trim().trim_matches('"'))
    })?;
    // RFC 2046, section 5.1.1.
    (1..=70).contains(&boundary.len()).then_some(boundary)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Splits a body into its parts; `None` when it is not a form.
pub(super) fn parts<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<Part<'a>>> {
    let first = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    let start = find(body, first.as_bytes())?;
    let mut rest = body.get(start + first.len()..)?;
    let mut parts = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        if parts.len() >= MOST_PARTS {
            return None;
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let end = find(rest, between.as_bytes())?;
        let (part, after) = rest.split_at_checked(end)?;
        rest = after.get(between.len()..)?;
        let head = find(part, b"\r\n\r\n")?;
        let (head, content) = part.split_at_checked(head)?;
        let name = name(std::str::from_utf8(head).ok()?)?;
        parts.push(Part {
            name,
            content: content.get(4..)?,
        });
    }
}

/// The name of a field, out of the header `Content-Disposition`.
fn name(head: &str) -> Option<String> {
    let line = head.split("\r\n").find(|line| {
        let name = line.split(':').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("content-disposition")
    })?;
    let mut parameters = line.split(';').map(str::trim);
    parameters.find_map(|parameter| {
        let value = parameter.strip_prefix("name=")?;
        Some(value.trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::{boundary, parts};

    #[test]
    fn the_boundary_is_in_the_content_type() {
        for (text, expected) in [
            ("multipart/form-data; boundary=abc", Some("abc")),
            (
                "Multipart/Form-Data; charset=utf-8; Boundary=\"a b\"",
                Some("a b"),
            ),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/mixed; boundary=abc", None),
            ("application/json", None),
        ] {
            assert_eq!(boundary(text), expected, "{text}");
        }
    }

    #[test]
    fn a_form_has_its_parts() {
        let body = "preamble--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x\r\ncontent-type: text/plain\r\ncontent-disposition: form-data; filename=\"f.json\"; name=users\r\n\r\n[\r\n]\r\n--x--\r\n";
        let found = parts(body.as_bytes(), "x").unwrap();
        let found: Vec<(&str, &[u8])> = found
            .iter()
            .map(|part| (part.name.as_str(), part.content))
            .collect();
        assert_eq!(found, [("a", &b"1"[..]), ("users", &b"[\r\n]"[..])]);
    }

    #[test]
    fn what_is_no_form_is_refused() {
        let many =
            "--x\r\ncontent-disposition: form-data; name=a\r\n\r\n1\r\n".repeat(30) + "--x--";
        for body in [
            "",
            "--x",
            "--x\r\n",
            "--x\r\n\r\n1\r\n--x--",
            "--x\r\ncontent-disposition: form-data\r\n\r\n1\r\n--x--",
            "--x\r\ncontent-disposition: form-data; name=a\r\n\r\n1",
            "--x\r\ncontent-disposition: form-data; name=a\r\n--x--",
            &many,
        ] {
            assert_eq!(parts(body.as_bytes(), "x"), None, "{body}");
        }
    }
}
