//! Patterns in which `*` stands for any text: of URLs, logs, messages.

/// Whether the pattern covers the whole text. `*` is any text, also an empty one; everything else is itself.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    // `split` gives at least one part.
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    // The leftmost place is right for every part in the middle: it leaves the most for those behind it.
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything", true),
            ("a", "a", true),
            ("a", "A", false),
            ("*saved*", "user saved twice", true),
            ("*saved*", "user save", false),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "abcd", false),
            ("aba*aba", "aba", false),
            ("aba*aba", "abaaba", true),
            ("*ab*ab", "abab", true),
            ("*ab*ab*", "ab", false),
            ("a**b", "ab", true),
            ("***", "", true),
            ("ä*ö", "ä😀ö", true),
            ("https://x/*/b", "https://x/a/c/b", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
