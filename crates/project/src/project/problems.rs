//! Bindings that production would refuse, or whose Actions do not run here.

use postlogin_core::Trigger;
use postlogin_core::event::suggest::closest;
use postlogin_core::trigger::{self, is_without_contract};

use super::{Action, Binding, Project, tenant_yaml, terraform};
use crate::Error;
use crate::door::Boundary;
use crate::files::{configured_path, display_path, entries};

/// A problem of a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The trigger is unknown, or has no public contract.
    Unsupported,
    /// Nothing is bound to triggers of this kind: entities name their Actions.
    Unbindable,
    /// Production binds fewer Actions to the trigger.
    TooMany,
    /// An entity, such as a token exchange profile, names an Action that is not there, or none.
    MissingAction,
    /// An Action of the binding has `deployed: false`: production does not run this text.
    NotDeployed,
    /// An Action of the binding is for other triggers, by its `supported_triggers`.
    Misbound,
}

/// A binding that production would refuse, or whose Actions do not run here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingProblem {
    /// The problem.
    pub kind: ProblemKind,
    /// Says so, with the file, relative to the project's root, and the line if it can be found.
    pub error: Error,
}

impl Project {
    /// Returns the problems of all bindings but those with Actions that are missing: [`Project::missing_in_bindings`].
    #[must_use]
    pub fn binding_problems(&self) -> Vec<BindingProblem> {
        let bindings = self.triggers.iter();
        let mut problems: Vec<BindingProblem> = bindings
            .filter_map(|binding| {
                let (kind, error) = problem_of(binding)?;
                let error = self.at_binding(binding, error);
                Some(BindingProblem { kind, error })
            })
            .collect();
        problems.extend(self.undeployed());
        problems.extend(self.misbound());
        for (trigger, action) in self.entity_actions_each() {
            if let Err(part) = action {
                problems.push(BindingProblem {
                    kind: ProblemKind::MissingAction,
                    error: self.at_entity(trigger, &part.name, part.error),
                });
            }
        }
        problems
    }

    /// Returns the bound Actions that the configuration leaves undeployed, each once.
    /// Source: <https://auth0.github.io/auth0-cli/auth0_actions_deploy.html>.
    fn undeployed(&self) -> Vec<BindingProblem> {
        let mut problems: Vec<BindingProblem> = Vec::new();
        let ids = self.triggers.iter().map(|binding| binding.id.as_str());
        let bound = ids.flat_map(|id| self.bind_each(id)).flatten();
        for action in bound.filter(|action| action.manifest.is_undeployed()) {
            let Action {
                manifest,
                declared_in,
                ..
            } = action;
            let (said, hint) = match terraform::is_file(declared_in) {
                true => ("does not have `deploy = true`", "set `deploy = true`"),
                false => ("has `deployed: false`", "set `deployed: true`"),
            };
            let message = format!(
                "the Action `{}` is bound and {said}: production runs the version that was deployed last, if there is one, and not this one",
                manifest.name
            );
            let problem = BindingProblem {
                kind: ProblemKind::NotDeployed,
                error: Error::new(message)
                    .in_file(&display_path(declared_in, &self.root))
                    .with_hint(format!("{hint}, or take it out of the binding")),
            };
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        problems
    }

    /// Returns the bound Actions whose configuration names triggers, and not the one that binds them.
    fn misbound(&self) -> Vec<BindingProblem> {
        let mut problems = Vec::new();
        // Of other triggers, there is another problem.
        let is_bound = |id: &str| {
            Trigger::of_id(id).is_some_and(|it| it.table().binding != trigger::Binding::Entity)
        };
        for binding in self.triggers.iter().filter(|it| is_bound(&it.id)) {
            for action in self.bind_each(&binding.id).into_iter().flatten() {
                let declared = &action.manifest.supported_triggers;
                if declared.is_empty() || declared.iter().any(|it| it.id == binding.id) {
                    continue;
                }
                let named: Vec<&str> = declared.iter().map(|it| it.id.as_str()).collect();
                let message = format!(
                    "the trigger `{}` binds the Action `{}`, whose `supported_triggers` are {}: production refuses that",
                    binding.id,
                    action.manifest.name,
                    named.join(", ")
                );
                let hint = "bind it to its own trigger, or change `supported_triggers`";
                let error = self.at_binding(binding, Error::new(message).with_hint(hint));
                problems.push(BindingProblem {
                    kind: ProblemKind::Misbound,
                    error,
                });
            }
        }
        problems
    }

    /// Adds the file of an entity, which `name` is in, to an error without a file.
    fn at_entity(&self, trigger: Trigger, name: &str, error: Error) -> Error {
        if error.file.is_some() {
            return error;
        }
        let folder = match trigger {
            Trigger::EventStream => "event-streams",
            _ => "token-exchange-profiles",
        };
        let within = Boundary::around(&self.root);
        let mut files = entries(&self.root.join(folder)).into_iter();
        let file = files.find(|file| within.mentions(file, name));
        match file.or_else(|| tenant_yaml::find(&self.root)) {
            Some(file) => error.in_file(&display_path(&file, &self.root)),
            None => error,
        }
    }

    /// Adds the place of a binding: the first line of its file that names the trigger.
    fn at_binding(&self, binding: &Binding, error: Error) -> Error {
        let Binding {
            id, declared_in, ..
        } = binding;
        let error = error.in_file(declared_in);
        let path = configured_path(&self.root, declared_in);
        let text = Boundary::of_file(&path, &self.root).read_text(&path, declared_in);
        let Ok(text) = text else {
            return error;
        };
        let mut lines = (1..).zip(text.lines());
        let found = lines.find_map(|(line, text)| {
            let at = text.find(id.as_str())?;
            let before = text.get(..at)?.encode_utf16().count();
            Some((line, u32::try_from(before).ok()?.saturating_add(1)))
        });
        match found {
            Some((line, column)) => error.at(line, column),
            None => error,
        }
    }
}

fn problem_of(binding: &Binding) -> Option<(ProblemKind, Error)> {
    let Binding {
        id, action_names, ..
    } = binding;
    let count = action_names.len();
    // Exports list every trigger, most with nothing.
    if count == 0 {
        return None;
    }
    let Some(trigger) = Trigger::of_id(id) else {
        let unsupported = |message: String| Some((ProblemKind::Unsupported, Error::new(message)));
        if is_without_contract(id) {
            return unsupported(format!(
                "the trigger {id} has no public contract: its Actions do not run here"
            ));
        }
        let message = format!("`{id}` is not a known trigger: its Actions do not run");
        let (kind, error) = unsupported(message)?;
        let known = Trigger::ALL.iter().map(|trigger| trigger.id());
        return Some(match closest(id, known) {
            Some(near) => (kind, error.with_hint(format!("did you mean `{near}`?"))),
            None => (kind, error),
        });
    };
    let table = trigger.table();
    if table.binding == trigger::Binding::Entity {
        let message = format!(
            "Actions of {id} are not bound: a token exchange profile or an event stream names them"
        );
        return Some((ProblemKind::Unbindable, Error::new(message)));
    }
    if table.most_actions.exceeded_by(count) {
        let most = table.most_actions.value;
        let message = format!("{id} has {count} Actions; production allows {most}");
        return Some((ProblemKind::TooMany, Error::new(message)));
    }
    None
}
