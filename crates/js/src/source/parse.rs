//! The parser behind a guard: no text, however deep, may overflow the stack of the caller.

use std::panic::{self, AssertUnwindSafe};

use oxc::allocator::Allocator;
use oxc::parser::{ParseOptions, Parser, ParserReturn};
use oxc::span::SourceType;

/// Deeper than any program that people write; V8's own parser gives up at a tenth of it.
const DEEPEST: usize = 50_000;
/// More than one level takes in an unoptimised build. Only the pages that are touched cost memory.
const STACK_BYTES_PER_LEVEL: usize = 20 * 1024;
/// The stack that every analysis may use, in bytes.
const LEAST_STACK_BYTES: usize = 8 * 1024 * 1024;
/// Production takes 100 kB; what is far larger is not worth a parser's memory, up to 70 times the size of the text. As [`weight`].
const LONGEST: usize = 3 << 20;
/// A scope costs the parser as much memory as so many bytes of what has none.
const SCOPE: usize = 8;

/// Returns what a text costs the parser in memory, in bytes of a text without functions and blocks: `x=>1;`, again and again, costs
/// three times as much.
pub(super) fn weight(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_scope = |at: &usize| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        match bytes.get(*at) {
            Some(b'{') => true,
            Some(b'>') => before == Some(&b'='),
            _ => false,
        }
    };
    bytes.len() + SCOPE * (0..bytes.len()).filter(is_scope).count()
}

/// Runs a recursive analysis of `text` on a stack of its own. `None` when the text is too deep or too
/// long for it, or when the analysis broke down.
pub(crate) fn on_deep_stack<T>(text: &str, work: impl FnOnce() -> T) -> Option<T> {
    let depth = depth_bound(text);
    if weight(text) > LONGEST || depth > DEEPEST {
        return None;
    }
    let stack_bytes = LEAST_STACK_BYTES + depth * STACK_BYTES_PER_LEVEL;
    // A new stack for this thread costs a tenth of a new thread, and a suite analyses hundreds of texts.
    let grown = || stacker::grow(stack_bytes, work);
    panic::catch_unwind(AssertUnwindSafe(grown)).ok()
}

/// Parses a text. A `return` outside a function is legal: an Action's source is a function's body.
pub(crate) fn parse<'a>(
    allocator: &'a Allocator,
    text: &'a str,
    kind: SourceType,
) -> ParserReturn<'a> {
    let options = ParseOptions {
        allow_return_outside_function: true,
        ..ParseOptions::default()
    };
    Parser::new(allocator, text, kind)
        .with_options(options)
        .parse()
}

/// An upper bound, cheap and crude (text in strings and comments counts as if it were code), of how deep a syntax tree can be: open brackets, and within them
/// everything that may nest without a bracket of its own (operators, calls in a chain, `else if`).
fn depth_bound(text: &str) -> usize {
    let mut open: Vec<usize> = Vec::new();
    let mut chain = 0_usize;
    let mut total = 0_usize;
    let mut deepest = 0_usize;
    let mut words = false;
    // The chain that a semicolon has ended: an `else` continues it.
    let mut ended = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => {
                open.push(chain + 1);
                total += chain + 1;
                chain = 0;
            }
            b')' | b']' | b'}' => {
                // What follows may hang on the bracket: `a()()()`, `if (a) if (b)`.
                chain = open.pop().unwrap_or(0);
                total = total.saturating_sub(chain);
            }
            b';' => {
                ended = ended.max(chain);
                chain = 0;
            }
            b',' => chain = 0,
            b'!' | b'~' | b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'<' | b'>'
            | b'=' | b'?' | b':' | b'.' | b'`' => chain += 1,
            // A word after a gap: `typeof typeof x`, `new new x`, `a: b: c`.
            _ if byte.is_ascii_alphabetic() && !words => {
                let rest = text.as_bytes().get(at..).unwrap_or_default();
                chain = match rest.starts_with(b"else") {
                    true => chain.max(ended) + 1,
                    false => chain + 1,
                };
                ended = 0;
            }
            _ => {}
        }
        words = byte.is_ascii_alphanumeric() || byte == b'_';
        deepest = deepest.max(total + chain);
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_bounded_before_the_parser_sees_the_text() {
        for piece in [
            "(",
            "[",
            "{",
            "!",
            "a=>",
            "if(a)",
            "f()",
            "-",
            "typeof ",
            "a?",
            "`${",
            "x=",
            ".a",
            "new ",
            "if(0);else ",
            "if(0){}else ",
        ] {
            let text = piece.repeat(60_000);
            assert!(on_deep_stack(&text, || ()).is_none(), "{piece}");
        }
    }

    #[test]
    fn what_is_within_the_bound_is_parsed() {
        for piece in [
            "(", "[", "!", "{", "a=>", "if(a)", "f(", "-", "a?", "`${", "x=", "new ", "class{[",
            "<x>(",
        ] {
            let text = piece.repeat(6_000);
            let parsed = on_deep_stack(&text, || {
                let allocator = Allocator::default();
                parse(&allocator, &text, SourceType::ts()).panicked
            });
            assert!(parsed.is_some() || depth_bound(&text) > DEEPEST, "{piece}");
        }
    }

    #[test]
    fn what_costs_more_memory_than_its_length_is_parsed_in_shorter_texts() {
        let longest = |piece: &str, most: usize| {
            let fits = |count: &usize| weight(&piece.repeat(*count)) <= most;
            (1..).map(|times| times * 10_000).take_while(fits).count() * 10_000
        };
        // Counted by hand: 3 MiB by 2 bytes, 5 and a scope, 8 and two scopes, 8 and a scope with braces.
        for (piece, pieces) in [
            ("a;", 1_570_000),
            ("x=>1;", 240_000),
            ("x=>y=>1;", 130_000),
            ("if(a){b}", 190_000),
            ("a>=b;a>b", 390_000),
        ] {
            assert_eq!(longest(piece, LONGEST), pieces, "{piece}");
            let text = piece.repeat(pieces + 10_000);
            assert!(on_deep_stack(&text, || ()).is_none(), "{piece}");
        }
    }

    #[test]
    fn ordinary_text_is_not_deep() {
        let text = "exports.onExecutePostLogin = async (event, api) => {\n  if (a) { b(c[0], { d: [1, 2] }); }\n};\n";
        assert!(depth_bound(text) < 40, "{}", depth_bound(text));
    }
}
