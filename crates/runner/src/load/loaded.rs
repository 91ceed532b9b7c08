//! A loaded Action, and what its text says about itself: read once, however many logins run it.

use std::sync::Arc;

use postlogin_core::{HandlerInfo, HandlerKind, Location, Trigger, outcome::Notice};
use postlogin_engine::{ActionPre, BoundAction};
use postlogin_js::{
    source::{
        facts::{Facts, Mention, facts},
        rule::{is_exported, is_rule},
        suspected,
    },
    source_of_component,
};
use postlogin_project::{ActionKind, ActionSource, Manifest, Role, Secret};
use serde_json::{Map, Value};

use super::{dependencies, source_map, trigger_of};
use crate::login::secrets_of;

/// An Action that is ready to run. Cheap to clone.
#[derive(Clone)]
pub struct Loaded {
    action: ActionPre,
    said: Arc<Said>,
}

/// Facts about the text of an Action.
struct Said {
    kind: HandlerKind,
    /// Notices about the text: it only compiles inside of production's wrapper, it has handlers of several triggers.
    oddities: Vec<Notice>,
    /// The secrets that it certainly reads, each at its first place.
    secrets: Vec<Mention>,
}

impl Loaded {
    pub(super) fn new(source: &ActionSource, action: ActionPre) -> Self {
        Self {
            action,
            said: Arc::new(Said::of(source)),
        }
    }

    /// Returns the Action at its place in a login of `source`, of which it was loaded, with those of the given secrets that it sees.
    #[must_use]
    pub fn bound(&self, source: &ActionSource, given: &[Secret]) -> BoundAction {
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
            notices: self.said.notices(source, &secrets),
            info: HandlerInfo {
                name: source.name.clone(),
                kind: self.said.kind,
                // Only a host that stores logins needs it, and it costs a hash of the source.
                fingerprint: String::new(),
                secrets,
                code_bytes: source.code_bytes(),
                dependencies: declared(|manifest| manifest.dependencies.len()),
                modules: declared(|manifest| manifest.modules.len()),
            },
            action: self
                .action
                .clone()
                .with_module_secrets(dependencies::secrets(source, given)),
        }
    }
}

impl Said {
    fn of(source: &ActionSource) -> Self {
        let kind = kind_of(source);
        let nothing = Self {
            kind,
            oddities: Vec::new(),
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
        let unused = match kind {
            HandlerKind::Action => handlers_left_out(source, &file, &facts),
            HandlerKind::Rule | HandlerKind::Connection => None,
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
                "{file} assigns the Rule to `module.exports`; production takes the function alone, so deploy it without that"
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
                .chain(unused)
                .chain(exported)
                .chain(source_map::notice(source))
                .collect(),
            secrets,
        }
    }

    /// Returns a notice for each secret that the text certainly reads and that the Action does not see: as in production it is
    /// `undefined`, and the next line fails in a way that does not say why.
    fn notices(&self, source: &ActionSource, seen: &Map<String, Value>) -> Vec<Notice> {
        let missing = self.secrets.iter();
        let missing = missing.filter(|mention| !seen.contains_key(&mention.name));
        let notices = missing.map(|mention| secret_missing(source, mention));
        self.oddities.iter().cloned().chain(notices).collect()
    }
}

/// Returns a notice for handlers of other triggers than the source's own: an Action has one trigger.
fn handlers_left_out(source: &ActionSource, file: &str, facts: &Facts) -> Option<Notice> {
    let own = trigger_of(source).ok()?;
    let exports = facts.exports.iter().map(|export| &export.name);
    let handlers = facts.handlers.iter().map(|handler| &handler.name);
    let mut others: Vec<String> = Vec::new();
    for name in exports.chain(handlers) {
        let id = match Trigger::of_export(name) {
            Some((trigger, _)) if trigger == own => continue,
            Some((trigger, _)) => trigger.id(),
            None => continue,
        };
        let other = format!("{name} ({id})");
        if !others.contains(&other) {
            others.push(other);
        }
    }
    (!others.is_empty()).then(|| Notice {
        code: "handlers-of-other-triggers".into(),
        message: format!(
            "{file} runs for {}; its {} was not run: in production an Action has one trigger",
            own.id(),
            others.join(", ")
        ),
        source: None,
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
