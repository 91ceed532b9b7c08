//! Static member chains from `event` or `api`, whatever the handler calls them.

use std::collections::HashMap;

use oxc::ast::ast::{BindingPattern, ChainElement, Expression, IdentifierReference, PropertyKey};
use oxc::semantic::{Scoping, SymbolId};

/// The handler's parameter that a chain begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    Event,
    Api,
}

/// A chain: the parameter and the names behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) root: Root,
    pub(super) parts: Vec<String>,
}

impl Path {
    pub(super) fn of(root: Root) -> Self {
        Self {
            root,
            parts: Vec::new(),
        }
    }

    fn with(mut self, part: &str) -> Self {
        self.parts.push(part.to_owned());
        self
    }

    pub(super) fn text(&self) -> String {
        self.parts.join(".")
    }
}

/// A variable that a pattern binds, and where below the value it is found.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    parts: Vec<String>,
    pub(super) symbol: SymbolId,
    pub(super) offset: u32,
}

impl Leaf {
    /// Whether it is a part of the value and not the whole.
    pub(super) fn is_part(&self) -> bool {
        !self.parts.is_empty()
    }

    /// What it stands for when the value is what a path leads to.
    pub(super) fn below(&self, path: &Path) -> Path {
        Path {
            root: path.root,
            parts: path.parts.iter().chain(&self.parts).cloned().collect(),
        }
    }
}

/// The variables that a pattern binds, as far as their places are static.
pub(super) fn leaves(pattern: &BindingPattern<'_>) -> Vec<Leaf> {
    let mut found = Vec::new();
    collect(pattern, &mut Vec::new(), &mut found);
    found
}

fn collect(pattern: &BindingPattern<'_>, parts: &mut Vec<String>, found: &mut Vec<Leaf>) {
    match pattern {
        BindingPattern::BindingIdentifier(name) => {
            found.push(Leaf {
                parts: parts.clone(),
                symbol: name.symbol_id(),
                offset: name.span.start,
            });
        }
        BindingPattern::AssignmentPattern(assignment) => collect(&assignment.left, parts, found),
        BindingPattern::ObjectPattern(object) => {
            for property in &object.properties {
                let Some(name) = key_name(&property.key) else {
                    continue;
                };
                parts.push(name.to_owned());
                collect(&property.value, parts, found);
                parts.pop();
            }
            if let Some(rest) = &object.rest {
                collect(&rest.argument, parts, found);
            }
        }
        BindingPattern::ArrayPattern(_) => {}
    }
}

/// What variables stand for.
#[derive(Debug, Default)]
pub(super) struct Known {
    paths: HashMap<SymbolId, Path>,
}

impl Known {
    pub(super) fn len(&self) -> usize {
        self.paths.len()
    }

    /// Binds the leaves of a pattern to what they are below a path.
    pub(super) fn bind<'l>(&mut self, leaves: impl IntoIterator<Item = &'l Leaf>, path: &Path) {
        for leaf in leaves {
            self.paths
                .entry(leaf.symbol)
                .or_insert_with(|| leaf.below(path));
        }
    }

    /// The path of an expression, if it is a static chain from a known variable.
    pub(super) fn path(&self, scoping: &Scoping, expression: &Expression<'_>) -> Option<Path> {
        match expression.get_inner_expression() {
            Expression::Identifier(identifier) => self.path_of_name(scoping, identifier),
            Expression::StaticMemberExpression(member) => Some(
                self.path(scoping, &member.object)?
                    .with(member.property.name.as_str()),
            ),
            Expression::ComputedMemberExpression(member) => {
                let Expression::StringLiteral(name) = &member.expression else {
                    return None;
                };
                Some(
                    self.path(scoping, &member.object)?
                        .with(name.value.as_str()),
                )
            }
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::StaticMemberExpression(member) => Some(
                    self.path(scoping, &member.object)?
                        .with(member.property.name.as_str()),
                ),
                ChainElement::ComputedMemberExpression(member) => {
                    let Expression::StringLiteral(name) = &member.expression else {
                        return None;
                    };
                    Some(
                        self.path(scoping, &member.object)?
                            .with(name.value.as_str()),
                    )
                }
                ChainElement::TSNonNullExpression(inner) => self.path(scoping, &inner.expression),
                _ => None,
            },
            _ => None,
        }
    }

    /// The path of a member of an expression.
    pub(super) fn path_of_member(
        &self,
        scoping: &Scoping,
        object: &Expression<'_>,
        name: &str,
    ) -> Option<Path> {
        Some(self.path(scoping, object)?.with(name))
    }

    /// What the variable of a pattern stands for.
    pub(super) fn of_leaf(&self, leaf: &Leaf) -> Option<Path> {
        self.paths.get(&leaf.symbol).cloned()
    }

    /// The path of a value with a fallback: `event.user.app_metadata || {}`.
    pub(super) fn path_or_fallback(
        &self,
        scoping: &Scoping,
        expression: &Expression<'_>,
    ) -> Option<Path> {
        match expression.get_inner_expression() {
            Expression::LogicalExpression(logical) => self.path(scoping, &logical.left),
            other => self.path(scoping, other),
        }
    }

    fn path_of_name(&self, scoping: &Scoping, name: &IdentifierReference<'_>) -> Option<Path> {
        self.paths.get(&symbol(scoping, name)?).cloned()
    }
}

/// The variable that a name refers to; `None` for globals.
pub(super) fn symbol(scoping: &Scoping, name: &IdentifierReference<'_>) -> Option<SymbolId> {
    scoping.get_reference(name.reference_id.get()?).symbol_id()
}

fn key_name<'k>(key: &'k PropertyKey<'_>) -> Option<&'k str> {
    match key {
        PropertyKey::StaticIdentifier(name) => Some(name.name.as_str()),
        PropertyKey::StringLiteral(name) => Some(name.value.as_str()),
        _ => None,
    }
}
