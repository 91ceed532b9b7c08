//! The properties that a text takes out of objects by patterns: `const { user } = event`.

use oxc::allocator::Allocator;
use oxc::ast::ast::{BindingProperty, PropertyKey};
use oxc::ast_visit::{Visit, walk};
use oxc::span::SourceType;

use crate::source::parse;

/// The names of all such properties and their byte offsets.
pub(super) fn patterns(code: &str) -> Vec<(String, usize)> {
    let found = parse::on_deep_stack(code, || {
        let allocator = Allocator::default();
        let parsed = parse::parse(&allocator, code, SourceType::cjs());
        let mut keys = Keys(Vec::new());
        keys.visit_program(&parsed.program);
        keys.0
    });
    found.unwrap_or_default()
}

struct Keys(Vec<(String, usize)>);

impl<'a> Visit<'a> for Keys {
    fn visit_binding_property(&mut self, property: &BindingProperty<'a>) {
        let name = match &property.key {
            PropertyKey::StaticIdentifier(name) => Some(name.name.as_str()),
            PropertyKey::StringLiteral(name) => Some(name.value.as_str()),
            _ => None,
        };
        if let Some(name) = name {
            let offset = property.span.start as usize;
            self.0.push((name.to_owned(), offset));
        }
        walk::walk_binding_property(self, property);
    }
}
