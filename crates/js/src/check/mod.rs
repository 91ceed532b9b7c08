//! Finds what is wrong with an Action or a Rule without running it.
//!
//! The rules are functions from [`Facts`] and what the configuration declares to findings.
//! They know neither the engine nor the command line nor files. A wrong finding is worse than a missed one: what is not
//! certain by reading is passed over.

mod absent;
mod bindings;
mod claims;
mod code;
pub(crate) mod declared;
pub use declared::is_node_module;
mod event;
mod handlers;
mod ignore;
mod legacy;
mod methods;

use std::fmt;

use postlogin_core::Trigger;
use postlogin_core::location::Location;
use postlogin_core::trigger::Exported;

pub use absent::{
    imports_not_followed, missing_export, missing_file, missing_package, module_problem, unreadable,
};
pub use bindings::{BindingProblem, binding, configuration, missing_action};

use crate::source::facts::{Facts, facts};
use crate::source::rule::prepare_rule;
use crate::source::text;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It may be meant, or it depends on something that the text does not show.
    Warning,
    /// It does not work in production.
    Error,
}

impl Severity {
    /// `error` or `warning`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A rule. Its code is stable: scripts and comments in Actions name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// `unknown-api-method`
    pub code: &'static str,
    /// The severity of its findings.
    pub severity: Severity,
    /// The problem that it finds, in one sentence without a full stop.
    pub summary: &'static str,
    /// The public page that it follows, unless it is a rule of our own.
    pub source: Option<&'static str>,
}

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The problem, in one sentence without a full stop.
    pub message: String,
    /// The remedy.
    pub hint: Option<String>,
    /// The public page that it follows: that of the Action's trigger where the rule is about triggers, else the rule's.
    pub page: Option<&'static str>,
    /// Where.
    pub location: Location,
    /// The length in UTF-16 units from the place on; 0 when the finding is about the file as a whole.
    pub length: u32,
}

impl Finding {
    fn new(rule: &'static Rule, location: &Location, message: impl Into<String>) -> Self {
        Self {
            rule,
            message: message.into(),
            hint: None,
            page: rule.source,
            location: location.clone(),
            length: 0,
        }
    }

    fn spanning(mut self, name: &str) -> Self {
        self.length = text::utf16_length(name);
        self
    }

    fn on_page(mut self, page: &'static str) -> Self {
        self.page = Some(page);
        self
    }

    fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Location { file, line, column } = &self.location;
        let Rule { code, severity, .. } = self.rule;
        write!(
            f,
            "{file}:{line}:{column}: {}[{code}]: {}",
            severity.word(),
            self.message
        )
    }
}

/// The configuration of an Action or a Rule. `None` where it is not known: a keyword marker
/// that is not replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// The names of the npm packages.
    pub dependencies: Option<Vec<String>>,
    /// The names of the secrets.
    pub secrets: Option<Vec<String>>,
    /// The names of the Action Modules.
    pub modules: Option<Vec<String>>,
    /// The keys of `configuration`, for a Rule.
    pub configuration: Option<Vec<String>>,
    /// The triggers that it can be bound to, with their versions.
    pub triggers: Vec<(String, Option<String>)>,
    /// The file that says so.
    pub file: String,
    /// Whether the file of the code is uploaded as it is.
    pub is_uploaded: bool,
}

/// An Action or a Rule to be checked.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The file's name, by which its language is known, and which findings name.
    pub file: &'a str,
    /// Its text.
    pub text: &'a str,
    /// Its configuration, if it has one.
    pub declared: Option<&'a Declared>,
}

/// All rules, by group.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let groups = [
        code::RULES,
        handlers::RULES,
        methods::RULES,
        event::RULES,
        claims::RULES,
        declared::RULES,
        legacy::RULES,
        bindings::RULES,
        absent::RULES,
        ignore::RULES,
    ];
    groups.into_iter().flatten()
}

/// The findings about an Action or a Rule, in the order of the text. None of them depends on anything but the arguments.
pub fn check(source: &Source<'_>) -> Vec<Finding> {
    check_with(source, Vec::new())
}

/// As [`check`], with what else is known of the Action: comments silence it as well, and it is left out where a rule has
/// found something.
pub fn check_with(source: &Source<'_>, others: Vec<Finding>) -> Vec<Finding> {
    let facts = facts(source.file, source.text);
    let mut findings = code::check(source);
    if let Some(rule) = &facts.rule {
        findings.extend(legacy::check(source, &facts, rule));
        findings.extend(claims::check(&facts));
    } else if facts.is_parsed {
        findings.extend(declared::check(source, &facts));
        match Subject::of(source, &facts) {
            Subject::Trigger(trigger) => {
                findings.extend(handlers::check(source, &facts, trigger));
                findings.extend(handlers::of_other_triggers(&facts, trigger));
                findings.extend(methods::check(&facts, trigger));
                findings.extend(event::check(&facts, trigger));
                findings.extend(claims::check(&facts));
            }
            Subject::Unsupported(id) => findings.push(handlers::unsupported(source, &facts, &id)),
            Subject::OtherVersion => {}
        }
    }
    findings.extend(declared::counts(source));
    findings.extend(handlers::version(source));
    let is_new = |other: &Finding| findings.iter().all(|it| it.location != other.location);
    let others: Vec<Finding> = others.into_iter().filter(is_new).collect();
    findings.extend(others);
    let mut findings = ignore::apply(source, findings);
    // What concerns the configuration comes after the code.
    findings.sort_by_key(|finding| {
        let Location { file, line, column } = &finding.location;
        (file != source.file, *line, *column, finding.rule.code)
    });
    // A chain through a variable is read wherever the variable is; its mistake stands once.
    findings.dedup_by(|a, b| a.rule == b.rule && a.location == b.location);
    findings
}

/// As [`check_with`], for what its place or its configuration makes a Rule, whatever its text is.
pub fn check_rule(source: &Source<'_>, others: Vec<Finding>) -> Vec<Finding> {
    if prepare_rule(source.file, source.text).is_some() {
        return check_with(source, others);
    }
    // Nothing that an Action should do is its mistake.
    let mut findings = vec![legacy::not_a_rule(source)];
    let facts = facts(source.file, source.text);
    if !facts.is_parsed {
        findings.extend(code::check(source));
    }
    findings.extend(others);
    ignore::apply(source, findings)
}

/// Whose `event` and `api` an Action gets.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    /// Those of a trigger, in the version that runs here.
    Trigger(Trigger),
    /// Those of another version of the trigger, which a finding names.
    OtherVersion,
    /// Those of a trigger that is not known here, by its id.
    Unsupported(String),
}

impl Subject {
    fn of(source: &Source<'_>, facts: &Facts) -> Self {
        let declared = source.declared.map(|declared| declared.triggers.as_slice());
        match declared {
            Some(triggers) if !triggers.is_empty() => Self::declared(triggers, facts),
            _ => Self::of_handlers(facts),
        }
    }

    /// Of several triggers, the one that the exports belong to.
    fn declared(triggers: &[(String, Option<String>)], facts: &Facts) -> Self {
        let known: Vec<Trigger> = triggers
            .iter()
            .filter_map(|(id, _)| Trigger::of_id(id))
            .collect();
        let exported = facts
            .handlers
            .iter()
            .find_map(|handler| Some(Trigger::of_export(&handler.name)?.0));
        let trigger = match exported.filter(|trigger| known.contains(trigger)) {
            Some(trigger) => trigger,
            None => match (known.first(), triggers.first()) {
                (Some(trigger), _) => *trigger,
                (None, Some((id, _))) => return Self::Unsupported(id.clone()),
                (None, None) => Trigger::PostLogin,
            },
        };
        let mut versions = triggers.iter().filter(|(id, _)| id == trigger.id());
        let is_ours = versions.any(|(_, version)| is_current(trigger, version.as_deref()));
        match is_ours {
            true => Self::Trigger(trigger),
            false => Self::OtherVersion,
        }
    }

    fn of_handlers(facts: &Facts) -> Self {
        let mut handlers = facts.handlers.iter();
        if let Some((trigger, _)) = handlers.find_map(|it| Trigger::of_export(&it.name)) {
            return Self::Trigger(trigger);
        }
        let mut handlers = facts.handlers.iter();
        let other = handlers.find_map(|it| match Exported::of(&it.name) {
            Exported::WithoutContract(id) => Some(id),
            _ => None,
        });
        if let Some(id) = other {
            return Self::Unsupported(id.to_owned());
        }
        // A slip in the name is a finding, and no other trigger.
        Self::Trigger(Trigger::PostLogin)
    }
}

/// Returns whether a declared version is the one whose event and `api` are known here.
fn is_current(trigger: Trigger, version: Option<&str>) -> bool {
    let current = trigger.table().version.trim_start_matches('v');
    version.is_none_or(|version| version.trim_start_matches('v') == current)
}

/// The beginning of a file.
fn start_of(file: &str) -> Location {
    Location {
        file: file.to_owned(),
        line: 1,
        column: 1,
    }
}

#[cfg(test)]
mod tests;
