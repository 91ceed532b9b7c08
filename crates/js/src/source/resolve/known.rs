//! The variables of a text, and the chains that they and other expressions stand for.

use std::collections::HashMap;

use oxc::ast::ast::{
    CallExpression, ChainElement, Expression, IdentifierReference, LogicalOperator,
};
use oxc::semantic::{Scoping, SymbolId};
use postlogin_core::{Returns, Trigger};

use super::paths::{Leaf, Path, Root, is_assigned_once, is_nothing, literal_key, symbol};

/// The longest chain that is looked at, in links.
const LONGEST_CHAIN: usize = 1000;

/// The values of variables. A variable that may stand for two things is not in it.
#[derive(Debug, Default)]
pub(in crate::source) struct Known {
    paths: HashMap<SymbolId, Path>,
    /// Variables that stand for one of several paths, each of them at some time: `for (const token of [api.idToken, api.accessToken])`.
    several: HashMap<SymbolId, Vec<Path>>,
    /// Whether there is a global `configuration`.
    pub(in crate::source) is_rule: bool,
}

impl Known {
    pub(in crate::source) fn new(is_rule: bool) -> Self {
        Self {
            is_rule,
            ..Self::default()
        }
    }

    pub(in crate::source) fn len(&self) -> usize {
        self.paths.len() + self.several.len()
    }

    /// Whether a variable always is `event`, `api` or another beginning of paths: what is read of it is read where it is named.
    pub(in crate::source) fn is_root(&self, variable: SymbolId) -> bool {
        let path = self.paths.get(&variable);
        path.is_some_and(|path| path.parts.is_empty())
    }

    /// Notes that a variable stands for each of these paths at some time.
    pub(in crate::source) fn bind_several(
        &mut self,
        scoping: &Scoping,
        leaf: &Leaf,
        paths: Vec<Path>,
    ) {
        if !leaf.is_part() && !leaf.is_replaced && is_assigned_once(scoping, leaf.symbol) {
            self.several.entry(leaf.symbol).or_insert(paths);
        }
    }

    /// The paths of which a variable stands for each at some time.
    pub(in crate::source) fn several(
        &self,
        scoping: &Scoping,
        expression: &Expression<'_>,
    ) -> &[Path] {
        let Expression::Identifier(name) = expression.get_inner_expression() else {
            return &[];
        };
        let symbol = symbol(scoping, name);
        let paths = symbol.and_then(|symbol| self.several.get(&symbol));
        paths.map(Vec::as_slice).unwrap_or_default()
    }

    /// Binds the leaves of a pattern to what they are below a path, except those that are assigned again.
    pub(in crate::source) fn bind<'l>(
        &mut self,
        scoping: &Scoping,
        leaves: impl IntoIterator<Item = &'l Leaf>,
        path: &Path,
    ) {
        for leaf in leaves {
            if is_assigned_once(scoping, leaf.symbol) && !leaf.is_replaced {
                self.paths
                    .entry(leaf.symbol)
                    .or_insert_with(|| leaf.below(path));
            }
        }
    }

    /// The path of an expression, if it is a static chain from a known variable. A chain of more than [`LONGEST_CHAIN`]
    /// links is none: each of its links is asked for its path.
    pub(in crate::source) fn path(
        &self,
        scoping: &Scoping,
        expression: &Expression<'_>,
    ) -> Option<Path> {
        self.path_within(scoping, expression, LONGEST_CHAIN)
    }

    fn path_within(
        &self,
        scoping: &Scoping,
        expression: &Expression<'_>,
        links: usize,
    ) -> Option<Path> {
        let links = links.checked_sub(1)?;
        let member = |object, name: &str, offset, optional| {
            let path = self.path_within(scoping, object, links)?;
            Some(path.with(name, offset, optional))
        };
        match expression.get_inner_expression() {
            Expression::Identifier(identifier) => self.path_of_name(scoping, identifier),
            Expression::StaticMemberExpression(it) => member(
                &it.object,
                &it.property.name,
                it.property.span.start,
                it.optional,
            ),
            Expression::ComputedMemberExpression(it) => {
                let (name, offset) = literal_key(&it.expression)?;
                member(&it.object, name, offset, it.optional)
            }
            Expression::CallExpression(call) => self.path_of_call(scoping, call, links),
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::StaticMemberExpression(it) => member(
                    &it.object,
                    &it.property.name,
                    it.property.span.start,
                    it.optional,
                ),
                ChainElement::ComputedMemberExpression(it) => {
                    let (name, offset) = literal_key(&it.expression)?;
                    member(&it.object, name, offset, it.optional)
                }
                ChainElement::TSNonNullExpression(inner) => {
                    self.path_within(scoping, &inner.expression, links)
                }
                ChainElement::CallExpression(call) => self.path_of_call(scoping, call, links),
                ChainElement::PrivateFieldExpression(_) => None,
            },
            _ => None,
        }
    }

    /// The path of a member of an expression.
    pub(in crate::source) fn member(
        &self,
        scoping: &Scoping,
        object: &Expression<'_>,
        name: &str,
        offset: u32,
        optional: bool,
    ) -> Option<Path> {
        Some(self.path(scoping, object)?.with(name, offset, optional))
    }

    /// `api.user.setAppMetadata(…)` is `api` again.
    fn path_of_call(
        &self,
        scoping: &Scoping,
        call: &CallExpression<'_>,
        links: usize,
    ) -> Option<Path> {
        let path = self.path_within(scoping, &call.callee, links)?;
        let [namespace, name] = path.parts.as_slice() else {
            return None;
        };
        let mut methods = Trigger::ALL.iter().flat_map(|trigger| trigger.methods());
        let method = methods
            .find(|method| method.namespace == namespace.name && method.name == name.name)?;
        (path.root == Root::Api && method.returns == Returns::Api).then(|| Path {
            optional: path.optional || call.optional,
            ..Path::of(Root::Api)
        })
    }

    /// Returns the value of the variable of a pattern.
    pub(in crate::source) fn of_leaf(&self, leaf: &Leaf) -> Option<Path> {
        self.paths.get(&leaf.symbol).cloned()
    }

    /// The path of a value that may be nothing instead: `event.user.app_metadata || {}`, `event.client && event.client.metadata`.
    pub(in crate::source) fn path_or_nothing(
        &self,
        scoping: &Scoping,
        expression: &Expression<'_>,
    ) -> Option<Path> {
        match expression.get_inner_expression() {
            Expression::LogicalExpression(logical) => match logical.operator {
                LogicalOperator::And => self.path_or_nothing(scoping, &logical.right),
                LogicalOperator::Or | LogicalOperator::Coalesce => is_nothing(&logical.right)
                    .then(|| self.path_or_nothing(scoping, &logical.left))
                    .flatten(),
            },
            other => self.path(scoping, other),
        }
    }

    fn path_of_name(&self, scoping: &Scoping, name: &IdentifierReference<'_>) -> Option<Path> {
        match symbol(scoping, name) {
            Some(symbol) => self.paths.get(&symbol).cloned(),
            None if self.is_rule && name.name == "configuration" => {
                Some(Path::of(Root::Configuration))
            }
            None => None,
        }
    }
}
