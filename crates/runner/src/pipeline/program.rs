//! The Rules and Actions that a login of the project runs, as the files are now: an edit counts from the next login on.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use postlogin_core::{
    Trigger, explanation::ClaimSites, outcome::Outcome, redact::Mask, trigger::Binding,
};
use postlogin_engine::{Allocation, BoundAction};
use postlogin_js::liquid::Liquid;
use postlogin_page::SourceText;
use postlogin_project::{ActionKind, ActionSource, Project, Secret, TenantData, connection_source};
use serde_json::Value;

use super::caches::Caches;
use super::counted::Counted;
use super::reload::Reload;
use super::{DELIVERIES_WAITING, LOGINS_WAITING, PipelineNotice, ProgramError};
use crate::load::dependencies::{import_places, local_files};
use crate::texts::{claim_sites_of_all, texts_of};
use crate::{Compiler, LeftOut, LoadError, fingerprint, login::unseen, sort_parts, watch::Stamps};

/// Starts the engine.
type Start = Box<dyn Fn(Allocation) -> anyhow::Result<Compiler<'static>> + Send + Sync>;
/// Receives what happens.
type Notices = Box<dyn Fn(PipelineNotice<'_>) + Send + Sync>;

/// Everything that is loaded.
#[derive(Default)]
pub(super) struct Program {
    /// Rules and Actions of each trigger, in their order.
    pub(super) actions: HashMap<Trigger, Vec<BoundAction>>,
    /// The Actions that entities of the export name (token exchange profiles, event streams), by name.
    pub(super) of_entities: HashMap<String, BoundAction>,
    /// The scripts of connections, by name.
    pub(super) connections: HashMap<String, BoundAction>,
    pub(super) tenant: TenantData,
    /// The sources of the Actions that were loaded, for people.
    sources: Vec<(Trigger, ActionSource)>,
    /// The Actions of post-login once more, with counters; made when the page first asks for a run.
    counted: OnceLock<Option<Arc<Counted>>>,
    /// Whether something may switch to another user.
    pub(super) switches_users: bool,
    /// Handlers that should run and do not load: logins that need them fail.
    pub(super) left_out: Vec<LeftOut>,
    /// `api.cache` of each trigger.
    pub(super) caches: Caches,
    /// Whether it was reported that an Action of this cannot be loaded.
    reported: AtomicBool,
}

impl Program {
    /// Returns what runs at a trigger.
    pub(super) fn of(&self, trigger: Trigger) -> &[BoundAction] {
        self.actions.get(&trigger).map_or(&[], Vec::as_slice)
    }

    /// Returns where the sources of a trigger set claims.
    pub(super) fn claim_sites(&self, trigger: Trigger) -> ClaimSites {
        claim_sites_of_all(self.sources_of(trigger))
    }

    /// Returns the sources of a trigger.
    pub(super) fn sources_of(
        &self,
        trigger: Trigger,
    ) -> impl Iterator<Item = &ActionSource> + Clone {
        let sources = self.sources.iter();
        sources
            .filter(move |(of, _)| *of == trigger)
            .map(|(_, it)| it)
    }

    /// Returns the texts of the sources.
    pub(super) fn texts(&self) -> Vec<SourceText> {
        texts_of(self.sources.iter().map(|(of, source)| (Some(*of), source)))
    }

    /// Returns how many Rules and Actions run.
    pub(super) fn len(&self) -> usize {
        let all = self.actions.values().flatten();
        all.filter(|bound| bound.action.is_some()).count()
    }
}

/// For so long, a look at the files is good: a login looks twice. File systems note times no finer, so that an edit within it
/// would not show in the times either.
const FINEST: Duration = Duration::from_millis(1);

/// Keeps the program up to date.
pub(super) struct Library {
    here: PathBuf,
    given: Vec<Secret>,
    /// Hides them; made once for all logins.
    pub(super) mask: Mask,
    start: Start,
    notices: Notices,
    /// The data of the tenant's seed, beside the project.
    seed: TenantData,
    loaded: Mutex<Loaded>,
}

struct Loaded {
    compiler: Option<Compiler<'static>>,
    stamps: Stamps,
    /// When the files were last looked at.
    looked: Option<Instant>,
    /// The program of logins, or why there is none.
    program: Result<Arc<Program>, String>,
}

impl Library {
    /// Loads the project as it is now.
    ///
    /// # Errors
    /// When something cannot be read or loaded.
    pub(super) fn new(
        project: Option<&Project>,
        here: &Path,
        given: Vec<Secret>,
        seed: TenantData,
        start: Start,
        notices: Notices,
    ) -> Result<Self, ProgramError> {
        let mut compiler = None;
        let (stamps, mut program) = match project {
            Some(project) => {
                let sources = Sources::read(project, here)?;
                let all: Vec<&ActionSource> = sources.sources().collect();
                for secret in unseen(&all, &given) {
                    notices(PipelineNotice::UnseenSecret(secret));
                }
                let stamps = Stamps::of(sources.files(project));
                let program = sources.load(project, &mut compiler, &given, &start)?;
                for part in &program.left_out {
                    notices(PipelineNotice::LeftOut(part));
                }
                (stamps, program)
            }
            None => (Stamps::default(), Program::default()),
        };
        program.tenant.extend(&seed);
        Ok(Self {
            here: here.to_owned(),
            mask: {
                let values = given.iter().map(|secret| secret.value.as_str());
                Mask::of(&values.collect::<Vec<_>>())
            },
            given,
            start,
            notices,
            seed,
            loaded: Mutex::new(Loaded {
                compiler,
                stamps,
                looked: None,
                program: Ok(Arc::new(program)),
            }),
        })
    }

    /// Returns the folder in which the project is looked for.
    pub(super) fn here(&self) -> &Path {
        &self.here
    }

    /// Returns what the user gave.
    pub(super) fn secrets(&self) -> &[Secret] {
        &self.given
    }

    /// Returns the program of a login that starts now.
    ///
    /// # Errors
    /// When the files cannot be loaded as they are, in one sentence. A notice went out when it was found.
    pub(super) fn now(&self) -> Result<Arc<Program>, String> {
        self.since(Instant::now())
    }

    /// Returns the program of a login that was asked for at this time. Whatever was edited before it counts: a look at the files that
    /// began later is good, whichever login it was for.
    ///
    /// # Errors
    /// As [`now`](Self::now).
    pub(super) fn since(&self, asked: Instant) -> Result<Arc<Program>, String> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let is_good = |at: Instant| at >= asked || at.elapsed() < FINEST;
        if !loaded.looked.is_some_and(is_good) {
            // Before the look: what is written during it counts from the next one on.
            loaded.looked = Some(Instant::now());
            if loaded.stamps.are_old() {
                self.load_again(&mut loaded);
            }
        }
        loaded.program.clone()
    }

    /// Returns what renders e-mail, in the engine that runs the Actions.
    ///
    /// # Errors
    /// When the engine cannot be started.
    pub(super) fn liquid(&self) -> anyhow::Result<Liquid> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let compiler = started(&mut loaded.compiler, &self.start)?;
        let javascript = compiler.javascript();
        Ok(javascript
            .map_err(|error| anyhow::anyhow!(error.message))?
            .liquid())
    }

    /// Lets `work` load something with the compiler of the server.
    ///
    /// # Errors
    /// When the engine cannot be started.
    pub(super) fn compiled<T>(
        &self,
        work: impl FnOnce(&mut Compiler<'static>) -> T,
    ) -> anyhow::Result<T> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        started(&mut loaded.compiler, &self.start)?;
        match loaded.compiler.as_mut() {
            Some(compiler) => Ok(work(compiler)),
            None => Err(anyhow::anyhow!("the engine is not there")),
        }
    }

    /// Returns the Actions of post-login with counters; `None` when they cannot be loaded in this way.
    pub(super) fn counted(&self, program: &Program) -> Option<Arc<Counted>> {
        if let Some(known) = program.counted.get() {
            return known.clone();
        }
        // What is missing makes its logins fail, and must here, too.
        if !program.left_out.is_empty() {
            return None;
        }
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let compiler = loaded.compiler.as_mut()?;
        let sources = program.sources_of(Trigger::PostLogin);
        let make = || Counted::new(compiler, sources, &self.given).map(Arc::new);
        program.counted.get_or_init(make).clone()
    }

    /// Reports, once for each edit, that an Action does not load in its sandbox.
    pub(super) fn report_unloadable(&self, program: &Program, error: LoadError) {
        if !program.reported.swap(true, Ordering::Relaxed) {
            (self.notices)(PipelineNotice::Unloadable(error));
        }
    }

    /// Reports why the script of a connection gave no profile.
    pub(super) fn report_no_profile(&self, connection: &str, outcome: &Outcome) {
        (self.notices)(PipelineNotice::NoProfile {
            connection,
            outcome,
        });
    }

    fn load_again(&self, loaded: &mut Loaded) {
        let project = match Project::discover(&self.here) {
            Ok(Some(project)) => project,
            Ok(None) => return self.refuse(loaded, &ProgramError::Gone),
            Err(error) => return self.refuse(loaded, &error.into()),
        };
        let sources = Sources::read(&project, &self.here);
        let program = match &sources {
            Ok(sources) => {
                // Before they are loaded: an edit in between counts next time.
                loaded.stamps = Stamps::of(sources.files(&project));
                sources.load(&project, &mut loaded.compiler, &self.given, &self.start)
            }
            Err(_) => Ok(Program::default()),
        };
        match sources.and(program) {
            Ok(mut program) => {
                program.tenant.extend(&self.seed);
                let reload = Reload::of(&loaded.program, &program);
                (self.notices)(PipelineNotice::Reloaded(&reload));
                for part in &program.left_out {
                    (self.notices)(PipelineNotice::LeftOut(part));
                }
                loaded.program = Ok(Arc::new(program));
            }
            Err(error) => self.refuse(loaded, &error),
        }
    }

    /// Lets logins fail until the files are fixed.
    fn refuse(&self, loaded: &mut Loaded, error: &ProgramError) {
        loaded.stamps.look_again();
        let message = error.to_string();
        if loaded.program.as_ref().err() != Some(&message) {
            (self.notices)(PipelineNotice::Refused(error));
        }
        loaded.program = Err(message);
    }
}

/// The sources that are to be loaded. What cannot be read is in its place: a login reports that it is missing.
struct Sources {
    actions: Vec<(Trigger, Part)>,
    of_entities: Vec<(Trigger, Part)>,
    connections: Vec<ActionSource>,
}

/// A Rule or an Action, or why it is missing.
type Part = Result<ActionSource, LeftOut>;

impl Sources {
    fn read(project: &Project, here: &Path) -> Result<Self, ProgramError> {
        let with_script = project.tenant.connections.iter().filter_map(|connection| {
            let script = connection.pointer("/options/scripts/fetchUserProfile");
            let has_one = script
                .and_then(Value::as_str)
                .is_some_and(|script| !script.trim().is_empty());
            has_one.then(|| connection.get("name").and_then(Value::as_str))?
        });
        let connections = with_script.map(|name| connection_source(name, here, Some(project)));
        let (mut actions, mut of_entities) = (Vec::new(), Vec::new());
        for trigger in Trigger::ALL {
            let parts = sort_parts(project.parts_of(*trigger, here)).into_iter();
            let parts = parts.map(|part| (*trigger, part));
            // Entities name the Actions of the others.
            match trigger.table().binding {
                Binding::Trigger => actions.extend(parts),
                Binding::Entity => of_entities.extend(parts),
            }
        }
        Ok(Self {
            actions,
            of_entities,
            connections: connections.collect::<Result<_, _>>()?,
        })
    }

    /// All Rules and Actions that can be read.
    fn sources(&self) -> impl Iterator<Item = &ActionSource> {
        let all = self.actions.iter().chain(&self.of_entities);
        all.filter_map(|(_, part)| part.as_ref().ok())
    }

    /// The same with their triggers.
    fn readable(&self) -> impl Iterator<Item = (Trigger, &ActionSource)> {
        let all = self.actions.iter().chain(&self.of_entities);
        all.filter_map(|(trigger, part)| Some((*trigger, part.as_ref().ok()?)))
    }

    /// Every file whose change may change what a login runs; folders for files that come and go.
    fn files(&self, project: &Project) -> Vec<PathBuf> {
        let sources = self.sources().chain(&self.connections);
        let folders = [
            "actions",
            "action-modules",
            "rules",
            "triggers",
            "connections",
            "token-exchange-profiles",
            "event-streams",
            // Of these, edits are reported alone: a tenant reads them when it starts.
            "clients",
            "grants",
            "organizations",
            "resource-servers",
            "roles",
            "postlogin.toml",
        ];
        let sources: Vec<&ActionSource> = sources.collect();
        let local = sources.iter().flat_map(|source| local_files(source));
        let places = sources.iter().flat_map(|source| import_places(source));
        let own = sources.iter().flat_map(|source| source.files());
        // Where a package that is missing now will be. npm writes the second one at each install.
        let mut packages: Vec<PathBuf> = sources
            .iter()
            .flat_map(|source| source.files())
            .flat_map(|file| {
                file.ancestors()
                    .skip(1)
                    .map(Path::to_owned)
                    .collect::<Vec<_>>()
            })
            .filter(|folder| folder.starts_with(&project.root))
            .chain([project.root.clone()])
            .collect();
        packages.sort_unstable();
        packages.dedup();
        let packages = packages.into_iter().flat_map(|folder| {
            let folder = folder.join("node_modules");
            [folder.join(".package-lock.json"), folder]
        });
        // What is missing will be there.
        let parts = self.actions.iter().chain(&self.of_entities);
        let missing = parts.filter_map(|(_, part)| part.as_ref().err()?.path.clone());
        own.chain(local)
            .chain(missing)
            .chain(packages)
            .chain(places)
            .chain(project.modules.iter().map(|module| module.code.clone()))
            .chain(project.configuration_files.iter().cloned())
            .chain(folders.map(|folder| project.root.join(folder)))
            .collect()
    }

    fn load(
        &self,
        project: &Project,
        compiler: &mut Option<Compiler<'static>>,
        given: &[Secret],
        start: &Start,
    ) -> Result<Program, ProgramError> {
        let mut program = Program {
            tenant: project.tenant.clone(),
            sources: self
                .readable()
                .map(|(trigger, source)| (trigger, source.clone()))
                .collect(),
            switches_users: self.sources().any(may_switch_users),
            ..Program::default()
        };
        if self.actions.is_empty() && self.of_entities.is_empty() && self.connections.is_empty() {
            return Ok(program);
        }
        let compiler = started(compiler, start).map_err(ProgramError::Engine)?;
        let left_out = &mut program.left_out;
        let mut bound = |part: &Part, trigger| {
            let loaded = match part {
                Ok(source) => compiler.bind_or_leave_out(source, given, trigger)?,
                Err(part) => Err(part.clone()),
            };
            let mut bound = loaded.unwrap_or_else(|part| {
                let bound = part.bound();
                if !left_out.contains(&part) {
                    left_out.push(part);
                }
                bound
            });
            if let Ok(source) = part {
                bound.info.fingerprint = fingerprint(source);
            }
            Ok::<_, LoadError>(bound)
        };
        for (trigger, part) in &self.actions {
            let bound = bound(part, *trigger)?;
            program.actions.entry(*trigger).or_default().push(bound);
        }
        for (trigger, part) in &self.of_entities {
            let bound = bound(part, *trigger)?;
            program.of_entities.insert(bound.info.name.clone(), bound);
        }
        for source in &self.connections {
            let bound = compiler.bind_connection(source, given)?;
            program.connections.insert(source.name.clone(), bound);
        }
        Ok(program)
    }
}

/// The compiler of the server, made when it is first needed.
fn started<'c>(
    compiler: &'c mut Option<Compiler<'static>>,
    start: &Start,
) -> anyhow::Result<&'c mut Compiler<'static>> {
    match compiler {
        Some(compiler) => Ok(compiler),
        None => {
            // One for each login that runs or waits for the network at once, one that is being given back, one for a mail, and
            // those for deliveries.
            let deliveries = 1 + DELIVERIES_WAITING;
            let sandboxes = cores().saturating_add(LOGINS_WAITING + 2 + deliveries);
            let sandboxes = u32::try_from(sandboxes).unwrap_or(u32::MAX);
            let allocation = Allocation::Pooling { sandboxes };
            Ok(compiler.insert(start(allocation)?))
        }
    }
}

/// Returns the number of logins that can run at once.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Whether an Action or a Rule may ask for another profile: what it says of it, if it can be read.
fn may_switch_users(source: &ActionSource) -> bool {
    match &source.kind {
        ActionKind::Script { text, .. } => {
            let mut texts = source.modules.iter().map(|module| &module.text);
            let says = |text: &Arc<str>| text.contains("rimaryUser");
            says(text) || texts.any(says)
        }
        ActionKind::Component { .. } | ActionKind::CargoPackage { .. } => true,
    }
}
