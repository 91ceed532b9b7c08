//! Everything that an Action may require, as far as its text and those of its packages show: what a component of its own has
//! to hold.

use std::collections::{HashSet, VecDeque};

use oxc::allocator::Allocator;
use oxc::ast::ast::{Argument, CallExpression, Expression};
use oxc::ast_visit::{Visit, walk};
use oxc::span::SourceType;
use postlogin_engine::{Answer, Keyword, ModuleFile, ModuleFormat, ModuleSource, Provided};

use super::Modules;
use crate::source::rule::prepare_rule;
use crate::source::{parse, prepare};

/// More text than this is no Action but a mistake, in bytes.
const MOST: usize = 48 << 20;

impl Modules {
    /// Whether a text, or a file that it leads to, may require a module by a name. A file that has the name anywhere may, and so
    /// may everything of more than a component's size.
    #[must_use]
    pub fn may_require(&self, file: &str, text: &str, name: &str) -> bool {
        let prepared = match prepare_rule(file, text) {
            Some(rule) => rule,
            None => prepare(file, text),
        };
        let Ok(prepared) = prepared else {
            return true;
        };
        let found = of(&prepared.code, self);
        found.map_or(true, |found| {
            let mut files = found.files.iter();
            files.any(|(_, file)| file.code.contains(name))
        })
    }
}

/// Why the files cannot be put into a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// The files that `code`, an Action's text that is ready for the engine, leads to, and the answers that lead there. What cannot
/// be found is left out: packages try what they can do without.
pub(crate) fn of(code: &str, modules: &Modules) -> Result<Provided, TooLarge> {
    let mut provided = Provided::default();
    let mut known = HashSet::new();
    let mut bytes = 0;
    let mut open = VecDeque::from([(String::new(), requests(code))]);
    while let Some((importer, requests)) = open.pop_front() {
        for (specifier, keyword) in requests {
            let Ok(path) = modules.resolve(&importer, &specifier, keyword).path else {
                continue;
            };
            provided.answers.push(Answer {
                importer: importer.clone(),
                specifier,
                keyword,
                path: path.clone(),
            });
            if !known.insert(path.clone()) {
                continue;
            }
            let Ok(file) = modules.load(&path) else {
                continue;
            };
            bytes += file.code.len();
            if bytes > MOST {
                return Err(TooLarge);
            }
            open.push_back((path.clone(), requests_of(&file)));
            provided.files.push((path, file));
        }
    }
    Ok(provided)
}

fn requests_of(file: &ModuleFile) -> Vec<(String, Keyword)> {
    match file.format {
        ModuleFormat::Json => Vec::new(),
        _ => requests(&file.code),
    }
}

/// The literal specifiers of `require('…')`, `$import('…')` and `$import.later('…')`, each once.
pub(super) fn requests(code: &str) -> Vec<(String, Keyword)> {
    if !code.contains("require") && !code.contains("$import") {
        return Vec::new();
    }
    let found = parse::on_deep_stack(code, || {
        let allocator = Allocator::default();
        let parsed = parse::parse(&allocator, code, SourceType::cjs());
        let mut finder = Finder::default();
        finder.visit_program(&parsed.program);
        finder.found
    });
    found.unwrap_or_default()
}

#[derive(Default)]
struct Finder {
    found: Vec<(String, Keyword)>,
}

impl<'a> Visit<'a> for Finder {
    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        if let Some(keyword) = keyword(&call.callee)
            && let Some(Argument::StringLiteral(specifier)) = call.arguments.first()
        {
            let request = (specifier.value.as_str().to_owned(), keyword);
            if !self.found.contains(&request) {
                self.found.push(request);
            }
        }
        walk::walk_call_expression(self, call);
    }
}

fn keyword(callee: &Expression<'_>) -> Option<Keyword> {
    let name = match callee {
        Expression::Identifier(identifier) => identifier.name.as_str(),
        Expression::StaticMemberExpression(member) => match &member.object {
            Expression::Identifier(identifier) => identifier.name.as_str(),
            _ => return None,
        },
        _ => return None,
    };
    match name {
        "require" => Some(Keyword::Require),
        "$import" => Some(Keyword::Import),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_specifiers_are_found() {
        #[track_caller]
        fn check(code: &str, expected: &[(&str, Keyword)]) {
            let expected: Vec<_> = expected
                .iter()
                .map(|(specifier, keyword)| ((*specifier).to_owned(), *keyword))
                .collect();
            assert_eq!(requests(code), expected, "{code}");
        }
        check(
            "const a = require('a'); if (x) { y(() => require(\"b/c\").d); } require('a');",
            &[("a", Keyword::Require), ("b/c", Keyword::Require)],
        );
        check(
            "var a_1 = $import(\"./a.js\"); f(() => $import.later('b')); require.resolve('c')",
            &[
                ("./a.js", Keyword::Import),
                ("b", Keyword::Import),
                ("c", Keyword::Require),
            ],
        );
        check("require(name); a.require('x'); // require('y')", &[]);
        check("(((", &[]);
    }
}
