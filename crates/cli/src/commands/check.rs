//! `postlogin check`.

mod absent;

use std::{
    env,
    path::{Component, Path, PathBuf},
};

use postlogin_js::{
    check::{self, BindingProblem as Unfit, Declared, Finding, Severity, Source},
    source::rule::is_rule,
};
use postlogin_project::{
    ActionKind, ActionSource, Allowance, Amount, BindingProblem, Error, KeywordMappings, Manifest,
    MissingAction, ProblemKind, Project, Role, actions_below, leftover,
};
use postlogin_runner::SourceMaps;
use postlogin_tenant::{Mistake, mistakes};

use self::absent::{Missing, entities, is_same, place, seen_from, unread};
use crate::{
    action::find,
    args::{CheckArguments, CheckFormat},
    error::{CliError, EXPECTATION_FAILED, SUCCESS, USAGE},
    printer::Printer,
    project::{self, Found},
    render::check::{self as render, Checked, Report},
    repository::below_top,
};

pub(crate) fn check(arguments: &CheckArguments, printer: &Printer) -> Result<u8, CliError> {
    let here = env::current_dir().map_err(|error| {
        CliError::usage(format!("cannot determine the current directory: {error}"))
    })?;
    let found = project::find(&here, printer)?;
    // Where bindings are checked, findings report the missing Actions.
    for missing in found.project.iter().flat_map(Project::missing_in_bindings) {
        printer.withdraw(&missing.error.sentence());
    }
    let Subjects {
        sources,
        problems,
        bindings,
        binding_problems,
        mistakes,
        read,
    } = subjects(&arguments.paths, &here, &found)?;
    // What is not read is a finding, like what is missing.
    for error in found
        .project
        .iter()
        .flat_map(|project| unread(project, &here))
    {
        if problems.iter().any(|known| is_same(known, &error.1)) {
            printer.withdraw(&error.0);
        }
    }
    let mut report = Report::of_nothing(read);
    for error in &problems {
        let hint = error.hint.as_deref();
        report.add_to_configuration(check::unreadable(&place(error), &error.message, hint));
    }
    for MissingAction { error, is_exported } in &bindings {
        if problems.iter().any(|known| is_same(known, error)) {
            continue;
        }
        let hint = error.hint.as_deref();
        let finding = check::missing_action(&place(error), &error.message, hint, *is_exported);
        report.add_to_configuration(finding);
    }
    for BindingProblem { kind, error } in &binding_problems {
        let (place, hint) = (place(error), error.hint.as_deref());
        report.add_to_configuration(match kind {
            ProblemKind::MissingAction => {
                check::missing_action(&place, &error.message, hint, false)
            }
            ProblemKind::Unsupported => {
                check::binding(Unfit::Unsupported, &place, &error.message, hint)
            }
            ProblemKind::Unbindable => {
                check::binding(Unfit::Unbindable, &place, &error.message, hint)
            }
            ProblemKind::TooMany => check::binding(Unfit::TooMany, &place, &error.message, hint),
            ProblemKind::NotDeployed => {
                check::binding(Unfit::NotDeployed, &place, &error.message, hint)
            }
            ProblemKind::Misbound => check::binding(Unfit::Misbound, &place, &error.message, hint),
        });
    }
    for Mistake {
        error,
        is_reference,
    } in &mistakes
    {
        // A file that cannot be read is reported as a whole.
        let hint = error.hint.as_deref();
        let finding = check::configuration(&place(error), &error.message, hint, *is_reference);
        report.add_to_configuration(finding);
    }
    let mut missing = Missing::of(&sources);
    // As in a run, in which all of them are kept.
    let mut maps = SourceMaps::default();
    let mut kept = Vec::new();
    for source in &sources {
        match &source.kind {
            ActionKind::Script { text, .. } => {
                let map = maps.of(source);
                if let Some(problem) = &map.problem {
                    printer.warning(problem);
                }
                kept.extend(map.map);
                let is_rule = source.role == Role::Rule || is_rule(&source.display_path, text);
                let findings = findings(source, text, is_rule, missing.take(source));
                report.add(Checked {
                    name: source.name.clone(),
                    file: source.display_path.clone(),
                    text: text.to_string(),
                    is_rule,
                    findings,
                });
            }
            ActionKind::Component { .. } | ActionKind::CargoPackage { .. } => {
                let shown = &source.display_path;
                printer.warning(&format!(
                    "{shown} is not checked: only JavaScript and TypeScript can be read"
                ));
            }
        }
    }
    match arguments.format {
        CheckFormat::Human => {
            printer.data(|out| render::human(&report, printer.color, printer.width, out))
        }
        CheckFormat::Json => printer.machine(|out| render::json(&report, out)),
        CheckFormat::Sarif => printer.machine(|out| render::sarif(&report, &below_top(), out)),
        CheckFormat::Github => printer.machine(|out| render::github(&report, &below_top(), out)),
    }?;
    if !problems.is_empty() {
        return Ok(USAGE);
    }
    let fails = report.count(Severity::Error) > 0
        || (arguments.deny_warnings && report.count(Severity::Warning) > 0);
    Ok(if fails { EXPECTATION_FAILED } else { SUCCESS })
}

/// The subjects of one command.
#[derive(Default)]
struct Subjects {
    sources: Vec<ActionSource>,
    /// Why others were not read.
    problems: Vec<Error>,
    /// The bindings of missing Actions, in projects that are checked as a whole.
    bindings: Vec<MissingAction>,
    /// Other problems of bindings, in the same projects.
    binding_problems: Vec<BindingProblem>,
    /// Mistakes in applications, connections, APIs, roles and grants of the same projects.
    mistakes: Vec<Mistake>,
    /// The parts of a project without Actions and Rules: `3 applications and 1 connection`.
    read: Option<String>,
}

/// The rest that all sources may still have together.
#[derive(Default)]
struct Left {
    projects: Amount,
    code: Allowance,
}

impl Subjects {
    fn is_empty(&self) -> bool {
        self.sources.is_empty()
            && self.problems.is_empty()
            && self.bindings.is_empty()
            && self.binding_problems.is_empty()
            && self.mistakes.is_empty()
            && self.read.is_none()
    }

    fn add_one(&mut self, one: Result<ActionSource, Error>) {
        let source = match one {
            Ok(source) => source,
            Err(error) => return self.add_problem(error),
        };
        let is_known = |known: &ActionSource| {
            known.display_path == source.display_path && known.name == source.name
        };
        if !self.sources.iter().any(is_known) {
            self.sources.push(source);
        }
    }

    fn add_problem(&mut self, error: Error) {
        if !self.problems.iter().any(|known| is_same(known, &error)) {
            self.problems.push(error);
        }
    }

    fn add(&mut self, other: Self) {
        for source in other.sources {
            self.add_one(Ok(source));
        }
        for error in other.problems {
            self.add_problem(error);
        }
        for missing in other.bindings {
            if !self.bindings.contains(&missing) {
                self.bindings.push(missing);
            }
        }
        for problem in other.binding_problems {
            if !self.binding_problems.contains(&problem) {
                self.binding_problems.push(problem);
            }
        }
        for mistake in other.mistakes {
            let mut known = self.mistakes.iter();
            if !known.any(|it| is_same(&it.error, &mistake.error)) {
                self.mistakes.push(mistake);
            }
        }
        self.read = self.read.take().or(other.read);
    }
}

/// Returns the Actions and Rules that were named or that are in the named folders; without any, those of the project, else
/// those below the working folder. Files that cannot be read are left out with their error, unless they were named alone.
fn subjects(paths: &[String], here: &Path, found: &Found) -> Result<Subjects, CliError> {
    let project = found.project.as_ref();
    let left = &mut Left::default();
    if paths.is_empty() {
        let root = project.map_or(here, |project| project.root.as_path());
        let mut all = Subjects::default();
        for folder in &found.below {
            let project = left.projects.discover(folder)?;
            all.add(all_below(folder, here, project.as_ref(), left));
        }
        if found.below.is_empty() {
            all = all_below(root, here, project, left);
        }
        return match all.is_empty() {
            true => Err(nothing(found, here)),
            false => Ok(all),
        };
    }
    let mut subjects = Subjects::default();
    for path in paths {
        postlogin_project::admit_argument(&here.join(path), path)?;
        // A project's folder is the project, even if an Action's code lies in it.
        let whole = whole_project(&here.join(path), here, left)?;
        match (whole, find(path, here, project)) {
            (Some(whole), _) => subjects.add(whole),
            (None, Ok(source)) => {
                left.code.admit(&source)?;
                subjects.add_one(Ok(source));
            }
            (None, Err(error)) => subjects.add(below(path, here, project, left)?.ok_or(error)?),
        }
    }
    Ok(subjects)
}

/// Returns what there is to check in a project, if `folder` is one's.
fn whole_project(
    folder: &Path,
    here: &Path,
    left: &mut Left,
) -> Result<Option<Subjects>, CliError> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let is_here = |project: &Project| {
        let folder = plain(folder);
        plain(&project.home) == folder || plain(&project.root) == folder
    };
    let Some(project) = left.projects.discover(folder)?.filter(is_here) else {
        return Ok(None);
    };
    let found = all_below(folder, here, Some(&project), left);
    Ok((!found.is_empty()).then_some(found))
}

fn nothing(found: &Found, here: &Path) -> CliError {
    if let Some(project) = &found.project {
        let what = CliError::usage("the project has no Action and no Rule");
        // One in Rust has no text to be read.
        return match project.actions.is_empty() {
            true => what.with_hint("write an Action, such as actions/add-claim.js"),
            false => what.with_hint("only JavaScript and TypeScript can be checked"),
        };
    }
    let hint = found.hint(here);
    CliError::usage("no Action or Rule found here").with_hint(
        hint.unwrap_or_else(|| "name a file or a folder: `postlogin check src/actions`".into()),
    )
}

/// The Actions in a folder that is none itself, which may be a project of its own.
fn below(
    path: &str,
    here: &Path,
    project: Option<&Project>,
    left: &mut Left,
) -> Result<Option<Subjects>, CliError> {
    let folder = here.join(path);
    if !folder.is_dir() {
        return Ok(None);
    }
    let (inner, _) = Project::find(&folder)?;
    let found = all_below(&folder, here, inner.as_ref().or(project), left);
    Ok((!found.is_empty()).then_some(found))
}

/// A path without `.` and `..`, as it is written: what a link leads to is the project's matter.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// Returns the Actions in and below a folder, the Rules of the project there, enabled or not, and the project's bindings
/// when all of it is there.
fn all_below(folder: &Path, here: &Path, project: Option<&Project>, left: &mut Left) -> Subjects {
    let mut found = Subjects::default();
    for one in actions_below(folder, here, project, &mut left.code) {
        found.add_one(one);
    }
    let Some(project) = project else {
        return found;
    };
    let folder = plain(folder);
    if plain(&project.home).starts_with(&folder) || plain(&project.root).starts_with(&folder) {
        found.bindings = project.missing_in_bindings();
        found.binding_problems = project.binding_problems();
        for problem in &mut found.binding_problems {
            problem.error = seen_from(here, &project.root, problem.error.clone());
        }
        found.mistakes = mistakes(&project.placed_parts(here), &project.tenant);
        found.read = entities(project);
        for (_, error) in unread(project, here) {
            found.add_problem(error);
        }
    }
    for rule in &project.rules {
        if plain(&rule.script).starts_with(&folder) {
            let source = project.rule_source(rule, here);
            found.add_one(source.and_then(|source| left.code.admit(&source).map(|()| source)));
        }
    }
    found
}

fn findings(
    source: &ActionSource,
    text: &str,
    is_rule: bool,
    others: Vec<Finding>,
) -> Vec<Finding> {
    let declared = if is_rule {
        settings(source)
    } else {
        let manifest = source.declared.as_ref();
        manifest.map(|manifest| declared(manifest, source))
    };
    let source = Source {
        file: &source.display_path,
        text,
        declared: declared.as_ref(),
    };
    let mut findings = match is_rule {
        true => check::check_rule(&source, others),
        false => check::check_with(&source, others),
    };
    for finding in &mut findings {
        if finding.rule.code == "syntax-error"
            && let Some(marker) = marker_in(text, finding.location.line)
        {
            finding.hint = Some(format!(
                "`{marker}` is not replaced; give it a value in {} of config.json",
                KeywordMappings::CONFIG_KEY
            ));
        }
    }
    findings
}

/// Returns what a project declares for its Rules. `None` without any setting: the project may keep them elsewhere.
fn settings(source: &ActionSource) -> Option<Declared> {
    let keys: Vec<String> = source.configuration.keys().cloned().collect();
    (!keys.is_empty()).then(|| Declared {
        configuration: Some(keys),
        file: "the `rulesConfigs` of the project".to_owned(),
        ..Declared::default()
    })
}

/// The keyword marker that the Deploy CLI would replace, on a line that does not compile.
fn marker_in(text: &str, line: u32) -> Option<&str> {
    let index = usize::try_from(line).ok()?.checked_sub(1)?;
    leftover(text.lines().nth(index)?)
}

fn declared(manifest: &Manifest, source: &ActionSource) -> Declared {
    // What is a text instead of a list is a marker that nobody has replaced.
    let list = |key: &str, names: Vec<String>| (!manifest.other.contains_key(key)).then_some(names);
    let names = |names: &mut dyn Iterator<Item = &String>| names.cloned().collect();
    Declared {
        dependencies: list(
            "dependencies",
            names(&mut manifest.dependencies.iter().map(|package| &package.name)),
        ),
        secrets: list("secrets", manifest.secret_names.clone()),
        modules: list(
            "modules",
            names(&mut manifest.modules.iter().map(|module| &module.name)),
        ),
        configuration: None,
        triggers: manifest
            .supported_triggers
            .iter()
            .map(|trigger| (trigger.id.clone(), trigger.version.clone()))
            .collect(),
        file: source
            .declared_in
            .clone()
            .unwrap_or_else(|| source.display_path.clone()),
        is_uploaded: source.is_uploaded_by().is_some(),
    }
}
