//! Uses of imported names, and dynamic imports.

use std::collections::HashSet;

use oxc::allocator::Vec as ArenaVec;
use oxc::ast::ast::{
    AssignmentTargetPropertyIdentifier, CallExpression, ExportSpecifier, Expression,
    IdentifierReference, ImportExpression, ImportMeta, ObjectProperty, Statement,
    TaggedTemplateExpression,
};
use oxc::ast_visit::{Visit, walk};
use oxc::span::GetSpan;

use super::{Module, Target};

/// Replaces each use of an imported name by what the name stands for.
pub(super) struct References<'m, 't> {
    module: &'m mut Module<'t>,
    /// Where statements of a list begin: a bracket put there could join the line above.
    starts: HashSet<u32>,
    /// Where callees begin: a method call would change `this`.
    callees: HashSet<u32>,
}

impl<'m, 't> References<'m, 't> {
    pub(super) fn new(module: &'m mut Module<'t>) -> Self {
        Self {
            module,
            starts: HashSet::new(),
            callees: HashSet::new(),
        }
    }

    fn stands_for(&self, reference: &IdentifierReference<'_>) -> Option<String> {
        let id = reference.reference_id.get()?;
        let symbol = self.module.scoping.get_reference(id).symbol_id()?;
        self.module.imports.get(&symbol).cloned()
    }

    fn mark_callee(&mut self, callee: &Expression<'_>) {
        if let Expression::Identifier(identifier) = callee {
            self.callees.insert(identifier.span.start);
        }
    }
}

impl<'a> Visit<'a> for References<'_, '_> {
    fn visit_statements(&mut self, statements: &ArenaVec<'a, Statement<'a>>) {
        for statement in statements {
            if matches!(statement, Statement::ExpressionStatement(_)) {
                self.starts.insert(statement.span().start);
            }
        }
        walk::walk_statements(self, statements);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        self.mark_callee(&call.callee);
        walk::walk_call_expression(self, call);
    }

    fn visit_tagged_template_expression(&mut self, template: &TaggedTemplateExpression<'a>) {
        self.mark_callee(&template.tag);
        walk::walk_tagged_template_expression(self, template);
    }

    fn visit_identifier_reference(&mut self, reference: &IdentifierReference<'a>) {
        let Some(value) = self.stands_for(reference) else {
            return;
        };
        let start = reference.span.start;
        let text = if self.callees.contains(&start) {
            let separator = if self.starts.contains(&start) {
                ";"
            } else {
                ""
            };
            format!("{separator}(0, {value})")
        } else {
            value
        };
        self.module
            .edits
            .replace(self.module.text, start, reference.span.end, text);
    }

    fn visit_object_property(&mut self, property: &ObjectProperty<'a>) {
        if property.shorthand
            && let Expression::Identifier(reference) = &property.value
            && let Some(value) = self.stands_for(reference)
        {
            self.module
                .edits
                .insert(reference.span.end, format!(": {value}"));
            return;
        }
        walk::walk_object_property(self, property);
    }

    fn visit_assignment_target_property_identifier(
        &mut self,
        target: &AssignmentTargetPropertyIdentifier<'a>,
    ) {
        // `({ imported } = x)` assigns to a constant: the engine says so at run time.
        if let Some(init) = &target.init {
            self.visit_expression(init);
        }
    }

    fn visit_export_specifier(&mut self, _: &ExportSpecifier<'a>) {
        // The list is rewritten as a whole.
    }

    fn visit_import_meta(&mut self, meta: &ImportMeta) {
        if self.module.target == Target::Package {
            let text = self.module.text;
            self.module
                .edits
                .replace(text, meta.span.start, meta.span.end, "$meta");
        }
    }

    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        if self.module.target == Target::Package {
            let (text, start) = (self.module.text, import.span.start);
            let keyword_end = start + "import".len() as u32;
            self.module
                .edits
                .replace(text, start, keyword_end, "$import.later");
            return walk::walk_import_expression(self, import);
        }
        self.module.helpers.star = true;
        let (start, end) = (import.source.span().start, import.source.span().end);
        let edits = &mut self.module.edits;
        // The specifier is evaluated at once, the module is loaded later, as by `tsc`.
        edits.replace(
            self.module.text,
            import.span.start,
            start,
            "Promise.resolve(`${",
        );
        edits.replace(
            self.module.text,
            end,
            import.span.end,
            "}`).then((s) => __importStar(require(s)))",
        );
        self.visit_expression(&import.source);
    }
}
