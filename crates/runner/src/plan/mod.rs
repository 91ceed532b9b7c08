//! From paths to what runs: the cases, the Actions that they need, the event of each.

mod checks;
mod event;
mod http;
mod named;
mod project;
mod unreadable;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use postlogin_core::{TenantSettings, Trigger};
use postlogin_host::Mock;
use postlogin_js::check::is_node_module;
use postlogin_project::cases::{Base, CASES_BYTES, Case, find_case_files, read_case_file};
use postlogin_project::{ActionSource, Allowance, Error, ModuleMock};
use serde_json::Value;

use crate::load::dependencies::local_files;
use crate::load::trigger_of_all;
use crate::snapshot::{pending_file, read_sections};
use named::NamedFiles;

pub(crate) use event::event_of;

/// Everything that a run needs to know before it begins: made by [`plan`], run by [`crate::run`].
#[derive(Debug, Default)]
pub struct Plan {
    /// The cases, in the order of their files.
    pub cases: Vec<PlannedCase>,
    /// The Actions that they need, each once.
    pub actions: Vec<ActionSource>,
    /// Actions that cannot be read, by index, with the reason: their cases fail, and the others run.
    pub unreadable: BTreeMap<usize, Error>,
    /// Warnings, each once.
    pub warnings: Vec<Error>,
    /// Snapshot files in the folders that were looked through.
    pub snapshots: Vec<PathBuf>,
    /// The files of cases.
    pub files: Vec<PathBuf>,
}

/// A case with what it refers to.
#[derive(Debug, Clone)]
pub struct PlannedCase {
    /// The case.
    pub case: Case,
    /// Its Actions, as indices into [`Plan::actions`].
    pub actions: Vec<usize>,
    /// The trigger.
    pub trigger: Trigger,
    /// The base of its event.
    pub(crate) bases: Bases,
    /// The settings of the tenant.
    pub tenant: TenantSettings,
    /// The answers of the network.
    pub(crate) mocks: Arc<Vec<Mock>>,
    /// The file with its stored outcome.
    pub snapshot_file: PathBuf,
    /// Whether the values of secrets appear in its outcome.
    pub(crate) reveals_secrets: bool,
    /// The files that it depends on besides its own: code and configuration. Cases share most of them.
    pub depends_on: Vec<Arc<Vec<PathBuf>>>,
}

impl PlannedCase {
    /// Returns the files that it depends on besides its own.
    pub(crate) fn other_files(&self) -> impl Iterator<Item = &PathBuf> {
        self.depends_on.iter().flat_map(|files| files.iter())
    }
}

/// The file of the event, shared by all cases that name it.
#[derive(Debug, Clone)]
pub(crate) struct Bases {
    pub(crate) event: Option<Arc<Value>>,
    pub(crate) user: Option<Arc<Value>>,
    pub(crate) client: Option<Arc<Value>>,
}

/// Makes the plan for files and folders; names are relative to `working_folder`.
///
/// # Errors
/// All mistakes in all files, so that they can be fixed at once.
pub fn plan(paths: &[PathBuf], working_folder: &Path) -> Result<Plan, Vec<Error>> {
    let found = find_case_files(paths, working_folder).map_err(|error| vec![error])?;
    let mut planner = Planner::new(working_folder);
    for file in &found.files {
        planner.file(file);
    }
    planner.refuse_shared_snapshots(&found.files);
    if !planner.errors.is_empty() {
        return Err(planner.errors);
    }
    Ok(Plan {
        cases: planner.cases,
        actions: planner.actions,
        unreadable: planner.unreadable,
        warnings: planner.warnings,
        snapshots: found.snapshots,
        files: found.files,
    })
}

/// Collects cases, and what they share.
pub(crate) struct Planner<'a> {
    working_folder: &'a Path,
    errors: Vec<Error>,
    cases: Vec<PlannedCase>,
    actions: Vec<ActionSource>,
    unreadable: BTreeMap<usize, Error>,
    warnings: Vec<Error>,
    warned: HashSet<String>,
    projects: project::Projects,
    /// By the folder that a name is looked up from, and the name.
    named: HashMap<(PathBuf, String), usize>,
    /// The triggers of lists of Actions, by their indices: finding one parses them.
    triggers: HashMap<Vec<usize>, Trigger>,
    /// The files of Actions, by their indices.
    files: HashMap<usize, Arc<Vec<PathBuf>>>,
    read: NamedFiles,
    /// The memory that cases may still use, in bytes.
    left: usize,
    /// The code that Actions may still have.
    code: Allowance,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(working_folder: &'a Path) -> Self {
        Self {
            working_folder,
            errors: Vec::new(),
            cases: Vec::new(),
            actions: Vec::new(),
            unreadable: BTreeMap::new(),
            warnings: Vec::new(),
            warned: HashSet::new(),
            projects: project::Projects::default(),
            named: HashMap::new(),
            triggers: HashMap::new(),
            files: HashMap::new(),
            read: NamedFiles::default(),
            left: CASES_BYTES,
            code: Allowance::default(),
        }
    }

    /// Plans one case that no file holds.
    ///
    /// # Errors
    /// When it names what is not there.
    pub(crate) fn single(&mut self, case: Case) -> Result<PlannedCase, Error> {
        let project = self.projects.of(self.working_folder)?;
        let place = case.place.clone();
        self.case(case, project.as_deref(), Path::new(""));
        match (self.cases.pop(), self.errors.pop()) {
            (Some(planned), _) => {
                let mut broken = planned.actions.iter();
                match broken.find_map(|index| self.unreadable.get(index)) {
                    Some(error) => Err(error.clone()),
                    None => Ok(planned),
                }
            }
            (None, Some(error)) => Err(error),
            (None, None) => Err(place.error("the case cannot be planned")),
        }
    }

    /// The Actions that were named so far.
    pub(crate) fn actions(&self) -> &[ActionSource] {
        &self.actions
    }

    fn file(&mut self, path: &Path) {
        // The cases of a file before this one took what there is, which is an error already.
        if self.left == 0 {
            return;
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let project = match self.projects.of(folder) {
            Ok(project) => project,
            Err(error) => return self.refuse(error),
        };
        let top = project
            .as_ref()
            .map_or(folder, |project| project.top.as_path());
        match read_case_file(path, top, self.working_folder, &mut self.left) {
            Ok(file) => {
                let snapshot_file = file.snapshot_file();
                if let Err(error) = self.admit_snapshots(&file.cases, &snapshot_file) {
                    return self.refuse(error);
                }
                for case in file.cases {
                    self.case(case, project.as_deref(), &snapshot_file);
                }
            }
            Err(mistakes) => mistakes.into_iter().for_each(|error| self.refuse(error)),
        }
    }

    /// Stored outcomes are read and written beside their cases, and no link leads elsewhere. One that cannot be read is
    /// found before anything runs.
    fn admit_snapshots(&self, cases: &[Case], file: &Path) -> Result<(), Error> {
        let Some(case) = cases.iter().find(|case| case.snapshot) else {
            return Ok(());
        };
        for path in [file.to_owned(), pending_file(file)] {
            let shown = postlogin_project::display_path(&path, self.working_folder);
            case.within.admit(&path, &shown)?;
            read_sections(&path, &shown)?;
        }
        Ok(())
    }

    fn case(&mut self, case: Case, project: Option<&project::Surroundings>, snapshot: &Path) {
        for (mock, place) in &case.modules {
            if is_node_module(&mock.specifier) {
                let message = format!(
                    "`modules` cannot replace `{}`: it is a module of Node itself",
                    mock.specifier
                );
                let hint = "`now`, `seed` and `http` decide what Node's modules see";
                return self.refuse(place.error(message).with_hint(hint));
            }
        }
        let actions = match self.actions_of(&case, project) {
            Ok(actions) => actions,
            Err(error) => return self.refuse(error),
        };
        let actions = match self.with_modules(&case, actions) {
            Ok(actions) => actions,
            Err(error) => return self.refuse(error),
        };
        let trigger = match self.trigger(&case, &actions, project) {
            Ok(trigger) => trigger,
            Err(error) => return self.refuse(error),
        };
        let bases = match self.bases(&case) {
            Ok(bases) => bases,
            Err(error) => return self.refuse(error),
        };
        let event = match event_of(trigger, &case, &bases) {
            Ok(event) => event,
            Err(error) => return self.refuse(error),
        };
        for finding in event::findings(trigger, &case) {
            self.warn(finding);
        }
        let mut own = Vec::new();
        let tenant = project::tenant_settings(&case, &event, project);
        let mocks = match http::mocks(&case, self.working_folder, &mut self.read, &mut own) {
            Ok(mocks) => mocks,
            Err(error) => return self.refuse(error),
        };
        self.warn_about_unseen_secrets(&case, &actions);
        self.check_modules(&case, &actions);
        let mut depends_on = vec![Arc::new(own)];
        for index in &actions {
            if let Some(source) = self.actions.get(*index) {
                // Cases share their Actions, and finding what one imports reads all of it.
                let files = self.files.entry(*index).or_insert_with(|| {
                    let local = local_files(source).into_iter();
                    Arc::new(source.files().into_iter().chain(local).collect())
                });
                depends_on.push(Arc::clone(files));
            }
        }
        if let Some(project) = project {
            depends_on.push(Arc::clone(&project.configuration));
        }
        self.cases.push(PlannedCase {
            case,
            actions,
            trigger,
            bases,
            tenant,
            mocks,
            snapshot_file: snapshot.to_owned(),
            reveals_secrets: false,
            depends_on,
        });
    }

    /// The connection of the case, and the Actions that it names or that the project binds to the trigger.
    fn actions_of(
        &mut self,
        case: &Case,
        project: Option<&project::Surroundings>,
    ) -> Result<Vec<usize>, Error> {
        let folder = case.place.source.path.parent().unwrap_or(Path::new(""));
        let mut indices = Vec::new();
        if let Some(named) = &case.connection {
            let source = project::connection(
                &named.name,
                folder,
                self.working_folder,
                project,
                &case.within,
            )
            .map_err(|error| project::at(&named.place, error))?;
            let added = self.add(source);
            indices.push(added.map_err(|error| project::at(&named.place, error))?);
        }
        if let Some(named) = &case.actions {
            for name in named {
                let base = name.place.source.path.parent().unwrap_or(folder).to_owned();
                let key = (base.clone(), name.name.clone());
                let index = match self.named.get(&key) {
                    Some(index) => *index,
                    None => {
                        let source = project::source(
                            &name.name,
                            &base,
                            self.working_folder,
                            project,
                            &case.within,
                        );
                        let index = match source {
                            Ok(source) => self
                                .add(source)
                                .map_err(|error| project::at(&name.place, error))?,
                            // It is there and cannot be read: only the cases that name it fail.
                            Err(error) if error.file.is_some() => {
                                self.add_unreadable(&name.name, error)
                            }
                            Err(error) => return Err(project::at(&name.place, error)),
                        };
                        self.named.insert(key, index);
                        index
                    }
                };
                indices.push(index);
            }
            return Ok(indices);
        }
        // A connection may be tried alone.
        let may_be_none = !indices.is_empty();
        let bound = project::bound(
            case.trigger.unwrap_or_default(),
            self.working_folder,
            project,
            may_be_none,
        )
        .map_err(|error| project::at(&case.place, error))?;
        for part in bound {
            indices.push(match part {
                Ok(source) => {
                    let added = self.add(source);
                    added.map_err(|error| project::at(&case.place, error))?
                }
                // Only the cases that need it fail.
                Err(part) => self.add_not_read(&case.place, project, part),
            });
        }
        Ok(indices)
    }

    /// The same Actions with the modules that the case gives them: to compile, those are others.
    fn with_modules(&mut self, case: &Case, actions: Vec<usize>) -> Result<Vec<usize>, Error> {
        if case.modules.is_empty() {
            return Ok(actions);
        }
        let mocks = case.modules.iter().map(|(mock, _)| mock.clone());
        let mocks: Vec<ModuleMock> = mocks.collect();
        let mut mocked = |index: usize| {
            let source = self.actions.get(index).cloned();
            match source.filter(|_| !self.unreadable.contains_key(&index)) {
                Some(source) => self.add(ActionSource {
                    mocks: mocks.clone(),
                    ..source
                }),
                None => Ok(index),
            }
        };
        let indices = actions.into_iter();
        let indices =
            indices.map(|index| mocked(index).map_err(|error| project::at(&case.place, error)));
        indices.collect()
    }

    /// The trigger that the case names, that of the binding that it runs, or that of its Actions.
    fn trigger(
        &mut self,
        case: &Case,
        actions: &[usize],
        project: Option<&project::Surroundings>,
    ) -> Result<Trigger, Error> {
        if case.trigger.is_none()
            && case.actions.is_none()
            && let Some(trigger) = project.and_then(|it| it.project.default_trigger())
        {
            return Ok(trigger);
        }
        let found = match self.triggers.get(actions) {
            Some(trigger) => *trigger,
            None => {
                let read = actions.iter();
                let read = read.filter(|index| !self.unreadable.contains_key(index));
                let sources = read.filter_map(|index| self.actions.get(*index));
                let found = trigger_of_all(sources).map_err(|error| {
                    let placed = case.place.error(error.message);
                    match error.hint {
                        Some(hint) => placed.with_hint(hint),
                        None => placed,
                    }
                })?;
                self.triggers.insert(actions.to_vec(), found);
                found
            }
        };
        Ok(case.trigger.unwrap_or(found))
    }

    /// # Errors
    /// When there is too much code.
    fn add(&mut self, source: ActionSource) -> Result<usize, Error> {
        let same = |known: &ActionSource| {
            known.display_path == source.display_path
                && known.name == source.name
                && known.role == source.role
                && known.mocks == source.mocks
        };
        match self.actions.iter().position(same) {
            Some(index) => Ok(index),
            None => {
                self.code.admit(&source)?;
                self.actions.push(source);
                Ok(self.actions.len() - 1)
            }
        }
    }

    fn bases(&mut self, case: &Case) -> Result<Bases, Error> {
        Ok(Bases {
            event: self.base(case, Some(&case.event), "an event")?,
            user: self.base(case, case.user.as_ref(), "a user")?,
            client: self.base(case, case.client.as_ref(), "a client")?,
        })
    }

    fn base(
        &mut self,
        case: &Case,
        base: Option<&Base>,
        what: &str,
    ) -> Result<Option<Arc<Value>>, Error> {
        match base {
            Some(base) => event::base(
                base,
                what,
                &mut self.read,
                self.working_folder,
                &case.within,
            ),
            None => Ok(None),
        }
    }

    fn refuse(&mut self, error: Error) {
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    fn warn(&mut self, warning: Error) {
        if self.warned.insert(warning.to_string()) {
            self.warnings.push(warning);
        }
    }
}
