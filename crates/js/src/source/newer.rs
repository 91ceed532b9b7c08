//! Syntax that the parser accepts and V8 12.4, which production runs, does not.

use oxc::ast::ast::{Program, RegExpLiteral, VariableDeclaration};
use oxc::ast_visit::{Visit, walk};
use oxc::span::GetSpan as _;

/// Returns what V8 says about the first such place, and its byte offset.
pub(crate) fn first(program: &Program<'_>, text: &str) -> Option<(String, usize)> {
    let mut finder = Finder { text, found: None };
    finder.visit_program(program);
    finder.found
}

struct Finder<'t> {
    text: &'t str,
    found: Option<(String, usize)>,
}

impl Finder<'_> {
    fn note(&mut self, message: String, offset: u32) {
        self.found.get_or_insert((message, offset as usize));
    }
}

impl<'a> Visit<'a> for Finder<'_> {
    fn visit_variable_declaration(&mut self, it: &VariableDeclaration<'a>) {
        if it.kind.is_using()
            && let Some(first) = it.declarations.first()
        {
            let span = first.id.span();
            let name = span.source_text(self.text);
            self.note(format!("Unexpected identifier '{name}'"), span.start);
        }
        walk::walk_variable_declaration(self, it);
    }

    fn visit_reg_exp_literal(&mut self, it: &RegExpLiteral<'a>) {
        let pattern = it.regex.pattern.text.as_str();
        if let Some(fault) = fault_of(pattern) {
            let flags = it.regex.flags;
            self.note(
                format!("Invalid regular expression: /{pattern}/{flags}: {fault}"),
                it.span.start,
            );
        }
    }
}

/// Modifiers and groups that share a name.
fn fault_of(pattern: &str) -> Option<&'static str> {
    let mut names: Vec<&str> = Vec::new();
    let mut in_class = false;
    let mut rest = pattern;
    while let Some(character) = rest.chars().next() {
        let after = rest.get(character.len_utf8()..).unwrap_or_default();
        rest = after;
        match character {
            '\\' => {
                let skipped = after.chars().next().map_or(0, char::len_utf8);
                rest = after.get(skipped..).unwrap_or_default();
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => {
                let Some(kind) = after.strip_prefix('?') else {
                    continue;
                };
                if kind.starts_with(['i', 'm', 's', '-']) {
                    return Some("Invalid group");
                }
                if let Some(name) = kind.strip_prefix('<')
                    && !name.starts_with(['=', '!'])
                    && let Some((name, _)) = name.split_once('>')
                {
                    if names.contains(&name) {
                        return Some("Duplicate capture group name");
                    }
                    names.push(name);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::syntax::first_error;
    use oxc::span::SourceType;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, u32)>) {
        let error = first_error("code.js", text, SourceType::cjs());
        let got = error
            .as_ref()
            .map(|error| (error.message.as_str(), error.location.column));
        assert_eq!(got, expected, "{text}");
    }

    /// Recorded with Node 22.
    #[test]
    fn what_is_newer_than_production_is_refused_in_its_words() {
        check(
            "{ using x = null; }",
            Some(("Unexpected identifier 'x'", 9)),
        );
        check(
            "async () => { await using file = null; }",
            Some(("Unexpected identifier 'file'", 27)),
        );
        check(
            "a = /(?i:a)/g;",
            Some(("Invalid regular expression: /(?i:a)/g: Invalid group", 5)),
        );
        check(
            "a = /(?<y>a)|(?<y>b)/;",
            Some((
                "Invalid regular expression: /(?<y>a)|(?<y>b)/: Duplicate capture group name",
                5,
            )),
        );
    }

    #[test]
    fn what_production_knows_is_accepted() {
        for text in [
            "const using = 1; using;",
            r"a = /(?:a)(?=b)(?!c)(?<=d)(?<!e)(?<y>f)(?<z>g)[(?i:]\(?i/;",
        ] {
            check(text, None);
        }
    }
}
