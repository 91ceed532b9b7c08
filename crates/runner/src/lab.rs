//! Logins with generated events: everything but the event stays the same.

mod requests;

use std::sync::Arc;

use postlogin_core::event::schema;
use postlogin_core::outcome::Outcome;
use postlogin_core::reads::{Record, Watch};
use postlogin_core::rules::event_path;
use postlogin_core::{
    Finished, HandlerKind, Pause, ResumeStep, Resumption, Suspension, TenantSettings, Trigger,
};
use postlogin_engine::BoundAction;
use postlogin_generate::Vocabulary;
use postlogin_host::{Budget, Clock, Conditions, Door, Flow, Mock, MockDoor, Request, Traffic};
use postlogin_js::source::facts::facts;
use postlogin_js::source::literals::literals;
use postlogin_js::source_of_component;
use postlogin_js::text::Text;
use postlogin_project::cases::Steps;
use postlogin_project::{ActionKind, ActionSource, Secret, TenantData};
use serde_json::Value;

use crate::case::DEFAULT_NOW_MS;
use crate::load::kind_of;
use crate::login::{PreparedLogin, run_login};
use crate::plan::PlannedCase;
use crate::user::{Site, User};
use requests::RequestLog;

/// The conditions of a login besides its event and its Actions.
#[derive(Clone)]
pub(crate) struct Setting<'a> {
    /// The trigger.
    pub(crate) trigger: Trigger,
    /// The settings of the project's tenant.
    pub(crate) tenant: &'a TenantData,
    /// The settings for the events of its logins; `None` when each event may need others.
    pub(crate) settings: Option<Arc<TenantSettings>>,
    /// The case whose settings are taken, if there is one.
    pub(crate) template: Option<&'a PlannedCase>,
    /// The answers of the network.
    pub(crate) mocks: Arc<Vec<Mock>>,
    /// When it starts, in milliseconds since the epoch.
    pub(crate) now_ms: i64,
    /// The reads of the event that are recorded.
    pub(crate) watch: Watch,
    /// The seed of randomness.
    pub(crate) seed: u64,
    /// The budget of a sandbox.
    pub(crate) budget: Budget,
}

/// The result of a login.
pub(crate) struct Ran {
    /// The outcome.
    pub(crate) outcome: Outcome,
    /// The record that an account of it needs.
    pub(crate) record: Record,
    /// The requests to the network, answered or not. A large body is its digest, and so is what is beyond a ceiling.
    pub(crate) requests: Vec<Request>,
    /// The same with their answers, if [`Setting::watch`] is [`Watch::Places`].
    pub(crate) traffic: Option<Arc<Traffic>>,
    /// Whether the user passed a challenge that the template says nothing about.
    pub(crate) challenged: bool,
}

impl<'a> Setting<'a> {
    /// The settings of a case; without one, those of a case that says nothing.
    pub(crate) fn of(
        trigger: Trigger,
        template: Option<&'a PlannedCase>,
        tenant: &'a TenantData,
    ) -> Self {
        let case = template.map(|planned| &planned.case);
        let default = Budget::default();
        Self {
            trigger,
            tenant,
            settings: None,
            template,
            watch: Watch::Off,
            mocks: template.map_or_else(Arc::default, |planned| Arc::clone(&planned.mocks)),
            now_ms: case.and_then(|case| case.now_ms).unwrap_or(DEFAULT_NOW_MS),
            seed: case.and_then(|case| case.seed).unwrap_or(0),
            budget: Budget {
                time: case.and_then(|case| case.timeout).unwrap_or(default.time),
                memory: case.and_then(|case| case.memory).unwrap_or(default.memory),
            },
        }
    }

    /// Runs a login. The user does what the template says, and passes challenges that it says nothing about, so that
    /// later Actions are reached.
    pub(crate) fn run(&self, actions: &[BoundAction], event: Value) -> anyhow::Result<Ran> {
        let of_case = self
            .template
            .and_then(|planned| planned.case.tenant.as_ref())
            .map(postlogin_project::document::node::Node::to_value);
        let log = Arc::new(RequestLog::new(MockDoor::new((*self.mocks).clone())));
        let mut door = Arc::clone(&log) as Arc<dyn Door>;
        let traffic = (self.watch == Watch::Places).then(|| Arc::new(Traffic::new(door.clone())));
        if let Some(traffic) = &traffic {
            door = Arc::clone(traffic) as Arc<dyn Door>;
        }
        let site = Site::of(&event, self.now_ms);
        let prepared = PreparedLogin {
            trigger: self.trigger,
            tenant: match &self.settings {
                Some(settings) => (**settings).clone(),
                None => self.tenant.settings_for(&event, of_case.as_ref()),
            },
            event,
            conditions: Conditions {
                clock: Arc::new(Clock::new(self.now_ms, Flow::Virtual)),
                seed: self.seed,
                door,
                budget: self.budget,
            },
            steps: Vec::new(),
            watch: self.watch,
            passes_over: false,
            cache: self
                .template
                .map(|planned| planned.case.cache.starting_at(self.now_ms))
                .unwrap_or_default(),
        };
        let nothing = Steps::Free {
            continues: Vec::new(),
            passes: None,
        };
        let steps = self
            .template
            .map_or(&nothing, |planned| &planned.case.steps);
        let mut user = User::new(steps);
        let mut challenged = false;
        let mut answer = |pause: &Pause| {
            let suspension = &pause.suspension;
            let answer = user.answer(pause, &site);
            let is_challenge = matches!(
                suspension,
                Suspension::Challenge { .. } | Suspension::Enroll { .. }
            );
            if answer.is_none() && is_challenge {
                challenged = true;
                return Some(ResumeStep::ChallengeSucceeded.into());
            }
            answer.map(Resumption::from)
        };
        let Finished {
            outcome, record, ..
        } = run_login(actions, prepared, Some(&mut answer))?;
        let requests = log.take();
        Ok(Ran {
            outcome,
            record,
            requests,
            traffic,
            challenged,
        })
    }
}

/// The placeholder of a secret whose value is unknown here.
pub(crate) const PLACEHOLDER: &str = "placeholder";

/// The text of an Action, and the name of its file. An Action in Rust has none.
pub(crate) fn text_of(source: &ActionSource) -> Option<(String, Arc<str>)> {
    match &source.kind {
        ActionKind::Script { text, .. } => Some((source.display_path.clone(), text.clone())),
        ActionKind::Component { bytes, .. } => source_of_component(bytes),
        ActionKind::CargoPackage { .. } => None,
    }
}

/// The words in the sources of Actions.
pub(crate) fn vocabulary<'a>(
    sources: impl Iterator<Item = &'a ActionSource> + Clone,
) -> Vocabulary {
    let mut vocabulary = Vocabulary::default();
    let mut read = |file: &str, text: &str| {
        // One parse for both views.
        let views = Text::read(file, text, |text| (text.literals(), text.facts()));
        let (found, facts) = views.unwrap_or_default();
        let chains = facts.event_paths.into_iter();
        let chains = chains.map(|chain| chain.names().map(str::to_owned).collect());
        let of_user = found.of_user.into_iter().flat_map(of_user);
        let of_context = found.of_context.into_iter().filter_map(of_context);
        vocabulary.join(Vocabulary {
            texts: found.texts,
            numbers: found.numbers,
            keys: found.names,
            paths: chains.chain(of_user).chain(of_context).collect(),
        });
    };
    for source in sources.clone() {
        if let Some((file, text)) = text_of(source) {
            read(&file, &text);
        }
        for module in &source.modules {
            read(&module.display_path, &module.text);
        }
    }
    let settings = sources.flat_map(|source| source.configuration.values());
    for setting in settings.filter_map(Value::as_str) {
        // Settings are often lists in a text.
        let parts = setting.split([',', ';', ' ', '\n']).map(str::trim);
        let words = parts.filter(|word| !word.is_empty() && word.len() <= LONGEST_WORD);
        vocabulary.join(Vocabulary {
            texts: words.map(str::to_owned).collect(),
            ..Vocabulary::default()
        });
    }
    vocabulary
}

/// A longer part of a setting is no word that anything is compared with.
const LONGEST_WORD: usize = 100;

fn of_user(mut path: Vec<String>) -> Vec<Vec<String>> {
    // What a Rule reads at the root of the profile may stand in `app_metadata`, which is laid over it.
    let is_standard = path.first().is_some_and(|name| {
        let user = schema::post_login().child("user");
        user.is_some_and(|user| user.child(name).is_some())
    });
    let mut found = Vec::new();
    if !is_standard {
        let above = ["user", "app_metadata"].map(str::to_owned);
        found.push(above.into_iter().chain(path.iter().cloned()).collect());
    }
    path.insert(0, "user".to_owned());
    found.push(path);
    found
}

fn of_context(mut path: Vec<String>) -> Option<Vec<String>> {
    path.insert(0, "context".to_owned());
    event_path(&Value::Null, &path)
}

/// A value for every secret that Actions declare or read, and for every setting that Rules read and do not have: in
/// production they are all there. What is a setting of some Rule stands in for the secret of the same name, which is
/// what becomes of it when the Rule becomes an Action.
pub(crate) fn placeholders<'a>(
    sources: impl Iterator<Item = &'a ActionSource> + Clone,
) -> Vec<Secret> {
    let mut names: Vec<String> = Vec::new();
    for source in sources.clone() {
        if kind_of(source) == HandlerKind::Rule {
            let read = text_of(source).map(|(file, text)| literals(&file, &text).configuration);
            let read = read.into_iter().flatten();
            names.extend(read.filter(|name| !source.configuration.contains_key(name)));
            continue;
        }
        let declared = source.declared.iter();
        names.extend(declared.flat_map(|manifest| manifest.secret_names.iter().cloned()));
        for module in &source.modules {
            names.extend(module.declared.secret_names.iter().cloned());
        }
        if source.declared.is_none()
            && let Some((file, text)) = text_of(source)
        {
            let read = facts(&file, &text).secrets.into_iter();
            names.extend(read.map(|mention| mention.name));
        }
    }
    names.sort();
    names.dedup();
    let secret = |name: String| {
        let mut settings = sources.clone().map(|source| &source.configuration);
        let setting = settings.find_map(|settings| settings.get(&name)?.as_str());
        Secret {
            value: setting.unwrap_or(PLACEHOLDER).to_owned(),
            name,
        }
    };
    names.into_iter().map(secret).collect()
}

/// Returns the secrets of one source: those that are given, and placeholders for the others. A Rule keeps the settings that it has.
pub(crate) fn seen_by(
    source: &ActionSource,
    given: &[Secret],
    placeholders: &[Secret],
) -> Vec<Secret> {
    let mut seen = given.to_vec();
    for one in placeholders {
        let is_given = given.iter().any(|given| given.name == one.name);
        let is_set =
            || source.configuration.contains_key(&one.name) && kind_of(source) == HandlerKind::Rule;
        if !is_given && !is_set() {
            seen.push(one.clone());
        }
    }
    seen
}
