//! The walks that find helpers and types: first what is written out, then what variables and fields are made of.

mod made;

use std::collections::{HashMap, HashSet};

use oxc::ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, Class, ClassElement, Expression, Function,
    MethodDefinitionKind, ObjectExpression, ObjectPropertyKind, Program, PropertyKey, PropertyKind,
    ReturnStatement, VariableDeclarator,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{ScopeFlags, SymbolId};

use self::made::Made;
use super::{Helper, Helpers, Member, Type, TypeId};
use crate::source::resolve::Resolver;
use crate::source::resolve::functions::Signature;
use crate::source::resolve::paths::is_assigned_once;

/// The most types that are kept.
const MOST_TYPES: usize = 2_000;

impl<'s> Helpers<'s> {
    /// Finds the helpers of a program.
    pub(in crate::source::claims) fn of(program: &Program<'_>, resolver: &'s Resolver<'s>) -> Self {
        let mut helpers = Self {
            resolver,
            all: HashMap::new(),
            by_symbol: HashMap::new(),
            types: Vec::new(),
            variables: HashMap::new(),
            this: HashMap::new(),
            returned: HashMap::new(),
            written: HashMap::new(),
            handlers: HashMap::new(),
            properties: HashSet::new(),
        };
        Written(&mut helpers).visit_program(program);
        // A field may be an instance of a class whose own fields are: what the first walk learns, the second one uses.
        for _ in 0..2 {
            let mut walk = Made {
                helpers: &mut helpers,
                this: Vec::new(),
                functions: Vec::new(),
            };
            walk.visit_program(program);
        }
        helpers.learn_handlers();
        helpers
    }

    fn add_named(&mut self, symbol: SymbolId, name: &str, signature: &Signature) {
        self.by_symbol.insert(symbol, signature.start);
        self.all.insert(
            signature.start,
            Helper {
                name: name.to_owned(),
                parameters: signature.parameters.clone(),
                symbol: Some(symbol),
                property: None,
            },
        );
    }

    /// Adds a method and returns where it begins.
    fn add_method(&mut self, object: TypeId, property: &str, signature: &Signature) -> u32 {
        let of = self.types.get(object).map_or("", |of| of.name.as_str());
        let name = match (property, of) {
            ("constructor", of) => format!("new {of}"),
            (property, "") => property.to_owned(),
            (property, of) => format!("{of}.{property}"),
        };
        self.properties.insert(property.to_owned());
        let method = Helper {
            name,
            parameters: signature.parameters.clone(),
            symbol: None,
            property: Some(property.to_owned()),
        };
        // A handler that is a property of what is exported is one, too: nothing calls it.
        self.all.entry(signature.start).or_insert(method);
        self.this.entry(signature.start).or_insert(object);
        signature.start
    }

    fn new_type(&mut self, one: Type) -> Option<TypeId> {
        if self.types.len() >= MOST_TYPES {
            return None;
        }
        self.types.push(one);
        Some(self.types.len() - 1)
    }

    fn member(&mut self, object: TypeId, name: &str) -> Option<&mut Member> {
        let members = &mut self.types.get_mut(object)?.members;
        Some(members.entry(name.to_owned()).or_default())
    }

    /// The type of an object that is written out.
    fn object(&mut self, object: &ObjectExpression<'_>, name: &str) -> Option<TypeId> {
        if let Some(known) = self.written.get(&object.span.start) {
            return Some(*known);
        }
        let made = self.new_type(Type {
            name: name.to_owned(),
            ..Type::default()
        })?;
        self.written.insert(object.span.start, made);
        for property in &object.properties {
            let ObjectPropertyKind::ObjectProperty(property) = property else {
                continue;
            };
            let Some(key) = property.key.static_name() else {
                continue;
            };
            let is_getter = property.kind == PropertyKind::Get;
            if property.kind == PropertyKind::Set {
                continue;
            }
            self.put(made, &key, &property.value, is_getter);
        }
        Some(made)
    }

    /// Makes a property what an expression is, if that is a function, a class or an object.
    fn put(&mut self, object: TypeId, key: &str, value: &Expression<'_>, is_getter: bool) {
        let mut member = Member::default();
        match value.get_inner_expression() {
            Expression::ObjectExpression(inner) => {
                let of = self.types.get(object).map_or("", |of| of.name.as_str());
                let name = format!("{of}.{key}");
                member.value = self.object(inner, name.trim_start_matches('.'));
            }
            Expression::ClassExpression(class) => member.value = self.class(class, key),
            Expression::Identifier(name) => member.alias = self.resolver.symbol(name),
            other => {
                let Some(signature) = Signature::of(other) else {
                    return;
                };
                let start = self.add_method(object, key, &signature);
                let of_class = self
                    .types
                    .get(object)
                    .is_some_and(|of| of.is_instance || of.instance.is_some());
                // An arrow function has the `this` of what is around it: in a class that is the instance.
                if !of_class && matches!(other, Expression::ArrowFunctionExpression(_)) {
                    self.this.remove(&start);
                }
                match is_getter {
                    true => member.getter = Some(start),
                    false => member.function = Some(start),
                }
            }
        }
        if let Some(place) = self.member(object, key) {
            *place = member;
        }
    }

    /// The type of a class: its static members. Those of its instances are a type of their own.
    fn class(&mut self, class: &Class<'_>, name: &str) -> Option<TypeId> {
        if let Some(known) = self.written.get(&class.span.start) {
            return Some(*known);
        }
        let parent = class.heritage.as_ref().map(|it| &it.expression);
        let extends = match parent.map(Expression::get_inner_expression) {
            Some(Expression::Identifier(parent)) => self.resolver.symbol(parent),
            _ => None,
        };
        let instance = self.new_type(Type {
            name: name.to_owned(),
            extends,
            is_instance: true,
            ..Type::default()
        })?;
        let made = self.new_type(Type {
            name: name.to_owned(),
            extends,
            instance: Some(instance),
            ..Type::default()
        })?;
        self.written.insert(class.span.start, made);
        for element in &class.body.body {
            match element {
                ClassElement::MethodDefinition(method) => {
                    let owner = if method.r#static { made } else { instance };
                    let Some(key) = key_of(&method.key) else {
                        continue;
                    };
                    let signature = Signature::of_function(&method.value);
                    if method.kind == MethodDefinitionKind::Set {
                        self.this.insert(signature.start, owner);
                        continue;
                    }
                    let start = self.add_method(owner, &key, &signature);
                    if method.kind == MethodDefinitionKind::Constructor {
                        if let Some(instance) = self.types.get_mut(instance) {
                            instance.constructor = Some(start);
                        }
                    } else if let Some(member) = self.member(owner, &key) {
                        match method.kind {
                            MethodDefinitionKind::Get => member.getter = Some(start),
                            _ => member.function = Some(start),
                        }
                    }
                }
                ClassElement::PropertyDefinition(field) => {
                    let owner = if field.r#static { made } else { instance };
                    if let (Some(key), Some(value)) = (key_of(&field.key), &field.value) {
                        self.put(owner, &key, value, false);
                    }
                }
                _ => {}
            }
        }
        Some(made)
    }
}

/// The name of a property; `#name` for a private one.
fn key_of(key: &PropertyKey<'_>) -> Option<String> {
    match key {
        PropertyKey::PrivateIdentifier(name) => Some(format!("#{}", name.name)),
        key => key.static_name().map(|name| name.into_owned()),
    }
}

/// Finds functions, classes and objects.
struct Written<'h, 's>(&'h mut Helpers<'s>);

impl<'a> Visit<'a> for Written<'_, '_> {
    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        if let Some(name) = &function.id {
            let signature = Signature::of_function(function);
            self.0.add_named(name.symbol_id(), &name.name, &signature);
        }
        walk::walk_function(self, function, flags);
    }

    fn visit_class(&mut self, class: &Class<'a>) {
        let name = class.id.as_ref();
        let made = self
            .0
            .class(class, name.map_or("", |name| name.name.as_str()));
        if let (Some(name), Some(made)) = (name, made) {
            self.0.variables.insert(name.symbol_id(), made);
        }
        walk::walk_class(self, class);
    }

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        if let Some(name) = declarator.id.get_binding_identifier()
            && let Some(value) = &declarator.init
        {
            let symbol = name.symbol_id();
            let is_constant = is_assigned_once(self.0.resolver.scoping, symbol);
            match value.get_inner_expression() {
                // An object may be given further members, but not become another one.
                Expression::ObjectExpression(object) if is_constant => {
                    let made = self.0.object(object, &name.name);
                    self.0.variables.extend(made.map(|made| (symbol, made)));
                }
                Expression::ClassExpression(class) if is_constant => {
                    let made = self.0.class(class, &name.name);
                    self.0.variables.extend(made.map(|made| (symbol, made)));
                }
                other => {
                    // `const set = (name) => …` is a helper like `function set(name) {…}`.
                    if let Some(signature) = Signature::of(other).filter(|_| is_constant) {
                        self.0.add_named(symbol, &name.name, &signature);
                    }
                }
            }
        }
        walk::walk_variable_declarator(self, declarator);
    }

    fn visit_return_statement(&mut self, statement: &ReturnStatement<'a>) {
        if let Some(value) = &statement.argument
            && let Expression::ObjectExpression(object) = value.get_inner_expression()
        {
            self.0.object(object, "");
        }
        walk::walk_return_statement(self, statement);
    }

    fn visit_arrow_function_expression(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        if let Some(Expression::ObjectExpression(object)) = body_of(arrow) {
            self.0.object(object, "");
        }
        walk::walk_arrow_function_expression(self, arrow);
    }
}

/// The expression that an arrow function returns.
fn body_of<'b, 'a>(arrow: &'b ArrowFunctionExpression<'a>) -> Option<&'b Expression<'a>> {
    match &arrow.body {
        ArrowFunctionBody::FunctionBody(_) => None,
        body => body.as_expression().map(Expression::get_inner_expression),
    }
}
