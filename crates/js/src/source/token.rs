//! One token of a text, as far as an error message names it.

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'t> {
    End,
    Identifier(&'t str),
    Keyword(&'t str),
    Number,
    String,
    Template,
    Punctuator(&'t str),
    Illegal,
}

/// Words that are never identifiers.
const KEYWORDS: &[&str] = &[
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "new",
    "null",
    "return",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
];

/// Longest first.
const PUNCTUATORS: &[&str] = &[
    ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "??=", "=>", "==", "!=",
    "<=", ">=", "&&", "||", "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=",
    "<<", ">>", "**", "{", "}", "(", ")", "[", "]", ".", ";", ",", "<", ">", "+", "-", "*", "/",
    "%", "&", "|", "^", "!", "~", "?", ":", "=",
];

/// The token at or behind a byte offset, and where it begins.
pub(crate) fn token_at(text: &str, offset: usize) -> (Token<'_>, usize) {
    let start = skip_space(text, text.floor_char_boundary(offset));
    let rest = text.get(start..).unwrap_or("");
    let Some(first) = rest.chars().next() else {
        return (Token::End, start);
    };
    let token = if is_word(first) && !first.is_ascii_digit() {
        let end = rest
            .find(|character| !is_word(character))
            .unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or(rest);
        if KEYWORDS.contains(&word) {
            Token::Keyword(word)
        } else {
            Token::Identifier(word)
        }
    } else if first.is_ascii_digit()
        || (first == '.' && rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit))
    {
        Token::Number
    } else if first == '"' || first == '\'' {
        Token::String
    } else if first == '`' {
        Token::Template
    } else {
        let known = PUNCTUATORS
            .iter()
            .find(|punctuator| rest.starts_with(**punctuator));
        known.map_or(Token::Illegal, |punctuator| Token::Punctuator(punctuator))
    };
    (token, start)
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

/// Behind white space and comments.
fn skip_space(text: &str, mut offset: usize) -> usize {
    loop {
        let rest = text.get(offset..).unwrap_or("");
        let trimmed = rest.trim_start();
        let skipped = rest.len() - trimmed.len();
        let comment = if trimmed.starts_with("//") {
            trimmed.find('\n').unwrap_or(trimmed.len())
        } else if trimmed.starts_with("/*") {
            trimmed.find("*/").map_or(trimmed.len(), |end| end + 2)
        } else {
            0
        };
        offset += skipped + comment;
        if comment == 0 {
            return offset;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        let check = |text, token, start| assert_eq!(token_at(text, 0), (token, start), "{text}");
        check("", Token::End, 0);
        check("  // x\n /* y */ foo(", Token::Identifier("foo"), 16);
        check("if (", Token::Keyword("if"), 0);
        check("=> x", Token::Punctuator("=>"), 0);
        check(">>>= x", Token::Punctuator(">>>="), 0);
        check(".5", Token::Number, 0);
        check("'x", Token::String, 0);
        check("`x", Token::Template, 0);
        check("#", Token::Illegal, 0);
        check("  /* open", Token::End, 9);
    }
}
