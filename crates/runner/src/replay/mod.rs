//! All users of an export through one or two versions of what runs at a login.

mod chunks;
mod gather;
mod parts;
mod run;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use postlogin_core::outcome::{Outcome, Status};
use postlogin_core::redact::Mask;
use postlogin_core::{TenantSettings, Trigger, complete_event};
use postlogin_engine::{ActionPre, BoundAction, Inputs, NotRecalled, is_abandoned};
use postlogin_host::{Budget, Mock, Request};
use postlogin_js::coverage::Coverage;
use postlogin_js::source::facts::facts;
use postlogin_project::{ActionSource, Secret, TenantData};
use postlogin_replay::input::Entry;
use postlogin_replay::profile::{Columns, EXPORTED, Joined, NO_ID, attributes, profile};
use postlogin_replay::{
    Change, Features, Histogram, Login, Merge as _, Part, Privacy, Reached, Side, Summary, rows,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::compare::{self, difference::differences};
use crate::endless::is_endless;
use crate::lab::{Ran, Setting, placeholders, seen_by, text_of};

pub use chunks::{Chunk, Chunks};
pub use gather::{GatherError, Gathered, gather};
pub use parts::{Parts, PartsError};
pub use run::{Done, Progress, ReplayError, RunControl, run};
pub use worker::{WorkerError, work};

/// So many logins may compute until their time is over; then the replay ends.
const MOST_ENDLESS: u64 = 20;

/// Over which users, and how.
pub struct ReplayOptions<'a> {
    /// The event of a login, but for the user.
    pub template: Value,
    /// The attributes behind the names of the export.
    pub columns: Columns,
    /// Roles and organizations of the users.
    pub joined: Joined,
    /// Secrets. What is declared and not given gets a placeholder.
    pub secrets: Vec<Secret>,
    /// The network.
    pub mocks: Vec<Mock>,
    /// When each login starts, in milliseconds since the epoch.
    pub now_ms: i64,
    /// The source of the seeds of the logins.
    pub seed: u64,
    /// The budget of a sandbox.
    pub budget: Budget,
    /// The settings of the project's tenant.
    pub tenant: &'a TenantData,
    /// The form in which users and values are written down.
    pub privacy: Privacy,
    /// Whether each login has a sandbox, also where an earlier one has read the same of its event.
    pub runs_each: bool,
}

/// One or two versions, ready to run.
pub struct Replay<'a> {
    before: Option<Vec<BoundAction>>,
    after: Vec<BoundAction>,
    options: &'a ReplayOptions<'a>,
    mocks: Arc<Vec<Mock>>,
    features: Features,
    mask: Mask,
    endless: AtomicU64,
    /// The settings of all logins, when they depend on no event.
    settings: Option<Arc<TenantSettings>>,
    /// The counters of lines, by side.
    counters: Vec<(&'static str, Arc<Coverage>)>,
}

/// The result of a chunk of users.
#[derive(Debug, Default)]
pub struct Folded {
    /// The fold.
    pub summary: Summary,
    /// The differences, one row each.
    pub rows: Vec<Value>,
    /// Hashes of the users' ids.
    pub ids: Vec<u64>,
    /// The time that the logins of each user took, in microseconds.
    pub micros: Histogram,
}

impl<'a> Replay<'a> {
    /// Binds the versions to their secrets.
    #[must_use]
    pub fn new(
        before: Option<&compare::Side>,
        after: &compare::Side,
        options: &'a ReplayOptions<'a>,
    ) -> Self {
        let none = Vec::new();
        let of_before = before.map_or(&none, |before| &before.actions);
        let all = of_before.iter().chain(&after.actions);
        let sources: Vec<&ActionSource> = all.map(|(source, _)| source).collect();
        let made_up = placeholders(sources.iter().copied());
        let bound = |side: &compare::Side| {
            let actions = side.actions.iter();
            let actions = actions.map(|(source, action)| {
                let bound = action.bound(
                    source,
                    &seen_by(source, &options.secrets, &made_up),
                    Trigger::PostLogin,
                );
                match options.runs_each {
                    true => bound,
                    false => recalling(bound, action.inputs(source)),
                }
            });
            actions.collect()
        };
        let hidden: Vec<&str> = options
            .secrets
            .iter()
            .map(|secret| secret.value.as_str())
            .collect();
        Self {
            before: before.map(bound),
            after: bound(after),
            mocks: Arc::new(options.mocks.clone()),
            features: Features::new(&read_paths(sources)),
            mask: Mask::of(&hidden),
            endless: AtomicU64::new(0),
            settings: (!options.tenant.looks_at_events())
                .then(|| Arc::new(options.tenant.settings_for(&Value::Null, None))),
            counters: Vec::new(),
            options,
        }
    }

    /// Reports which lines are reached, by the counters that the sides were compiled with.
    #[must_use]
    pub fn counting(mut self, before: &[Arc<Coverage>], after: &[Arc<Coverage>]) -> Self {
        let sides = [("before", before), ("after", after)];
        let all = sides.iter().flat_map(|(side, counters)| {
            counters
                .iter()
                .map(|counters| (*side, Arc::clone(counters)))
        });
        self.counters = all.collect();
        self
    }

    /// Adds to a fold which lines were reached until now. Other users than those of the fold may have reached them, which changes
    /// nothing in the sum: see [`Reached`].
    pub fn add_reached(&self, summary: &mut Summary) {
        for (side, counters) in &self.counters {
            for file in counters.files() {
                let lines = file.lines.iter().map(|(line, count)| (*line, *count > 0));
                let reached = Reached(lines.collect());
                let key = format!("{side} {}", file.file);
                summary.reached.entry(key).or_default().merge(reached);
            }
        }
    }

    /// Runs the users of a chunk. `None` when `stop` was set on the way: a chunk is done as a whole or not at all.
    ///
    /// # Errors
    /// When a sandbox itself breaks, or too many logins compute until their time is over.
    ///
    /// # Panics
    /// Inside a tokio runtime: call it from a blocking thread there.
    pub fn fold(
        &self,
        entries: &[Entry],
        stop: &AtomicBool,
    ) -> Result<Option<Folded>, ReplayError> {
        let mut folded = Folded::default();
        for entry in entries {
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            folded.summary.input.add(match &entry.content {
                Ok(text) => text,
                Err(why) => why.as_bytes(),
            });
            let read = match &entry.content {
                Ok(text) => profile(
                    text,
                    &self.options.columns,
                    &self.options.joined,
                    &self.options.template,
                ),
                Err(why) => Err(*why),
            };
            match read {
                Ok(user) => self.user(user, &mut folded)?,
                Err(why) => {
                    folded.summary.add_problem(entry.line, why);
                    if let Ok(text) = &entry.content
                        && why == NO_ID
                    {
                        let found = attributes(text, &self.options.columns);
                        folded.summary.add_without_id(&found);
                    }
                }
            }
        }
        // A login was cut off.
        if is_abandoned() {
            return Ok(None);
        }
        Ok(Some(folded))
    }

    fn user(
        &self,
        mut user: postlogin_replay::profile::Profile,
        folded: &mut Folded,
    ) -> Result<(), ReplayError> {
        let mut event = std::mem::take(&mut user.event);
        complete_event(Trigger::PostLogin, &mut event);
        let hash = Sha256::digest(&user.id);
        let number = |bytes: &[u8]| {
            bytes
                .iter()
                .take(8)
                .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
        };
        let mut setting = Setting::of(Trigger::PostLogin, None, self.options.tenant);
        // The same for both sides of a user, and mostly for all users.
        let settings = match &self.settings {
            Some(settings) => Arc::clone(settings),
            None => Arc::new(self.options.tenant.settings_for(&event, None)),
        };
        setting.settings = Some(settings);
        setting.mocks = Arc::clone(&self.mocks);
        setting.now_ms = self.options.now_ms;
        setting.budget = self.options.budget;
        // A user's login depends on no other user.
        let seed = Sha256::new()
            .chain_update(self.options.seed.to_be_bytes())
            .chain_update(&user.id);
        setting.seed = number(&seed.finalize());
        let began = Instant::now();
        let before = self
            .before
            .as_ref()
            .map(|actions| self.run(actions, &setting, &event))
            .transpose()?;
        let after = self.run(&self.after, &setting, &event)?;
        folded
            .micros
            .add(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
        let changes = before
            .as_ref()
            .map_or_else(Vec::new, |before| changes(before, &after));
        let sides = (before.as_ref().map(|ran| self.side(ran)), self.side(&after));
        let login = Login {
            user: &user.id,
            before: sides.0.as_ref(),
            after: &sides.1,
            changes: &changes,
            is_blocked: user.is_blocked,
        };
        let privacy = &self.options.privacy;
        if self.options.joined.logins.is_some() {
            *folded.summary.logged.get_or_insert_default() += u64::from(user.is_logged);
        }
        folded.summary.add_names(&user);
        folded.summary.add(&login, &event, &self.features, privacy);
        let mut rows = rows(&login, privacy);
        rows.iter_mut().for_each(|row| self.mask.value(row));
        folded.rows.extend(rows);
        folded.ids.push(number(&hash));
        Ok(())
    }

    fn run(
        &self,
        actions: &[BoundAction],
        setting: &Setting<'_>,
        event: &Value,
    ) -> Result<Ran, ReplayError> {
        let began = Instant::now();
        let ran = match setting.run(actions, event.clone()) {
            Err(error) if error.is::<NotRecalled>() => {
                let alone = actions.iter().map(|bound| BoundAction {
                    action: bound.action.clone().map(ActionPre::recalling_nothing),
                    ..bound.clone()
                });
                setting.run(&alone.collect::<Vec<_>>(), event.clone())
            }
            ran => ran,
        };
        let ran = ran.map_err(ReplayError::Broken)?;
        if let Some(error) = crate::case::unloadable(&ran.outcome) {
            return Err(ReplayError::Load(error));
        }
        if ran.outcome.status == Status::Failed
            && is_endless(began.elapsed(), setting.budget.time)
            && self.endless.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_ENDLESS
        {
            return Err(ReplayError::Endless(MOST_ENDLESS));
        }
        Ok(ran)
    }

    fn side(&self, ran: &Ran) -> Side {
        let requests = ran.requests.iter();
        let requests = requests.map(|request| (request.method.as_str(), request.url.as_str()));
        let mut side = Side::of(
            &ran.outcome,
            requests,
            crate::fuzz::lacks_network(&ran.outcome),
        );
        if let Some((message, _)) = &mut side.error {
            self.mask.text(message);
        }
        side.requests
            .iter_mut()
            .for_each(|request| self.mask.text(request));
        side
    }
}

/// Returns an Action that recalls runs, if its source shows all that they depend on.
fn recalling(mut bound: BoundAction, inputs: Option<Inputs>) -> BoundAction {
    if let Some(inputs) = inputs {
        bound.action = bound.action.map(|action| action.recalling(inputs));
    }
    bound
}

/// Returns what no export has among the paths that Actions read ([`read_paths`]), as paths: `event.client.metadata.tier`.
#[must_use]
pub fn not_exported(read: &[Vec<String>], joined: &Joined) -> Vec<String> {
    let is_known = |names: &[String]| {
        let mut names = names.iter().map(String::as_str);
        match (names.next(), names.next()) {
            (Some("user"), Some("enrolledFactors")) => false,
            (Some("user"), _) | (Some("connection"), Some("name" | "strategy")) => true,
            (Some("stats"), Some("logins_count")) | (Some("session"), Some("user_id")) => true,
            (Some("authorization"), _) => joined.roles.is_some(),
            (Some("organization"), _) => joined.organizations.is_some(),
            (Some("client"), Some("client_id" | "name"))
            | (Some("connection"), Some("id"))
            | (Some("request"), Some("ip" | "user_agent" | "hostname" | "geoip"))
            | (Some("transaction"), Some("protocol" | "requested_scopes"))
            | (Some("resource_server" | "security_context"), _)
                if joined.logins.is_some() =>
            {
                true
            }
            // What is set for all logins by the one who runs the replay.
            (Some("secrets" | "configuration" | "tenant"), _) => true,
            _ => false,
        }
    };
    let paths = read.iter().filter(|names| !is_known(names));
    let mut paths: Vec<String> = paths
        .map(|names| format!("event.{}", names.join(".")))
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Returns what Actions read of the user that a table has no column for, as paths: `event.user.app_metadata.roles`. `columns` are
/// paths below the user.
#[must_use]
pub fn missing_columns(read: &[Vec<String>], columns: &[Vec<String>]) -> Vec<String> {
    let has = |names: &[String]| {
        let mut columns = columns.iter();
        columns.any(|column| column.starts_with(names) || names.starts_with(column))
    };
    let mut paths: Vec<String> = read
        .iter()
        .filter_map(|names| {
            let (first, below) = names.split_first()?;
            let root = below.first()?;
            let is_exported = first == "user" && EXPORTED.contains(&root.as_str());
            // Without a column for any part of it, metadata is reported as a whole.
            let is_whole = matches!(root.as_str(), "app_metadata" | "user_metadata");
            let is_known = is_whole && !has(std::slice::from_ref(root));
            (is_exported && !is_known && !has(below)).then(|| format!("event.{}", names.join(".")))
        })
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Returns what Actions read that comes from the user of an export: the attribute, and the path, `event.user.created_at`.
#[must_use]
pub fn read_of_user(read: &[Vec<String>]) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = read
        .iter()
        .filter_map(|names| {
            let mut steps = names.iter().map(String::as_str);
            let attribute = match (steps.next()?, steps.next()?) {
                ("user", attribute) | ("stats", attribute @ "logins_count") => attribute,
                _ => return None,
            };
            let is_exported = EXPORTED.contains(&attribute);
            is_exported.then(|| (attribute.to_owned(), format!("event.{}", names.join("."))))
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Returns the paths of the event that Actions read, by their text, each as its names.
#[must_use]
pub fn read_paths<'s>(sources: impl IntoIterator<Item = &'s ActionSource>) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for source in sources {
        let own = text_of(source);
        let modules = source.modules.iter();
        let modules = modules.map(|module| (module.display_path.clone(), module.text.clone()));
        for (file, text) in own.into_iter().chain(modules) {
            let read = facts(&file, &text).event_paths.into_iter();
            paths.extend(read.map(|chain| chain.names().map(str::to_owned).collect::<Vec<_>>()));
        }
    }
    paths
}

/// Returns the differences between two logins of the same user.
fn changes(before: &Ran, after: &Ran) -> Vec<Change> {
    // Most users see no change, and a look at both outcomes is a tenth of the account of their parts.
    if is_same(&before.outcome, &after.outcome)
        && requests_are_same(&before.requests, &after.requests)
    {
        return Vec::new();
    }
    let part = |part: compare::Part| Part {
        value: part.value,
        rule: part.rule,
        place: part
            .location
            .map(|place| format!("{}:{}:{}", place.file, place.line, place.column)),
    };
    let found = differences(before, after).into_iter();
    let found = found.map(|found| Change {
        what: found.what.name(),
        name: found.name,
        before: part(found.left),
        after: part(found.right),
    });
    found.collect()
}

fn is_same(left: &Outcome, right: &Outcome) -> bool {
    let commands = |outcome: &Outcome| outcome.commands.len();
    left.status == right.status
        && left.reason == right.reason
        && left.code == right.code
        && left.error == right.error
        && left.redirect == right.redirect
        && left.id_token == right.id_token
        && left.access_token == right.access_token
        && left.userinfo == right.userinfo
        && left.user == right.user
        && left.effects == right.effects
        && commands(left) == commands(right)
        && left
            .commands
            .iter()
            .zip(&right.commands)
            .all(|(left, right)| left.method == right.method && left.args == right.args)
}

fn requests_are_same(left: &[Request], right: &[Request]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|(left, right)| {
            left.method == right.method
                && left.url == right.url
                && left.body == right.body
                && left.headers == right.headers
        })
}
