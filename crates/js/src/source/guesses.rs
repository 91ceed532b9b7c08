//! Limits of TypeScript before it is parsed: where the parser has to guess, and which rewriting grows with the square of the text.

use super::parse;

/// So many bytes may be read on a guess, all guesses together; each costs the parser some fifty bytes of memory.
const MOST_GUESSED: usize = 2_000_000;
/// Each enum is looked up in those before it.
const MOST_ENUMS: usize = 1_000;

/// The most memory that a text may cost, as [`parse::weight`]: types are parsed, analysed, and taken away.
const MOST_WEIGHT: usize = 2 << 20;

/// Returns what is too much in a text in TypeScript, for a message that begins with "the text has". `None` for what people write.
pub(crate) fn excess(text: &str) -> Option<&'static str> {
    if parse::weight(text) > MOST_WEIGHT {
        return Some(
            "more TypeScript than can be parsed: 2 MiB, less where it has very many functions",
        );
    }
    if guessed(text) > MOST_GUESSED {
        return Some("too many comparisons that could begin type arguments");
    }
    let mut enums = text.match_indices("enum");
    enums
        .nth(MOST_ENUMS)
        .is_some()
        .then_some("more than 1,000 enums")
}

/// Returns an upper bound of how many bytes the parser reads on the guess that `a <` begins type arguments, before it finds that it
/// compares. What it has read stays in memory, and it guesses anew at each `<` within. Texts in strings and comments count as if they were code.
fn guessed(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut total = 0_usize;
    let mut before = b' ';
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'<' && follows_a_value(before) {
            total = total.saturating_add(as_type(bytes.get(at + 1..).unwrap_or_default()));
            if total > MOST_GUESSED {
                break;
            }
        }
        if !byte.is_ascii_whitespace() {
            before = *byte;
        }
    }
    total
}

fn follows_a_value(byte: u8) -> bool {
    is_of_name(byte) || matches!(byte, b')' | b']' | b'>')
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}

/// For how many bytes a text could be types: up to what no type has, to a bracket that it does not open, or to two names side by side.
fn as_type(text: &[u8]) -> usize {
    let mut open = 0_usize;
    let mut ends_name = false;
    let mut gap = false;
    let mut word = 0;
    for (at, byte) in text.iter().enumerate() {
        if byte.is_ascii_whitespace() {
            gap |= ends_name;
            continue;
        }
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => match open.checked_sub(1) {
                Some(left) => open = left,
                None => return at,
            },
            // Members of a type in braces end with a semicolon.
            b';' if open == 0 => return at,
            b'+' | b'*' | b'/' | b'%' | b'^' | b'!' | b'~' | b'@' | b'#' => return at,
            _ => {}
        }
        if is_of_name(*byte) {
            let follows = gap && !is_operator_of_types(text.get(word..at).unwrap_or_default());
            if follows && open == 0 {
                return at;
            }
            if !ends_name || gap {
                word = at;
            }
            ends_name = true;
        } else {
            ends_name = false;
        }
        gap = false;
    }
    text.len()
}

/// Whether a word stands before a type, or between two.
fn is_operator_of_types(word: &[u8]) -> bool {
    let word = word.trim_ascii();
    matches!(
        word,
        b"abstract"
            | b"asserts"
            | b"const"
            | b"extends"
            | b"in"
            | b"infer"
            | b"is"
            | b"keyof"
            | b"new"
            | b"out"
            | b"readonly"
            | b"typeof"
            | b"unique"
    ) || word.len() > 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_within_comparisons_are_too_much() {
        for piece in [
            "a < (b < (c < ",
            "a < b < ",
            "f<[",
            "a < b, ",
            "x.y < { a: z < ",
            "a<b>(c<",
        ] {
            let text = piece.repeat(20_000);
            assert!(excess(&text).is_some(), "{piece}: {}", guessed(&text));
        }
        assert!(excess(&"enum E { a }\n".repeat(1_200)).is_some());
        assert!(excess(&"a;".repeat(1 << 20)).is_none());
        assert!(excess(&"a;".repeat((1 << 20) + 1)).is_some());
        assert!(excess(&"x=>1;".repeat(200_000)).is_some());
    }

    #[test]
    fn what_people_write_is_not() {
        for piece in [
            "for (let i = 0; i < list.length; i += 1) { if (a < b && c > d) { run<string, Map<string, number[]>>(x); } }\n",
            "const a = b < c\nconst d = e < f\n",
            "interface A<T extends B<T> = C<T>> { readonly d: Promise<Array<E<T>>>; }\n",
            "export const f = async <T,>(x: Record<string, T>): Promise<T | undefined> => x['a']\n",
            "enumerate(enumeration);\n",
        ] {
            let text = piece.repeat(400);
            assert_eq!(excess(&text), None, "{piece}: {}", guessed(&text));
        }
    }
}
