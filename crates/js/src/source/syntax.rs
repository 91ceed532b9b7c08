//! Words the parser's errors as V8 does.

use oxc::allocator::Allocator;
use oxc::diagnostics::OxcDiagnostic;
use oxc::semantic::SemanticBuilder;
use oxc::span::SourceType;
use postlogin_core::location::Location;

use super::esm::{ModuleSyntax, Refused};
use super::text::LineIndex;
use super::token::{Token, token_at};
use super::{SyntaxError, newer, parse};

/// V8's words for `await` outside async functions.
const AWAIT: &str = "await is only valid in async functions and the top level bodies of modules";

/// The first thing that is wrong with a text, early errors included.
pub(crate) fn first_error(file_name: &str, text: &str, kind: SourceType) -> Option<SyntaxError> {
    let allocator = Allocator::default();
    let parsed = parse::parse(&allocator, text, kind);
    if let Some(diagnostic) = parsed.diagnostics.errors().next() {
        return Some(from_diagnostic(file_name, text, diagnostic));
    }
    let semantic = SemanticBuilder::new_compiler().build(&parsed.program);
    if let Some(diagnostic) = semantic.diagnostics.errors().next() {
        return Some(from_diagnostic(file_name, text, diagnostic));
    }
    newer::first(&parsed.program, text).map(|(message, offset)| SyntaxError {
        hint: Some("production runs Node 22, whose V8 12.4 does not know this syntax".to_owned()),
        message,
        location: location(file_name, text, offset),
    })
}

/// A finding of the parser as an error of the user's text.
pub(crate) fn from_diagnostic(
    file_name: &str,
    text: &str,
    diagnostic: &OxcDiagnostic,
) -> SyntaxError {
    let label = if diagnostic.message.contains("has already been declared") {
        diagnostic.labels.last()
    } else {
        diagnostic.labels.first()
    };
    let offset = label.map_or(text.len(), |label| label.offset() as usize);
    let (message, offset) = reword(&diagnostic.message, text, offset);
    let hint = hint_for(&message).or_else(|| diagnostic.help.as_deref().map(str::to_owned));
    SyntaxError {
        message,
        location: location(file_name, text, offset),
        hint,
    }
}

/// `import` and `export` in a CommonJS file.
pub(crate) fn outside_module(file_name: &str, text: &str, found: &ModuleSyntax) -> SyntaxError {
    let (offset, message) = match found {
        ModuleSyntax::Import(offset) => (*offset, "Cannot use import statement outside a module"),
        ModuleSyntax::Export(offset) => (*offset, "Unexpected token 'export'"),
        ModuleSyntax::ImportMeta(offset) => (*offset, "Cannot use 'import.meta' outside a module"),
    };
    let hint = "production runs Actions as CommonJS: use `require(…)` and `exports.onExecutePostLogin = …`, \
                or rename the file to .mjs to have it rewritten";
    SyntaxError {
        message: message.to_owned(),
        location: location(file_name, text, offset),
        hint: Some(hint.to_owned()),
    }
}

/// Returns whether production refuses a module that may be used elsewhere.
pub(crate) fn refused_in_module(file_name: &str, text: &str, refused: Refused) -> SyntaxError {
    let (offset, message) = match refused {
        Refused::Await(offset) => (offset, AWAIT),
        Refused::ImportMeta(offset) => (offset, "Cannot use 'import.meta' outside a module"),
        Refused::Decorator(offset) => (offset, DECORATOR),
    };
    SyntaxError {
        message: message.to_owned(),
        location: location(file_name, text, offset),
        hint: match message {
            DECORATOR => Some(
                "compile the file first, with tsc or esbuild, and name what they write".to_owned(),
            ),
            message => hint_for(message),
        },
    }
}

const DECORATOR: &str = "decorators and `accessor` are not JavaScript that Node 22 runs";

/// A text in TypeScript that has more of `what` than can be parsed or rewritten in reasonable time.
pub(crate) fn too_much(file_name: &str, what: &str) -> SyntaxError {
    SyntaxError {
        message: format!("the text has {what}"),
        ..too_deep(file_name)
    }
}

/// A text that no recursive parser takes.
pub(crate) fn too_deep(file_name: &str) -> SyntaxError {
    SyntaxError {
        message: "the text is too long or too deeply nested".to_owned(),
        location: Location {
            file: file_name.to_owned(),
            line: 1,
            column: 1,
        },
        hint: Some("production accepts at most 100 kB of code for an Action".to_owned()),
    }
}

fn location(file_name: &str, text: &str, offset: usize) -> Location {
    let position = LineIndex::new(text).position(text, offset);
    Location {
        file: file_name.to_owned(),
        line: position.line,
        column: position.column,
    }
}

/// V8's words and the byte offset at which V8 sees the fault.
fn reword(message: &str, text: &str, offset: usize) -> (String, usize) {
    let (token, start) = token_at(text, offset);
    let quoted = message.split('`').nth(1).unwrap_or("");
    if message.starts_with("Label ") {
        return (
            format!("Label '{quoted}' has already been declared"),
            offset,
        );
    }
    if message.ends_with("has already been declared") {
        return (
            format!("Identifier '{quoted}' has already been declared"),
            offset,
        );
    }
    if let Some((_, told)) = TABLE.iter().find(|(start, _)| message.starts_with(start)) {
        return ((*told).to_owned(), offset);
    }
    let wants_bracket = message.starts_with("Expected `,` or `)`")
        || message.starts_with("`await` is only allowed");
    let at_end = matches!(token, Token::End) && message.starts_with("Unexpected token");
    let before = previous_token(text, start);
    let ends_value = before.is_some_and(|(_, ends_value)| ends_value);
    if (wants_bracket || (at_end && ends_value)) && is_call(text, start) {
        // V8 points at the last token of the argument that it could read.
        let place = if wants_bracket && message.starts_with('`') {
            Some(start)
        } else {
            before.map(|(at, _)| at)
        };
        return (
            "missing ) after argument list".to_owned(),
            place.unwrap_or(start),
        );
    }
    if message.starts_with("`await` is only allowed") {
        return (AWAIT.to_owned(), offset);
    }
    if message.starts_with("Expected a semicolon") && awaits(text, start) {
        let word = text
            .get(..start)
            .and_then(|before| before.rfind("await"))
            .unwrap_or(start);
        return (AWAIT.to_owned(), word);
    }
    if message.starts_with("Type assertion expressions") {
        let place = text
            .get(offset..)
            .and_then(|rest| rest.find(" as "))
            .map_or(start, |at| offset + at + 1);
        return ("Unexpected identifier 'as'".to_owned(), place);
    }
    let is_unexpected = message.starts_with("Unexpected token")
        || message.starts_with("Expected ")
        || message.starts_with("Identifier expected")
        || message.starts_with("Empty parenthesized expression")
        || message.starts_with("Cannot use");
    if is_unexpected {
        (unexpected(&token), start)
    } else {
        (message.to_owned(), offset)
    }
}

/// V8's words for a token in the wrong place.
fn unexpected(token: &Token<'_>) -> String {
    match token {
        Token::End => "Unexpected end of input".to_owned(),
        Token::Identifier(name) => format!("Unexpected identifier '{name}'"),
        Token::Keyword(text) | Token::Punctuator(text) => format!("Unexpected token '{text}'"),
        Token::Number => "Unexpected number".to_owned(),
        Token::String => "Unexpected string".to_owned(),
        Token::Template => "Unexpected template string".to_owned(),
        Token::Illegal => "Invalid or unexpected token".to_owned(),
    }
}

/// The beginnings of the parser's messages, and V8's words where they do not depend on the token.
const TABLE: &[(&str, &str)] = &[
    ("Unterminated string", "Invalid or unexpected token"),
    ("Unterminated template", "Unexpected end of input"),
    (
        "Unterminated regular expression",
        "Invalid regular expression: missing /",
    ),
    (
        "Unterminated multiline comment",
        "Invalid or unexpected token",
    ),
    ("Invalid Character", "Invalid or unexpected token"),
    ("Invalid Number", "Invalid or unexpected token"),
    (
        "Invalid characters after number",
        "Invalid or unexpected token",
    ),
    (
        "Cannot assign to this expression",
        "Invalid left-hand side in assignment",
    ),
    (
        "Missing catch or finally clause",
        "Missing catch or finally after try",
    ),
    (
        "A rest parameter must be last",
        "Rest parameter must be last formal parameter",
    ),
    (
        "A rest element must be last",
        "Rest element must be last element",
    ),
    (
        "Spread must be last element",
        "Rest element must be last element",
    ),
    ("A `break` statement", "Illegal break statement"),
    (
        "A `continue` statement",
        "Illegal continue statement: no surrounding iteration statement",
    ),
    (
        "'super' can only be used with function calls",
        "'super' keyword unexpected here",
    ),
    (
        "'super' can only be referenced",
        "'super' keyword unexpected here",
    ),
    (
        "Super calls are not permitted",
        "'super' keyword unexpected here",
    ),
    ("A class name is required", "Unexpected token '{'"),
    (
        "Function name is required",
        "Function statements require a function name",
    ),
    (
        "Expected function name",
        "Function statements require a function name",
    ),
    (
        "Invalid assignment in object literal",
        "Invalid shorthand property initializer",
    ),
    (
        "'with' statements are not allowed",
        "Strict mode code may not include a with statement",
    ),
    (
        "A 'default' clause cannot",
        "More than one default clause in switch statement",
    ),
    (
        "A 'get' accessor must not",
        "Getter must not have any formal parameters.",
    ),
    (
        "A 'set' accessor must have",
        "Setter must have exactly one formal parameter.",
    ),
    (
        "Multiple constructor",
        "A class may only have one constructor",
    ),
    (
        "`let` cannot be declared",
        "let is disallowed as a lexically bound name",
    ),
    (
        "A unary expression with",
        "Unary operator used immediately before exponentiation expression. Parenthesis must be used to disambiguate operator precedence",
    ),
    ("`for await` loops are only", "Unexpected reserved word"),
    (
        "Lexical declaration cannot appear",
        "Lexical declaration cannot appear in a single-statement context",
    ),
];

/// Whether the bracket that is open at an offset is a call's.
fn is_call(text: &str, offset: usize) -> bool {
    let before = text.get(..offset).unwrap_or(text);
    let mut depth = 0_usize;
    for (at, byte) in before.bytes().enumerate().rev() {
        match byte {
            b')' | b']' | b'}' => depth += 1,
            b'(' | b'[' | b'{' if depth > 0 => depth -= 1,
            b'(' => {
                let callee = before.get(..at).unwrap_or("").trim_end();
                let name = callee
                    .rsplit(|c: char| !c.is_alphanumeric() && c != '_' && c != '$')
                    .next()
                    .unwrap_or("");
                let declared = callee
                    .strip_suffix(name)
                    .unwrap_or("")
                    .trim_end()
                    .ends_with("function");
                let is_word = matches!(
                    name,
                    "if" | "while" | "for" | "switch" | "catch" | "function" | "return" | "with"
                );
                return !is_word && !declared && (!name.is_empty() || callee.ends_with([')', ']']));
            }
            b'[' | b'{' => return false,
            _ => {}
        }
    }
    false
}

/// Where the token before an offset begins, and whether a value can end with it.
fn previous_token(text: &str, offset: usize) -> Option<(usize, bool)> {
    let before = text.get(..offset)?.trim_end();
    let last = before.chars().next_back()?;
    let is_word =
        |character: char| character.is_alphanumeric() || character == '_' || character == '$';
    let start = if is_word(last) {
        before.trim_end_matches(is_word).len()
    } else if matches!(last, '"' | '\'' | '`') {
        before.strip_suffix(last)?.rfind(last)?
    } else {
        before.len() - last.len_utf8()
    };
    Some((
        start,
        is_word(last) || matches!(last, '"' | '\'' | '`' | ')' | ']' | '}'),
    ))
}

/// Whether the word before an offset is `await`.
fn awaits(text: &str, offset: usize) -> bool {
    let before = text.get(..offset).unwrap_or("").trim_end();
    before
        .strip_suffix("await")
        .is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.'))
}

fn hint_for(message: &str) -> Option<String> {
    let hint = match message {
        AWAIT => "mark the function around it `async`, or move the `await` into the handler",
        "Unexpected end of input" => "a bracket or a quote that was opened is not closed",
        "missing ) after argument list" => "a comma or the closing `)` of a call is missing",
        _ => return None,
    };
    Some(hint.to_owned())
}
