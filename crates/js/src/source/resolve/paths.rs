//! Static member chains from `event` or `api`, or from what a Rule gets, whatever the text calls them.

use std::collections::HashMap;

use oxc::ast::ast::{BindingPattern, Expression, IdentifierReference, PropertyKey};
use oxc::semantic::{Scoping, SymbolId};
use oxc::span::GetSpan;

/// The beginning of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum Root {
    /// `event` of the post-login trigger.
    Event,
    /// `api` of the post-login trigger.
    Api,
    /// `event` of another trigger: only its secrets are known.
    OtherEvent,
    /// `user` of a Rule.
    User,
    /// `context` of a Rule.
    Context,
    /// `configuration`, which Rules find around them.
    Configuration,
}

/// The number of roots.
const ROOTS: usize = 6;

/// One name of a chain.
#[derive(Debug, Clone)]
pub(in crate::source) struct Part {
    pub(in crate::source) name: String,
    /// The byte offset of the name.
    pub(in crate::source) offset: u32,
}

/// A chain: the parameter and the names behind it.
#[derive(Debug, Clone)]
pub(in crate::source) struct Path {
    pub(in crate::source) root: Root,
    pub(in crate::source) parts: Vec<Part>,
    /// Whether a `?.` is in it: what it reads need not be there.
    pub(in crate::source) optional: bool,
}

impl Path {
    pub(in crate::source) fn of(root: Root) -> Self {
        Self {
            root,
            parts: Vec::new(),
            optional: false,
        }
    }

    pub(super) fn with(mut self, name: &str, offset: u32, optional: bool) -> Self {
        self.parts.push(Part {
            name: name.to_owned(),
            offset,
        });
        self.optional |= optional;
        self
    }

    /// Whether both lead to the same place, wherever they are written.
    pub(in crate::source) fn is_same(&self, other: &Path) -> bool {
        self.parts.len() == other.parts.len() && self.starts_with(other)
    }

    /// Whether this is the other or below it.
    fn starts_with(&self, other: &Path) -> bool {
        let mut pairs = self.parts.iter().zip(&other.parts);
        self.root == other.root
            && self.parts.len() >= other.parts.len()
            && pairs.all(|(a, b)| a.name == b.name)
    }
}

/// A set of paths, which finds out whether another one is one of them or below one.
#[derive(Debug, Default)]
pub(in crate::source) struct Paths<'p> {
    /// Each name below a node, and the node that it leads to.
    below: HashMap<(usize, &'p str), usize>,
    /// Whether a path ends at a node; the first are those of the roots.
    ends: Vec<bool>,
}

impl<'p> Paths<'p> {
    pub(in crate::source) fn new(paths: impl IntoIterator<Item = &'p Path>) -> Self {
        let mut set = Self {
            below: HashMap::new(),
            ends: vec![false; ROOTS],
        };
        for path in paths {
            let mut node = path.root as usize;
            for part in &path.parts {
                let next = set.ends.len();
                node = *set.below.entry((node, &part.name)).or_insert(next);
                if node == next {
                    set.ends.push(false);
                }
            }
            if let Some(ends) = set.ends.get_mut(node) {
                *ends = true;
            }
        }
        set
    }

    /// Whether the path is in the set, or below one of it.
    pub(in crate::source) fn lead_to(&self, path: &Path) -> bool {
        let ends = |node: usize| self.ends.get(node).copied().unwrap_or(false);
        let mut node = path.root as usize;
        let mut names = path.parts.iter();
        loop {
            if ends(node) {
                return true;
            }
            let next = names
                .next()
                .and_then(|part| self.below.get(&(node, part.name.as_str())));
            match next {
                Some(next) => node = *next,
                None => return false,
            }
        }
    }
}

/// A variable that a pattern binds, and where below the value it is found.
#[derive(Debug, Clone)]
pub(in crate::source) struct Leaf {
    parts: Vec<Part>,
    pub(in crate::source) symbol: SymbolId,
    pub(in crate::source) offset: u32,
    /// It has a default that is something else than nothing: it need not be what the path leads to.
    pub(in crate::source) is_replaced: bool,
}

impl Leaf {
    /// Whether it is a part of the value and not the whole.
    pub(in crate::source) fn is_part(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Returns its path when the value is at a path.
    pub(in crate::source) fn below(&self, path: &Path) -> Path {
        Path {
            root: path.root,
            parts: path.parts.iter().chain(&self.parts).cloned().collect(),
            optional: path.optional,
        }
    }
}

/// The variables that a pattern binds, as far as their places are static.
pub(in crate::source) fn leaves(pattern: &BindingPattern<'_>) -> Vec<Leaf> {
    let mut found = Vec::new();
    collect(pattern, &mut Vec::new(), false, &mut found);
    found
}

fn collect(
    pattern: &BindingPattern<'_>,
    parts: &mut Vec<Part>,
    is_replaced: bool,
    found: &mut Vec<Leaf>,
) {
    match pattern {
        BindingPattern::BindingIdentifier(name) => {
            found.push(Leaf {
                parts: parts.clone(),
                symbol: name.symbol_id(),
                offset: name.span.start,
                is_replaced,
            });
        }
        BindingPattern::AssignmentPattern(assignment) => {
            let is_replaced = is_replaced || !is_nothing(&assignment.right);
            collect(&assignment.left, parts, is_replaced, found);
        }
        BindingPattern::ObjectPattern(object) => {
            // `{ a: { b } = { b: 1 } }`: what is taken apart may be the default.
            if is_replaced {
                return;
            }
            for property in &object.properties {
                let Some(name) = key_name(&property.key) else {
                    continue;
                };
                parts.push(Part {
                    name: name.to_owned(),
                    offset: property.key.span().start,
                });
                collect(&property.value, parts, false, found);
                parts.pop();
            }
            if let Some(rest) = &object.rest {
                collect(&rest.argument, parts, false, found);
            }
        }
        BindingPattern::ArrayPattern(_) => {}
    }
}

/// Whether an expression, as a fallback, adds no property: `{}`, `[]`, `''`, `null`, `undefined`.
pub(super) fn is_nothing(expression: &Expression<'_>) -> bool {
    match expression.get_inner_expression() {
        Expression::ObjectExpression(object) => object.properties.is_empty(),
        Expression::ArrayExpression(array) => array.elements.is_empty(),
        Expression::Identifier(name) => name.name == "undefined",
        Expression::NullLiteral(_)
        | Expression::StringLiteral(_)
        | Expression::NumericLiteral(_)
        | Expression::BooleanLiteral(_) => true,
        _ => false,
    }
}

/// Whether a variable has one value for as long as it lives.
pub(in crate::source) fn is_assigned_once(scoping: &Scoping, symbol: SymbolId) -> bool {
    !scoping.symbol_is_mutated(symbol) && scoping.symbol_redeclarations(symbol).is_empty()
}

/// The variable that a name refers to; `None` for globals.
pub(in crate::source) fn symbol(
    scoping: &Scoping,
    name: &IdentifierReference<'_>,
) -> Option<SymbolId> {
    scoping.get_reference(name.reference_id.get()?).symbol_id()
}

/// The name that a literal in brackets is, and where it is written.
pub(in crate::source) fn literal_key<'k>(key: &'k Expression<'_>) -> Option<(&'k str, u32)> {
    match key {
        Expression::StringLiteral(name) => Some((name.value.as_str(), name.span.start)),
        _ => None,
    }
}

fn key_name<'k>(key: &'k PropertyKey<'_>) -> Option<&'k str> {
    match key {
        PropertyKey::StaticIdentifier(name) => Some(name.name.as_str()),
        PropertyKey::StringLiteral(name) => Some(name.value.as_str()),
        _ => None,
    }
}
