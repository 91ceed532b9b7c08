//! `postlogin check`.

use std::{
    env,
    path::{Component, Path, PathBuf},
};

use postlogin_js::{
    check::{self, Declared, Finding, Severity, Source},
    source::rule::is_rule,
};
use postlogin_project::{
    ActionKind, ActionSource, KeywordMappings, Manifest, Project, actions_below, leftover,
};

use crate::{
    action::find,
    args::{CheckArguments, CheckFormat},
    error::{CliError, EXPECTATION_FAILED, SUCCESS},
    printer::Printer,
    render::check::{self as render, Checked, Report},
};

pub(crate) fn check(arguments: &CheckArguments, printer: &Printer) -> Result<u8, CliError> {
    let here = env::current_dir()
        .map_err(|error| CliError::usage(format!("there is no working folder: {error}")))?;
    let project = Project::discover(&here)?;
    let sources = sources(&arguments.paths, &here, project.as_ref())?;
    if arguments.paths.is_empty() {
        for problem in project.iter().flat_map(Project::binding_problems) {
            printer.warning(&problem);
        }
    }
    let mut report = Report::default();
    for source in &sources {
        match &source.kind {
            ActionKind::Script { text, .. } => {
                let is_rule = is_rule(&source.display_path, text);
                report.add(Checked {
                    name: source.name.clone(),
                    file: source.display_path.clone(),
                    text: text.clone(),
                    is_rule,
                    findings: findings(source, text, is_rule),
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
        CheckFormat::Sarif => printer.machine(|out| render::sarif(&report, out)),
        CheckFormat::Github => printer.machine(|out| render::github(&report, out)),
    }?;
    let fails = report.count(Severity::Error) > 0
        || (arguments.deny_warnings && report.count(Severity::Warning) > 0);
    Ok(if fails { EXPECTATION_FAILED } else { SUCCESS })
}

/// The Actions and Rules that were named or that are in the named folders; without any, those of the project, else those
/// below the working folder.
fn sources(
    paths: &[String],
    here: &Path,
    project: Option<&Project>,
) -> Result<Vec<ActionSource>, CliError> {
    if paths.is_empty() {
        let root = project.map_or(here, |project| project.root.as_path());
        let found = all_below(root, here, project)?;
        return if found.is_empty() {
            Err(CliError::usage("no Action or Rule found here")
                .with_hint("name a file or a folder: `postlogin check src/actions`"))
        } else {
            Ok(found)
        };
    }
    let mut sources: Vec<ActionSource> = Vec::new();
    for path in paths {
        let found = match find(path, here, project) {
            Ok(source) => vec![source],
            Err(error) => below(path, here, project)?.ok_or(error)?,
        };
        for source in found {
            if sources
                .iter()
                .all(|known| known.display_path != source.display_path)
            {
                sources.push(source);
            }
        }
    }
    Ok(sources)
}

/// The Actions in a folder that is none itself, which may be a project of its own.
fn below(
    path: &str,
    here: &Path,
    project: Option<&Project>,
) -> Result<Option<Vec<ActionSource>>, CliError> {
    let folder = here.join(path);
    if !folder.is_dir() {
        return Ok(None);
    }
    let inner = Project::discover(&folder)?;
    let found = all_below(&folder, here, inner.as_ref().or(project))?;
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

/// The Actions in and below a folder, and the Rules of the project there, enabled or not.
fn all_below(
    folder: &Path,
    here: &Path,
    project: Option<&Project>,
) -> Result<Vec<ActionSource>, CliError> {
    let mut found = actions_below(folder, here, project)?;
    let Some(project) = project else {
        return Ok(found);
    };
    let folder = plain(folder);
    for rule in &project.rules {
        if plain(&rule.script).starts_with(&folder) {
            found.push(project.rule_source(rule, here)?);
        }
    }
    Ok(found)
}

fn findings(source: &ActionSource, text: &str, is_rule: bool) -> Vec<Finding> {
    let declared = if is_rule {
        settings(source)
    } else {
        let manifest = source.declared.as_ref();
        manifest.map(|manifest| declared(manifest, source))
    };
    let mut findings = check::check(&Source {
        file: &source.display_path,
        text,
        declared: declared.as_ref(),
    });
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
    }
}
