//! Exported variables that may change: their only place is the namespace's object, so that all who read them see the same value.

use oxc::ast::ast::{
    BindingIdentifier, BindingPattern, Declaration, Statement, VariableDeclaration,
    VariableDeclarationKind,
};
use oxc::ast_visit::Visit as _;
use oxc::span::{GetSpan, Span};

use super::Blocks;

/// Returns the variables that a statement of a block exports and that may change.
pub(super) fn exported<'s, 'a>(statement: &'s Statement<'a>) -> Vec<&'s BindingIdentifier<'a>> {
    let Statement::ExportDeclaration(export) = statement else {
        return Vec::new();
    };
    let Declaration::VariableDeclaration(variables) = &export.declaration else {
        return Vec::new();
    };
    if !is_live(variables) {
        return Vec::new();
    }
    let declarations = variables.declarations.iter();
    declarations
        .flat_map(|one| one.id.get_binding_identifiers())
        .collect()
}

/// Whether code may assign to the variables later. What is constant may as well be copied.
pub(super) fn is_live(variables: &VariableDeclaration<'_>) -> bool {
    let kind = variables.kind;
    matches!(
        kind,
        VariableDeclarationKind::Var | VariableDeclarationKind::Let
    ) && !variables.declare
}

impl Blocks<'_> {
    /// Writes a declaration as assignments: `export let a = 1, b` as `;N.a = 1, N.b;`.
    pub(super) fn assign(&mut self, export: Span, variables: &VariableDeclaration<'_>) {
        let Some(block) = self.around.len().checked_sub(1) else {
            return;
        };
        let Some(scope) = self.around.get(block).and_then(|around| around.scope) else {
            return;
        };
        let object = self.object(block, scope);
        self.is_edited = true;
        let mut from = export.start;
        for (index, one) in variables.declarations.iter().enumerate() {
            // The semicolons keep the assignments from going on with the line before, or with the one behind.
            let between = if index == 0 { ";" } else { "," };
            let is_pattern = one.id.is_destructuring_pattern();
            let open = if is_pattern { "(" } else { "" };
            let (pattern, between) = (one.id.span(), format!("{between}{open}"));
            self.edits.replace(self.text, from, pattern.start, between);
            self.target(&one.id, &object);
            // A type, and the mark of a variable that is assigned for sure.
            let name_end = match &one.id {
                BindingPattern::BindingIdentifier(name) => name.span.start + name.name.len() as u32,
                _ => pattern.end,
            };
            from = name_end;
            if let Some(value) = &one.init {
                let value_span = value.span();
                self.edits
                    .replace(self.text, name_end, value_span.start, " = ");
                self.visit_expression(value);
                from = value_span.end;
            }
            if is_pattern {
                self.edits.insert(from, ")");
            }
        }
        self.edits.replace(self.text, from, export.end, ";");
    }

    /// Writes the names of a pattern as places of the namespace's object.
    fn target(&mut self, pattern: &BindingPattern<'_>, object: &str) {
        match pattern {
            BindingPattern::BindingIdentifier(name) => {
                self.edits.insert(name.span.start, format!("{object}."));
            }
            BindingPattern::ObjectPattern(pattern) => {
                for property in &pattern.properties {
                    if property.shorthand {
                        let name = property.key.static_name().unwrap_or_default();
                        self.edits.insert(property.span.start, format!("{name}: "));
                    } else if property.computed {
                        self.visit_property_key(&property.key);
                    }
                    self.target(&property.value, object);
                }
                if let Some(rest) = &pattern.rest {
                    self.target(&rest.argument, object);
                }
            }
            BindingPattern::ArrayPattern(pattern) => {
                for element in pattern.elements.iter().flatten() {
                    self.target(element, object);
                }
                if let Some(rest) = &pattern.rest {
                    self.target(&rest.argument, object);
                }
            }
            BindingPattern::AssignmentPattern(pattern) => {
                self.target(&pattern.left, object);
                self.visit_expression(&pattern.right);
            }
        }
    }
}
