//! The functions of a source that can be followed from their calls: those with a name of their own, and the methods of objects and
//! classes that have one.
//!
//! Types are those that a reader sees: an object that is written out, a class, its instances. A value that is passed on, or put
//! into a list, has none here.

mod build;

use std::collections::{HashMap, HashSet};

use oxc::ast::ast::{CallExpression, ChainElement, Expression, NewExpression};
use oxc::semantic::SymbolId;

use crate::source::resolve::Resolver;
use crate::source::resolve::exports::Exported;
use crate::source::resolve::paths::Leaf;

/// A helper, by where its function begins.
pub(super) type HelperId = u32;
type TypeId = usize;

/// The longest chain that is looked at, in links: `a.b.c()` has three.
const LONGEST_CHAIN: usize = 12;

/// A function that can be followed.
#[derive(Debug)]
pub(super) struct Helper {
    /// `set`, `claims.set`, `Claims.set`, `new Claims`
    pub(super) name: String,
    /// The bindings of each parameter.
    pub(super) parameters: Vec<Vec<Leaf>>,
    /// Its own variable.
    pub(super) symbol: Option<SymbolId>,
    /// The name of the property that it is.
    pub(super) property: Option<String>,
}

/// An object, a class, or the instances of a class.
#[derive(Debug, Default)]
struct Type {
    name: String,
    /// The variable of the class that it extends; that class's own type for statics.
    extends: Option<SymbolId>,
    is_instance: bool,
    members: HashMap<String, Member>,
    constructor: Option<HelperId>,
    /// The type of the instances, of a class.
    instance: Option<TypeId>,
}

/// A property of a type.
#[derive(Debug, Clone, Default)]
struct Member {
    function: Option<HelperId>,
    getter: Option<HelperId>,
    value: Option<TypeId>,
    /// `{ set }`: what this variable is.
    alias: Option<SymbolId>,
}

/// The helpers of a source.
pub(super) struct Helpers<'s> {
    resolver: &'s Resolver<'s>,
    all: HashMap<HelperId, Helper>,
    by_symbol: HashMap<SymbolId, HelperId>,
    types: Vec<Type>,
    variables: HashMap<SymbolId, TypeId>,
    /// The type of `this` in the functions that begin at these places.
    this: HashMap<u32, TypeId>,
    /// The types that functions return.
    returned: HashMap<u32, TypeId>,
    /// The types of object and class expressions, by where they begin.
    written: HashMap<u32, TypeId>,
    /// The exported handlers, by where they begin.
    handlers: HashMap<u32, String>,
    /// The names of all methods.
    properties: HashSet<String>,
}

impl Helpers<'_> {
    pub(super) fn get(&self, helper: HelperId) -> Option<&Helper> {
        self.all.get(&helper)
    }

    /// Returns the helper that begins at a place.
    pub(super) fn at(&self, start: u32) -> Option<HelperId> {
        self.all.contains_key(&start).then_some(start)
    }

    /// Returns the exported handler that begins at a place.
    pub(super) fn handler(&self, start: u32) -> Option<&str> {
        self.handlers.get(&start).map(String::as_str)
    }

    /// Returns what `this` is in a function that begins at a place, if that has one of its own.
    pub(super) fn this_in(&self, start: u32) -> Option<usize> {
        self.this.get(&start).copied()
    }

    /// Whether a property of this name is a method of a known type.
    pub(super) fn has_method(&self, name: &str) -> bool {
        self.properties.contains(name)
    }

    /// Returns the helper that a call calls.
    pub(super) fn callee(
        &self,
        call: &CallExpression<'_>,
        this: Option<usize>,
    ) -> Option<HelperId> {
        match &call.callee {
            // `super(…)`
            Expression::Super(_) => self.parent_of(this?)?.constructor,
            callee => self.function(callee, this),
        }
    }

    /// Returns the constructor that `new` calls.
    pub(super) fn constructed(
        &self,
        new: &NewExpression<'_>,
        this: Option<usize>,
    ) -> Option<HelperId> {
        let class = self.type_of(&new.callee, this)?;
        let mut instance = self.types.get(self.types.get(class)?.instance?)?;
        for _ in 0..LONGEST_CHAIN {
            // A class without a constructor has that of the class that it extends.
            match instance.constructor {
                Some(constructor) => return Some(constructor),
                None => instance = self.extended(instance)?,
            }
        }
        None
    }

    /// Returns the function that an expression is.
    pub(super) fn function(
        &self,
        expression: &Expression<'_>,
        this: Option<usize>,
    ) -> Option<HelperId> {
        match expression.get_inner_expression() {
            Expression::Identifier(name) => {
                let symbol = self.resolver.symbol(name)?;
                self.by_symbol.get(&symbol).copied()
            }
            other => {
                let member = self.member_of(other, this, LONGEST_CHAIN)?;
                let of_alias = || self.by_symbol.get(&member.alias?).copied();
                member.function.or_else(of_alias)
            }
        }
    }

    /// Returns the getter that an expression calls by naming it.
    pub(super) fn getter(
        &self,
        expression: &Expression<'_>,
        name: &str,
        this: Option<usize>,
    ) -> Option<HelperId> {
        let object = self.type_of(expression, this)?;
        self.find(object, name)?.getter
    }

    /// Returns what is known of an expression: an object, a class, or an instance.
    pub(super) fn type_of(
        &self,
        expression: &Expression<'_>,
        this: Option<usize>,
    ) -> Option<usize> {
        self.type_within(expression, this, LONGEST_CHAIN)
    }

    fn type_within(
        &self,
        expression: &Expression<'_>,
        this: Option<TypeId>,
        links: usize,
    ) -> Option<TypeId> {
        let links = links.checked_sub(1)?;
        match expression.get_inner_expression() {
            Expression::Identifier(name) => {
                let symbol = self.resolver.symbol(name)?;
                self.variables.get(&symbol).copied()
            }
            Expression::ThisExpression(_) => this,
            Expression::ObjectExpression(object) => self.written.get(&object.span.start).copied(),
            Expression::ClassExpression(class) => self.written.get(&class.span.start).copied(),
            Expression::NewExpression(new) => {
                let class = self.type_within(&new.callee, this, links)?;
                self.types.get(class)?.instance
            }
            Expression::AwaitExpression(awaited) => {
                self.type_within(&awaited.argument, this, links)
            }
            Expression::CallExpression(call) => self.type_of_call(call, this, links),
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => self.type_of_call(call, this, links),
                _ => self.member_of(expression, this, links)?.value,
            },
            other => self.member_of(other, this, links)?.value,
        }
    }

    /// `new Claims(api).add('a')` is what `add` returns.
    fn type_of_call(
        &self,
        call: &CallExpression<'_>,
        this: Option<TypeId>,
        links: usize,
    ) -> Option<TypeId> {
        let function = match call.callee.get_inner_expression() {
            Expression::Identifier(name) => {
                let symbol = self.resolver.symbol(name)?;
                self.by_symbol.get(&symbol).copied()
            }
            other => self.member_of(other, this, links)?.function,
        };
        self.returned.get(&function?).copied()
    }

    fn member_of(
        &self,
        expression: &Expression<'_>,
        this: Option<TypeId>,
        links: usize,
    ) -> Option<&Member> {
        let links = links.checked_sub(1)?;
        let of = |object: &Expression<'_>, name: &str| match object {
            Expression::Super(_) => self.find_from(self.parent_of(this?)?, name),
            object => self.find(self.type_within(object, this, links)?, name),
        };
        match expression.get_inner_expression() {
            Expression::StaticMemberExpression(it) => of(&it.object, &it.property.name),
            Expression::PrivateFieldExpression(it) => {
                of(&it.object, &format!("#{}", it.field.name))
            }
            Expression::ComputedMemberExpression(it) => match &it.expression {
                Expression::StringLiteral(name) => of(&it.object, &name.value),
                _ => None,
            },
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::StaticMemberExpression(it) => of(&it.object, &it.property.name),
                ChainElement::PrivateFieldExpression(it) => {
                    of(&it.object, &format!("#{}", it.field.name))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn find(&self, object: TypeId, name: &str) -> Option<&Member> {
        self.find_from(self.types.get(object)?, name)
    }

    fn find_from<'t>(&'t self, mut object: &'t Type, name: &str) -> Option<&'t Member> {
        for _ in 0..LONGEST_CHAIN {
            match object.members.get(name) {
                Some(member) => return Some(member),
                None => object = self.extended(object)?,
            }
        }
        None
    }

    fn parent_of(&self, object: TypeId) -> Option<&Type> {
        self.extended(self.types.get(object)?)
    }

    /// The type that another one extends: that of the class, or that of its instances.
    fn extended(&self, object: &Type) -> Option<&Type> {
        let class = self.types.get(*self.variables.get(&object.extends?)?)?;
        match object.is_instance {
            true => self.types.get(class.instance?),
            false => Some(class),
        }
    }

    /// Learns which functions the handlers are.
    fn learn_handlers(&mut self) {
        for export in &self.resolver.exports.list {
            let start = match &export.value {
                Exported::Function(signature) => Some(signature.start),
                Exported::Variable(symbol) => self.by_symbol.get(symbol).copied(),
                Exported::Unknown => None,
            };
            if let Some(start) = start {
                self.handlers.insert(start, export.name.clone());
            }
        }
    }
}
