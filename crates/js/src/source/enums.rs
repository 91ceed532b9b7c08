//! The texts of enums in TypeScript: `enum E { a = "…", b = a + a }` doubles with each member, and every use of a member of a `const enum`
//! becomes its text. Both are measured before anything is folded.

use std::collections::HashMap;

use oxc::ast::ast::{
    ComputedMemberExpression, Expression, Program, StaticMemberExpression, TSEnumDeclaration,
    TSEnumMemberName,
};
use oxc::ast_visit::{Visit, walk};
use oxc::syntax::operator::BinaryOperator;

/// So many bytes may be made of the texts of enums, in all steps together. People write some thousands.
const MOST: usize = 16 << 20;

/// The longest number as text.
const NUMBER: usize = 25;

/// Returns whether more text would be made of the enums of a program than any is worth.
pub(super) fn is_too_much(program: &Program<'_>) -> bool {
    let mut members = Members::default();
    members.visit_program(program);
    if members.known.is_empty() {
        return false;
    }
    let mut uses = Uses {
        known: &members.known,
        made: members.made,
    };
    uses.visit_program(program);
    uses.made > MOST
}

/// The most that an expression can be folded to.
#[derive(Debug, Clone, Copy, Default)]
struct Folded {
    bytes: usize,
    /// Whether it may be a text, so that it grows by `+`.
    is_text: bool,
}

impl Folded {
    fn text(bytes: usize) -> Self {
        Self {
            bytes,
            is_text: true,
        }
    }

    fn number() -> Self {
        Self {
            bytes: NUMBER,
            is_text: false,
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.max(other.bytes),
            is_text: self.is_text || other.is_text,
        }
    }

    fn and(self, other: Self) -> Self {
        match self.is_text || other.is_text {
            true => Self::text(self.bytes.saturating_add(other.bytes)),
            false => Self::number(),
        }
    }
}

/// Finds how long the text of each member can be.
#[derive(Default)]
struct Members<'a> {
    /// The longest text of any member of a name: which enum has it does not matter.
    known: HashMap<&'a str, Folded>,
    /// The bytes of all steps so far.
    made: usize,
}

impl<'a> Members<'a> {
    /// Returns the longest text that an expression can be folded to. What is no constant is not folded.
    fn fold(&mut self, expression: &Expression<'a>) -> Folded {
        let folded = match expression {
            Expression::StringLiteral(text) => Folded::text(text.value.len()),
            Expression::Identifier(name) => self.known(name.name.as_str()),
            Expression::StaticMemberExpression(member) => self.known(member.property.name.as_str()),
            Expression::ComputedMemberExpression(member) => match &member.expression {
                Expression::StringLiteral(name) => self.known(name.value.as_str()),
                _ => Folded::number(),
            },
            Expression::TemplateLiteral(text) => {
                let own = text.quasis.iter().map(|quasi| {
                    let cooked = quasi.value.cooked.as_ref();
                    cooked.map_or(quasi.value.raw.len(), |cooked| cooked.len())
                });
                let own = Folded::text(own.sum());
                let within = text.expressions.iter().map(|it| self.fold(it));
                within.fold(own, Folded::and)
            }
            Expression::BinaryExpression(both) => {
                let (left, right) = (self.fold(&both.left), self.fold(&both.right));
                match both.operator {
                    BinaryOperator::Addition => left.and(right),
                    _ => Folded::number(),
                }
            }
            Expression::UnaryExpression(one) => self.fold(&one.argument),
            Expression::ParenthesizedExpression(one) => return self.fold(&one.expression),
            _ => Folded::number(),
        };
        self.made = self.made.saturating_add(folded.bytes);
        folded
    }

    fn known(&self, name: &str) -> Folded {
        let known = self.known.get(name).copied();
        known.unwrap_or_else(Folded::number)
    }
}

impl<'a> Visit<'a> for Members<'a> {
    fn visit_ts_enum_declaration(&mut self, declared: &TSEnumDeclaration<'a>) {
        for member in &declared.body.members {
            let name = match &member.id {
                TSEnumMemberName::Identifier(name) => name.name.as_str(),
                TSEnumMemberName::String(name) | TSEnumMemberName::ComputedString(name) => {
                    name.value.as_str()
                }
                TSEnumMemberName::ComputedTemplateString(_) => "",
            };
            let value = member.initializer.as_ref();
            let value = value.map_or_else(Folded::number, |value| self.fold(value));
            let known = self.known.entry(name).or_default();
            *known = known.or(value);
        }
        walk::walk_ts_enum_declaration(self, declared);
    }
}

/// Adds up what the uses of members would make.
struct Uses<'a, 'm> {
    known: &'m HashMap<&'a str, Folded>,
    made: usize,
}

impl Uses<'_, '_> {
    fn add(&mut self, name: &str) {
        let bytes = self.known.get(name).map_or(0, |folded| folded.bytes);
        self.made = self.made.saturating_add(bytes);
    }
}

impl<'a> Visit<'a> for Uses<'a, '_> {
    fn visit_static_member_expression(&mut self, member: &StaticMemberExpression<'a>) {
        self.add(member.property.name.as_str());
        walk::walk_static_member_expression(self, member);
    }

    fn visit_computed_member_expression(&mut self, member: &ComputedMemberExpression<'a>) {
        if let Expression::StringLiteral(name) = &member.expression {
            self.add(name.value.as_str());
        }
        walk::walk_computed_member_expression(self, member);
    }
}

#[cfg(test)]
mod tests {
    use oxc::allocator::Allocator;
    use oxc::span::SourceType;

    use super::*;
    use crate::source::parse;

    fn is_refused(text: &str) -> bool {
        let found = parse::on_deep_stack(text, || {
            let allocator = Allocator::default();
            is_too_much(&parse::parse(&allocator, text, SourceType::ts()).program)
        });
        found.unwrap_or_else(|| panic!("not parsed: {text:.80}"))
    }

    fn doubled(first: &str, next: fn(usize) -> String) -> String {
        let members = (1..40).map(next).collect::<Vec<_>>().join(",");
        format!("enum A{{{first},{members}}}")
    }

    #[test]
    fn texts_that_double_or_are_used_too_often_are_too_much() {
        for text in [
            doubled("a0='xxxxxxxx'", |n| format!("a{n}=a{0}+a{0}", n - 1)),
            doubled("a0='xxxxxxxx'", |n| {
                format!("a{n}=(A.a{0})+A['a{0}']", n - 1)
            }),
            doubled("a0='xxxxxxxx'", |n| {
                format!("a{n}=`${{a{0}}}${{a{0}}}`", n - 1)
            }),
            doubled("'a0'='xxxxxxxx'", |n| format!("'a{n}'=+a{0}+a{0}", n - 1)),
            // Numbers that a text makes texts of.
            doubled("a0=1", |n| format!("a{n}=a{0}+''+a{0}", n - 1)),
            (1..40).fold("enum E0{a='xxxxxxxx'}".to_owned(), |text, n| {
                format!("{text} enum E{n}{{a=E{0}.a+E{0}.a}}", n - 1)
            }),
            // In a function, and its uses before it.
            format!(
                "{}const enum E{{a='{}'}}",
                "f(E.a);".repeat(1_000),
                "x".repeat(100_000)
            ),
            // One sum: each step is a text of its own.
            format!("enum E{{a={}'x'}}", "'xxxxxxxx'+".repeat(8_000)),
        ] {
            assert!(is_refused(&text), "{text:.200}");
        }
    }

    #[test]
    fn what_people_write_is_not() {
        let names = (0..2_000).map(|n| format!("name{n} = 'https://example.com/{n}',"));
        let many = format!("enum Names {{ {} }}", names.collect::<String>());
        let uses = (0..2_000).map(|n| format!("api.idToken.setCustomClaim(Names.name{n}, 1);"));
        for text in [
            format!("{many} {}", uses.collect::<String>()),
            // Numbers do not grow.
            doubled("a0=1", |n| format!("a{n}=a{0}+a{0}", n - 1)),
            "enum Flags { A = 1 << 0, B = 1 << 1, C = A | B, D = `${A}-x`, E }".to_owned(),
            "const enum Base { url = 'https://example.com/', roles = url + 'roles' } f(Base.roles);"
                .to_owned(),
        ] {
            assert!(!is_refused(&text), "{text:.200}");
        }
    }
}
