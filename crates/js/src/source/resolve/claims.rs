//! The code that sets a claim: a call of `setCustomClaim`, and in a Rule an assignment below `context.idToken` or `context.accessToken`.

use oxc::ast::ast::{
    Argument, AssignmentExpression, AssignmentOperator, AssignmentTarget, CallExpression,
    Expression, ObjectExpression, ObjectPropertyKind, PropertyKey,
};
use oxc::semantic::SymbolId;
use oxc::span::{GetSpan, Span};
use postlogin_core::outcome::TokenKind;

use super::Resolver;
use super::constants::Pieces;
use super::paths::{Path, Root};

/// One claim that is set at a place.
pub(in crate::source) struct Setting {
    pub(in crate::source) token: TokenKind,
    /// Whether it is an assignment of a Rule.
    pub(in crate::source) is_assignment: bool,
    /// Whether it is certain that a token is meant; else only the names are those of one.
    pub(in crate::source) is_certain: bool,
    /// The known parts of the claim's name.
    pub(in crate::source) name: Pieces,
    /// Where the name is.
    pub(in crate::source) name_at: u32,
    /// Where the method, or the assigned name, is.
    pub(in crate::source) offset: u32,
    /// The value, if it is written there.
    pub(in crate::source) value: Option<Given>,
}

/// An expression that gives a claim its value, or a helper its argument.
#[derive(Debug, Clone, Copy)]
pub(in crate::source) struct Given {
    pub(in crate::source) span: Span,
    /// Whether it is made of literals alone.
    pub(in crate::source) is_literal: bool,
    /// The variable that it is.
    pub(in crate::source) variable: Option<SymbolId>,
}

impl Setting {
    /// Returns `idToken.setCustomClaim`, or `context.idToken` for an assignment.
    pub(in crate::source) fn method(&self) -> String {
        let token = match self.token {
            TokenKind::IdToken => "idToken",
            TokenKind::AccessToken => "accessToken",
        };
        if self.is_assignment {
            format!("context.{token}")
        } else {
            format!("{token}.setCustomClaim")
        }
    }
}

/// The names of the tokens, in `api` and in a Rule's `context`.
fn token(name: &str) -> Option<TokenKind> {
    match name {
        "idToken" => Some(TokenKind::IdToken),
        "accessToken" => Some(TokenKind::AccessToken),
        _ => None,
    }
}

fn token_of(path: &Path, root: Root) -> Option<TokenKind> {
    match path.parts.as_slice() {
        [part] if path.root == root => token(&part.name),
        _ => None,
    }
}

impl Resolver<'_> {
    /// Returns what can be read off an expression that gives something its value.
    pub(in crate::source) fn given(&self, expression: &Expression<'_>) -> Given {
        let inner = expression.get_inner_expression();
        Given {
            span: expression.span(),
            is_literal: self.constants.is_literal(inner),
            variable: match inner {
                Expression::Identifier(name) => self.symbol(name),
                _ => None,
            },
        }
    }

    /// Returns the claims that a call sets: one for each token that may be meant.
    pub(in crate::source) fn claims_of_call(&self, call: &CallExpression<'_>) -> Vec<Setting> {
        let (tokens, offset, is_certain) = self.tokens_of_call(call);
        let name = call.arguments.first().and_then(Argument::as_expression);
        let value = call.arguments.get(1).filter(|_| name.is_some());
        let value = value.and_then(Argument::as_expression);
        let value = value.map(|value| self.given(value));
        let settings = tokens.into_iter().map(|token| Setting {
            token,
            is_assignment: false,
            is_certain,
            name: match name {
                Some(name) => self.constants.pieces(name),
                // A list of arguments that is spread may begin with anything.
                None if call.arguments.is_empty() => Pieces::known("undefined"),
                None => Pieces::anything(),
            },
            name_at: name.map_or(offset, |name| name.span().start),
            offset,
            value,
        });
        let mut settings: Vec<_> = settings.collect();
        settings.extend(self.claims_of_assign(call));
        settings
    }

    fn tokens_of_call(&self, call: &CallExpression<'_>) -> (Vec<TokenKind>, u32, bool) {
        let callee = call.callee.get_inner_expression();
        if let Some(mut path) = self.path(&call.callee) {
            let method = path.parts.pop();
            let sets = method.is_some_and(|method| method.name == "setCustomClaim");
            let token = token_of(&path, Root::Api).filter(|_| sets);
            let offset = match callee {
                Expression::StaticMemberExpression(member) => member.property.span.start,
                other => other.span().start,
            };
            return (token.into_iter().collect(), offset, true);
        }
        let Expression::StaticMemberExpression(method) = callee else {
            return (Vec::new(), 0, false);
        };
        let offset = method.property.span.start;
        if method.property.name != "setCustomClaim" {
            return (Vec::new(), offset, false);
        }
        let several = self.known.several(self.scoping, &method.object);
        let several: Vec<_> = several
            .iter()
            .filter_map(|path| token_of(path, Root::Api))
            .collect();
        if !several.is_empty() {
            return (several, offset, true);
        }
        // Nobody knows what the beginning of the chain is, but there is one thing that is called so.
        let name = match method.object.get_inner_expression() {
            Expression::StaticMemberExpression(token) => token.property.name.as_str(),
            Expression::Identifier(name) => name.name.as_str(),
            _ => "",
        };
        let is_other = self.path(&method.object).is_some();
        let token = token(name).filter(|_| !is_other);
        (token.into_iter().collect(), offset, false)
    }

    /// `context.idToken.x = …`, `context.idToken['x'] = …` and `context.idToken = { x: … }` of a Rule.
    pub(in crate::source) fn claims_of_assignment(
        &self,
        assignment: &AssignmentExpression<'_>,
    ) -> Vec<Setting> {
        let (object, name, offset) = match &assignment.left {
            AssignmentTarget::StaticMemberExpression(member) => {
                let name = member.property.name.as_str();
                (
                    &member.object,
                    Pieces::known(name),
                    member.property.span.start,
                )
            }
            AssignmentTarget::ComputedMemberExpression(member) => {
                let name = self.constants.pieces(&member.expression);
                (&member.object, name, member.expression.span().start)
            }
            _ => return Vec::new(),
        };
        if let ([name], Expression::ObjectExpression(members)) = (
            name.parts.as_slice(),
            assignment.right.get_inner_expression(),
        ) && let Some(token) = token(name)
            && let Some(is_certain) = self.context(object)
        {
            return self.members(members, token, is_certain);
        }
        let (tokens, is_certain) = self.tokens_of_rule(object);
        let tokens = tokens.into_iter();
        tokens
            .map(|token| {
                // `+=` makes a value of two.
                let value = (assignment.operator == AssignmentOperator::Assign)
                    .then(|| self.given(&assignment.right));
                assigned(token, is_certain, name.clone(), offset, value)
            })
            .collect()
    }

    /// `Object.assign(context.idToken, { x: … })`
    fn claims_of_assign(&self, call: &CallExpression<'_>) -> Vec<Setting> {
        let Expression::StaticMemberExpression(callee) = &call.callee else {
            return Vec::new();
        };
        let of_object =
            matches!(&callee.object, Expression::Identifier(name) if name.name == "Object");
        let target = call.arguments.first().and_then(Argument::as_expression);
        let Some(target) = target.filter(|_| of_object && callee.property.name == "assign") else {
            return Vec::new();
        };
        let (tokens, is_certain) = self.tokens_of_rule(target);
        let mut settings = Vec::new();
        for source in call.arguments.iter().skip(1) {
            let source = source.as_expression().map(Expression::get_inner_expression);
            if let Some(Expression::ObjectExpression(object)) = source {
                for token in &tokens {
                    settings.extend(self.members(object, *token, is_certain));
                }
            }
        }
        settings
    }

    fn members(
        &self,
        object: &ObjectExpression<'_>,
        token: TokenKind,
        is_certain: bool,
    ) -> Vec<Setting> {
        let members = object.properties.iter().filter_map(|property| {
            let ObjectPropertyKind::ObjectProperty(property) = property else {
                return None;
            };
            let Span { start, .. } = property.key.span();
            let name = match &property.key {
                PropertyKey::StaticIdentifier(name) => Pieces::known(name.name.as_str()),
                key => self.constants.pieces(key.as_expression()?),
            };
            let value = self.given(&property.value);
            Some(assigned(token, is_certain, name, start, Some(value)))
        });
        members.collect()
    }

    /// The tokens of a Rule's context that an expression is, and whether that is certain.
    fn tokens_of_rule(&self, expression: &Expression<'_>) -> (Vec<TokenKind>, bool) {
        if !self.known.is_rule {
            return (Vec::new(), false);
        }
        let of_context = |path: &Path| token_of(path, Root::Context);
        if let Some(path) = self.path(expression) {
            return (of_context(&path).into_iter().collect(), true);
        }
        let several = self.known.several(self.scoping, expression).iter();
        let several: Vec<_> = several.filter_map(of_context).collect();
        if !several.is_empty() {
            return (several, true);
        }
        let Expression::StaticMemberExpression(member) = expression.get_inner_expression() else {
            return (Vec::new(), false);
        };
        let token = token(member.property.name.as_str());
        let token = token.filter(|_| self.context(&member.object).is_some());
        (token.into_iter().collect(), false)
    }

    /// Whether an expression is certainly the context of a Rule; `None` when it is something else.
    fn context(&self, expression: &Expression<'_>) -> Option<bool> {
        if !self.known.is_rule {
            return None;
        }
        match self.path(expression) {
            Some(path) => (path.root == Root::Context && path.parts.is_empty()).then_some(true),
            None => matches!(expression.get_inner_expression(), Expression::Identifier(name)
                if name.name == "context")
            .then_some(false),
        }
    }
}

fn assigned(
    token: TokenKind,
    is_certain: bool,
    name: Pieces,
    offset: u32,
    value: Option<Given>,
) -> Setting {
    Setting {
        token,
        is_assignment: true,
        is_certain,
        name,
        name_at: offset,
        offset,
        value,
    }
}
