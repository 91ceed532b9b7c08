//! The words and numbers that stand in a text: what its author thought of when they wrote it.
//!
//! Whoever makes up data for an Action finds more with `enterprise` where the Action compares with it than with
//! any random word.

use oxc::ast::ast::{
    BindingProperty, Expression, ImportDeclaration, NumericLiteral, ObjectProperty, PropertyKey,
    RegExpLiteral, StaticMemberExpression, StringLiteral, TemplateElement,
};
use oxc::ast_visit::{Visit, walk};

use crate::text::Text;

/// So much of each kind is kept; what a bundler writes has far more than an author thinks of.
const MOST: usize = 400;

/// A longer text is no word that anything is compared with.
const LONGEST: usize = 200;

/// The literals of a text, each once, in the order of the text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Literals {
    /// Texts, parts of templates, and the plain letters of regular expressions.
    pub texts: Vec<String>,
    /// Numbers.
    pub numbers: Vec<f64>,
    /// Names of members and keys: `plan` of `metadata.plan` and of `{ plan: 1 }`.
    pub names: Vec<String>,
    /// Chains that begin at a variable called `user`, without it: `["app_metadata", "plan"]`. Rules get the profile under
    /// this name, and helpers pass it on.
    pub of_user: Vec<Vec<String>>,
    /// Chains that begin at a variable called `context`, without it: `["clientMetadata", "tier"]`.
    pub of_context: Vec<Vec<String>>,
    /// Names that are read of a variable called `configuration`: the settings of Rules.
    pub configuration: Vec<String>,
}

/// Reads what stands in a file's text. In a text that does not parse, nothing does.
pub fn literals(file_name: &str, text: &str) -> Literals {
    Text::read(file_name, text, of).unwrap_or_default()
}

pub(crate) fn of(text: &Text<'_>) -> Literals {
    let mut found = Literals::default();
    found.visit_program(text.program());
    found
}

fn keep<T: PartialEq>(known: &mut Vec<T>, item: T) {
    if known.len() < MOST && !known.contains(&item) {
        known.push(item);
    }
}

impl Literals {
    fn text(&mut self, text: &str) {
        if !text.trim().is_empty() && text.len() <= LONGEST {
            keep(&mut self.texts, text.to_owned());
        }
    }

    fn key(&mut self, key: &PropertyKey<'_>) {
        if let PropertyKey::StaticIdentifier(name) = key {
            keep(&mut self.names, name.name.as_str().to_owned());
        }
    }
}

impl<'a> Visit<'a> for Literals {
    // What a text imports is no data.
    fn visit_import_declaration(&mut self, _: &ImportDeclaration<'a>) {}

    fn visit_string_literal(&mut self, literal: &StringLiteral<'a>) {
        self.text(literal.value.as_str());
    }

    fn visit_template_element(&mut self, element: &TemplateElement<'a>) {
        if let Some(cooked) = &element.value.cooked {
            self.text(cooked.as_str());
        }
    }

    fn visit_numeric_literal(&mut self, literal: &NumericLiteral<'a>) {
        keep(&mut self.numbers, literal.value);
    }

    fn visit_reg_exp_literal(&mut self, literal: &RegExpLiteral<'a>) {
        let pattern = literal.regex.pattern.text.as_str();
        let plain: String = pattern
            .chars()
            .filter(|letter| !"^$\\()?*+".contains(*letter))
            .collect();
        self.text(&plain);
    }

    fn visit_static_member_expression(&mut self, member: &StaticMemberExpression<'a>) {
        keep(&mut self.names, member.property.name.as_str().to_owned());
        match chain(member) {
            Some(("user", names)) => keep(&mut self.of_user, names),
            Some(("context", names)) => keep(&mut self.of_context, names),
            Some(("configuration", mut names)) => {
                names.truncate(1);
                names
                    .drain(..)
                    .for_each(|name| keep(&mut self.configuration, name));
            }
            _ => {}
        }
        walk::walk_static_member_expression(self, member);
    }

    fn visit_object_property(&mut self, property: &ObjectProperty<'a>) {
        self.key(&property.key);
        walk::walk_object_property(self, property);
    }

    fn visit_binding_property(&mut self, property: &BindingProperty<'a>) {
        self.key(&property.key);
        walk::walk_binding_property(self, property);
    }
}

/// The variable at which a chain begins, and the names behind it.
fn chain<'a>(member: &StaticMemberExpression<'a>) -> Option<(&'a str, Vec<String>)> {
    let mut names = vec![member.property.name.as_str().to_owned()];
    let mut object = member.object.get_inner_expression();
    loop {
        object = match object {
            Expression::StaticMemberExpression(member) => {
                names.push(member.property.name.as_str().to_owned());
                member.object.get_inner_expression()
            }
            Expression::Identifier(name) => {
                names.reverse();
                return Some((name.name.as_str(), names));
            }
            _ => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::literals;

    #[test]
    fn words_numbers_and_names() {
        let text = "import { x } from 'lodash';\n\
            const PLANS = { pro: 1, 'big one': 2 };\n\
            exports.onExecutePostLogin = async (event, api) => {\n\
              const { plan = 'free' } = event.user.app_metadata;\n\
              if (/^@corp\\.example$/.test(event.user.email)) api.access.deny(`no ${plan} here`);\n\
              check(event.user, 18.5, 'free', '');\n\
            };\n\
            function check(user) { return user.app_metadata.age?.years > 18.5; }\n";
        let found = literals("a.mjs", text);
        assert_eq!(
            found.texts,
            ["big one", "free", "@corp.example", "no ", " here"]
        );
        assert_eq!(found.numbers, [1.0, 2.0, 18.5]);
        for name in ["pro", "plan", "app_metadata", "years"] {
            assert!(found.names.iter().any(|known| known == name), "{name}");
        }
        assert!(
            found
                .of_user
                .contains(&vec!["app_metadata".to_owned(), "age".to_owned()]),
            "{:?}",
            found.of_user
        );
        assert_eq!(literals("a.js", "this is no text ("), Default::default());
    }

    #[test]
    fn a_rule_is_a_function_without_a_name() {
        let text = "// One.\nfunction (user, context, callback) {\n  if (context.clientMetadata.tier === 'gold') user.plan = configuration.PLAN.trim();\n};\n";
        let found = literals("rules/a.js", text);
        assert_eq!(found.texts, ["gold"]);
        assert_eq!(found.configuration, ["PLAN"]);
        let path = |path: &str| -> Vec<String> { path.split('.').map(str::to_owned).collect() };
        assert_eq!(found.of_user, [path("plan")]);
        assert!(found.of_context.contains(&path("clientMetadata.tier")));
    }
}
