//! The JSON of TypeScript's tools.

/// Returns the value of the pattern that TypeScript chooses, and what its star stands for: the specifier itself, else the pattern
/// that has most before its star, the first one of several.
pub(super) fn best<'p, 's, T: 'p>(
    patterns: impl Iterator<Item = (&'p String, &'p T)>,
    specifier: &'s str,
) -> Option<(&'p T, &'s str)> {
    let mut found: Option<(usize, &T, &str)> = None;
    for (pattern, value) in patterns {
        let Some(star) = fits(pattern, specifier) else {
            continue;
        };
        let Some(before) = pattern.find('*') else {
            return Some((value, star));
        };
        if found.is_none_or(|(longest, ..)| before > longest) {
            found = Some((before, value, star));
        }
    }
    found.map(|(_, value, star)| (value, star))
}

/// The part that the star of a pattern stands for; empty without one.
fn fits<'s>(pattern: &str, specifier: &'s str) -> Option<&'s str> {
    match pattern.split_once('*') {
        Some((before, after)) => specifier.strip_prefix(before)?.strip_suffix(after),
        None => (pattern == specifier).then_some(""),
    }
}

/// JSON without comments and without commas before closing brackets.
pub(super) fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let mut end = 1;
            let mut is_escaped = false;
            for letter in rest.chars().skip(1) {
                end += letter.len_utf8();
                match letter {
                    '"' if !is_escaped => break,
                    '\\' => is_escaped = !is_escaped,
                    _ => is_escaped = false,
                }
            }
            let (string, behind) = rest.split_at(end.min(rest.len()));
            plain.push_str(string);
            rest = behind;
        } else if rest.starts_with("//") {
            rest = rest
                .find('\n')
                .and_then(|end| rest.get(end..))
                .unwrap_or_default();
        } else if rest.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |(_, behind)| behind);
        } else {
            if matches!(first, '}' | ']') {
                let kept = plain.trim_end();
                if kept.ends_with(',') {
                    plain.truncate(kept.len() - 1);
                }
            }
            plain.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    plain
}
