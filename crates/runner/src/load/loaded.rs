//! A loaded Action, and what its text says about itself: read once, however many logins run it.

use std::sync::Arc;

use postlogin_core::{
    HandlerInfo, HandlerKind, Location, Trigger, outcome::Notice, trigger::Exported,
};
use postlogin_engine::{ActionPre, BoundAction, Inputs};
use postlogin_js::{
    Modules,
    inputs::inputs,
    source::{
        facts::{Facts, Mention, facts},
        not_as_uploaded,
        rule::{is_exported, is_rule},
        suspected,
    },
    source_of_component,
};
use postlogin_project::{ActionKind, ActionSource, Manifest, Role, Secret};
use serde_json::{Map, Value};

use super::{FoundMap, dependencies};
use crate::login::secrets_of;

/// An Action that is ready to run. Cheap to clone.
#[derive(Clone)]
pub struct Loaded {
    action: ActionPre,
    /// The modules of a script without counters.
    modules: Option<Arc<Modules>>,
    said: Arc<Said>,
}

/// Facts about the text of an Action.
struct Said {
    kind: HandlerKind,
    /// Notices about the text: it only compiles inside of production's wrapper, it exports a Rule, it imports too much.
    oddities: Vec<Notice>,
    /// The file of an Action and its handlers with the ids of their triggers, each once.
    handlers: (String, Vec<(String, &'static str)>),
    /// The secrets that it certainly reads, each at its first place.
    secrets: Vec<Mention>,
}

impl Loaded {
    pub(super) fn new(
        source: &ActionSource,
        action: ActionPre,
        modules: Option<Arc<Modules>>,
        map: &FoundMap,
    ) -> Self {
        Self {
            action,
            modules,
            said: Arc::new(Said::of(source, map)),
        }
    }

    /// Returns the values of its event that decide what the Action does, if its source and the files that it imports show all of
    /// them. `source` is that of which it was loaded.
    #[must_use]
    pub fn inputs(&self, source: &ActionSource) -> Option<Inputs> {
        match (&source.kind, &self.modules) {
            (ActionKind::Script { text, .. }, Some(modules)) => {
                inputs(&source.display_path, text, modules)
            }
            _ => None,
        }
    }

    /// Returns the Action at its place in a run of `trigger`, with those of the given secrets that it sees. `source` is that of
    /// which it was loaded.
    #[must_use]
    pub fn bound(&self, source: &ActionSource, given: &[Secret], trigger: Trigger) -> BoundAction {
        let given_secrets = secrets_of(source, given);
        let secrets = match self.said.kind {
            HandlerKind::Action => given_secrets,
            HandlerKind::Rule | HandlerKind::Connection => {
                let mut configuration = source.configuration.clone();
                configuration.extend(given_secrets);
                configuration
            }
        };
        let declared = |count: fn(&Manifest) -> usize| source.declared.as_ref().map(count);
        BoundAction {
            notices: self.said.notices(source, &secrets, trigger),
            info: HandlerInfo {
                name: source.name.clone(),
                kind: self.said.kind,
                // Only a host that stores logins needs it, and it costs a hash of the source.
                fingerprint: String::new(),
                secrets,
                code_bytes: source.code_bytes(),
                dependencies: declared(|manifest| manifest.dependencies.len()),
                modules: declared(|manifest| manifest.modules.len()),
                broken: None,
            },
            action: Some(
                self.action
                    .clone()
                    .with_module_secrets(dependencies::secrets(source, given)),
            ),
        }
    }
}

impl Said {
    fn of(source: &ActionSource, map: &FoundMap) -> Self {
        let kind = kind_of(source);
        let nothing = Self {
            kind,
            oddities: Vec::new(),
            handlers: (String::new(), Vec::new()),
            secrets: Vec::new(),
        };
        let (file, text) = match &source.kind {
            ActionKind::Script { text, .. } => (source.display_path.clone(), text.clone()),
            ActionKind::Component { bytes, .. } => match source_of_component(bytes) {
                Some(built_from) => built_from,
                None => return nothing,
            },
            ActionKind::CargoPackage { .. } => return nothing,
        };
        let facts = facts(&file, &text);
        let suspected = match facts.is_parsed {
            true => None,
            false => suspected(&file, &text),
        };
        let handlers = match kind {
            HandlerKind::Action => handlers_in(&facts),
            HandlerKind::Rule | HandlerKind::Connection => Vec::new(),
        };
        let mut secrets: Vec<Mention> = Vec::new();
        for mention in facts.secrets {
            if secrets.iter().all(|known| known.name != mention.name) {
                secrets.push(mention);
            }
        }
        let exported = (kind == HandlerKind::Rule && is_exported(&file, &text)).then(|| Notice {
            code: "rule-exported".into(),
            message: format!(
                "{file} assigns the Rule to `module.exports`; production accepts the function alone, so deploy it without that"
            ),
            source: Some("https://auth0.com/docs/customize/rules/create-rules".into()),
        });
        let suspicion = suspected.map(|error| Notice {
            code: "source-not-a-program".into(),
            message: format!(
                "{error}; it runs all the same, as in production, because the source closes the function that is put around it"
            ),
            source: None,
        });
        Self {
            kind,
            oddities: suspicion
                .into_iter()
                .chain(exported)
                .chain(map.notice())
                .chain(dependencies::notice(source))
                .collect(),
            handlers: (file, handlers),
            secrets,
        }
    }

    /// Returns the notices about the text, one about what does not run at this trigger, and one for each secret that the text
    /// certainly reads and that the Action does not see: as in production it is `undefined`, and the next line fails in a way
    /// that does not say why.
    fn notices(
        &self,
        source: &ActionSource,
        seen: &Map<String, Value>,
        trigger: Trigger,
    ) -> Vec<Notice> {
        let missing = self.secrets.iter();
        let missing = missing.filter(|mention| !seen.contains_key(&mention.name));
        let notices = missing.map(|mention| secret_missing(source, mention));
        let uncompiled = match self.kind {
            HandlerKind::Action => not_compiled(source),
            HandlerKind::Rule | HandlerKind::Connection => None,
        };
        let oddities = self.oddities.iter().cloned();
        let undeclared = match self.kind {
            HandlerKind::Action => not_declared(source, trigger).or_else(|| not_deployed(source)),
            HandlerKind::Rule | HandlerKind::Connection => None,
        };
        oddities
            .chain(self.handlers_left_out(trigger))
            .chain(uncompiled)
            .chain(undeclared)
            .chain(notices)
            .collect()
    }

    /// Returns a notice for handlers of other triggers than the one that runs: an Action has one trigger.
    fn handlers_left_out(&self, trigger: Trigger) -> Option<Notice> {
        let (file, handlers) = &self.handlers;
        let others = handlers.iter().filter(|(_, id)| *id != trigger.id());
        let others: Vec<String> = others.map(|(name, id)| format!("{name} ({id})")).collect();
        (!others.is_empty()).then(|| Notice {
            code: "handlers-of-other-triggers".into(),
            message: format!(
                "{file} runs for {trigger}; its {} was not run: in production an Action has one trigger",
                others.join(", ")
            ),
            source: None,
        })
    }
}

/// Returns the exported handlers with the ids of their triggers, each once.
fn handlers_in(facts: &Facts) -> Vec<(String, &'static str)> {
    let exports = facts.exports.iter().map(|export| &export.name);
    let names = exports.chain(facts.handlers.iter().map(|handler| &handler.name));
    let mut handlers: Vec<(String, &'static str)> = Vec::new();
    for name in names {
        let id = match Exported::of(name) {
            Exported::Handler(trigger, _) => trigger.id(),
            Exported::WithoutContract(id) => id,
            Exported::UnknownHandler | Exported::Other => continue,
        };
        if handlers.iter().all(|(known, _)| known != name) {
            handlers.push((name.clone(), id));
        }
    }
    handlers
}

/// Returns a notice for an Action whose configuration names other triggers than the one that runs.
fn not_declared(source: &ActionSource, trigger: Trigger) -> Option<Notice> {
    let declared = &source.declared.as_ref()?.supported_triggers;
    if declared.is_empty() || declared.iter().any(|one| one.id == trigger.id()) {
        return None;
    }
    let ids: Vec<&str> = declared.iter().map(|one| one.id.as_str()).collect();
    Some(Notice {
        code: "trigger-not-declared".into(),
        message: format!(
            "{} runs for {trigger}, and its configuration is for {}: production does not run it at {trigger}",
            source.display_path,
            ids.join(", ")
        ),
        source: None,
    })
}

/// Returns a notice for an Action that its configuration leaves undeployed.
fn not_deployed(source: &ActionSource) -> Option<Notice> {
    let is_draft = source.declared.as_ref()?.is_undeployed();
    is_draft.then(|| Notice {
        code: "action-not-deployed".into(),
        message: format!(
            "the configuration of {} has `deployed: false`: production runs the version that was deployed last, if there is one, and not this one",
            source.display_path
        ),
        source: Some("https://auth0.github.io/auth0-cli/auth0_actions_deploy.html".into()),
    })
}

/// Returns a notice for code that is uploaded as it is, and that production does not run.
fn not_compiled(source: &ActionSource) -> Option<Notice> {
    let ActionKind::Script { text, .. } = &source.kind else {
        return None;
    };
    let by = source.is_uploaded_by()?;
    let file = &source.display_path;
    let (language, error) = not_as_uploaded(file, text)?;
    let Location { line, column, .. } = error.location;
    Some(Notice {
        code: "not-compiled".into(),
        message: format!(
            "{file}:{line}:{column}: {by} names this file as the code, and it is uploaded as it is: production does not run {language}. Compile it, and name the compiled file"
        ),
        source: Some("https://auth0.com/docs/customize/actions/action-coding-guidelines".into()),
    })
}

fn secret_missing(source: &ActionSource, mention: &Mention) -> Notice {
    let Mention { name, location } = mention;
    let Location { file, line, column } = location;
    let is_declared = source.declared.as_ref().is_none_or(|manifest| {
        let mut declared = manifest.secret_names.iter();
        declared.any(|declared| declared == name)
    });
    let why = if is_declared {
        "is not given"
    } else {
        "is not declared in the Action's configuration"
    };
    Notice {
        code: "secret-missing".into(),
        message: format!(
            "{file}:{line}:{column} reads event.secrets.{name}, which {why}: it is undefined"
        ),
        source: None,
    }
}

/// Returns what a source is, by its role and its text.
#[must_use]
pub fn kind_of(source: &ActionSource) -> HandlerKind {
    if source.role == Role::Connection {
        return HandlerKind::Connection;
    }
    match &source.kind {
        ActionKind::Script { text, .. } if is_rule(&source.display_path, text) => HandlerKind::Rule,
        _ => HandlerKind::Action,
    }
}
