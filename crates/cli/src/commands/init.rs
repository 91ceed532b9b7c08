//! `postlogin init`: a project in a folder, or cases for the Actions that are there already.

mod case;
mod ci;
mod configuration;
mod files;
mod sample;

use std::{
    env,
    path::{Path, PathBuf},
};

use postlogin_core::Trigger;
use postlogin_engine::Allocation;
use postlogin_project::{
    Action, ActionSource, Boundary, Project,
    cases::{find_case_files, schema::case_schema},
};

use crate::{
    action::compiler,
    args::{Ci, InitArguments},
    error::{CliError, SUCCESS},
    printer::Printer,
};
use files::Files;

/// Where cases go.
const TESTS: &str = "tests";

/// The schema that editors check cases with, beside them.
const SCHEMA: &str = "case.schema.json";

pub(crate) fn init(arguments: &InitArguments, printer: &Printer) -> Result<u8, CliError> {
    let here = env::current_dir().map_err(|error| {
        CliError::usage(format!("cannot determine the current directory: {error}"))
    })?;
    let folder = here.join(arguments.folder.as_deref().unwrap_or(Path::new("")));
    if folder.is_file() {
        let message = format!("{} is a file, not a folder", folder.display());
        return Err(CliError::usage(message));
    }
    // A project further up is not the one that is asked for, unless this folder is a part of it.
    let (found, below) = match folder.is_dir() {
        true => Project::find(&folder)?,
        false => (None, Vec::new()),
    };
    if let Some(first) = below.first() {
        let first = postlogin_project::display_path(first, &here);
        return Err(
            CliError::usage("there are several projects below this folder")
                .with_hint(format!("choose one: `postlogin init {first}`")),
        );
    }
    if let Some(found) = &found {
        crate::project::report(found, printer);
    }
    refuse_home(&folder, found.as_ref())?;
    let home = found
        .as_ref()
        .map_or(folder, |project| project.home.clone());
    let mut files = Files::new(&home);
    let project = match found {
        Some(project) => {
            configuration::of_terraform(&project, &mut files)?;
            match is_plain(&project) && configuration::of_loose_actions(&home, &mut files, printer)?
            {
                true => Project::discover(&home)?.unwrap_or(project),
                false => project,
            }
        }
        None => {
            // A sample beside real Actions would hide them.
            if !configuration::of_loose_actions(&home, &mut files, printer)? {
                sample::write(&mut files)?;
            }
            Project::discover(&home)?
                .ok_or_else(|| CliError::internal(&anyhow::anyhow!("the new project is none")))?
        }
    };
    files.new_file(
        &format!("{TESTS}/{SCHEMA}"),
        &format!("{:#}\n", case_schema()),
    )?;
    let missing = first_cases(&project, &home, &mut files, printer)?;
    let root = ci::root(&home);
    let services = match arguments.ci {
        Some(service) => vec![service],
        None => ci::used(root),
    };
    let mut included = None;
    for service in &services {
        if let Some(workflow) = ci::workflow(*service, root, &home) {
            let path = root.join(&workflow.path);
            let is_new = files.new_file(&path.to_string_lossy(), &workflow.text)?;
            included = included.or((is_new && *service == Ci::Gitlab).then_some(workflow.path));
        } else if *service != Ci::None {
            printer.warning(
                "no CI file: the folder's name has characters that a CI file takes for commands",
            );
        }
    }
    files.ignore(&["/.postlogin", "*.snap.new"])?;
    let (made, kept) = files.done();
    printer.data(|out| {
        for file in &made {
            writeln!(out, "wrote  {}", shown(&home, file, &here))?;
        }
        for file in &kept {
            writeln!(out, "kept   {}", shown(&home, file, &here))?;
        }
        Ok(())
    })?;
    if let Some(file) = included {
        printer.note(&format!(
            "add to .gitlab-ci.yml:  include: {{ local: {file} }}"
        ));
    }
    if services.is_empty() {
        printer.note("for a CI file: `postlogin init --ci github`, or gitlab");
    }
    if !missing.is_empty() {
        printer.warning(&format!(
            "cases are skipped until their packages are installed: npm install {}",
            missing.join(" ")
        ));
        printer.hint("`postlogin install` installs what the project declares; then remove `skip`");
    }
    if case_texts(&home)?.is_empty() {
        // `postlogin test` would only say that there is no case.
        printer.note("no case was written: no Action or Rule runs here");
        printer.hint(
            "write an Action, such as actions/add-claim.js, then start `postlogin init` again",
        );
    } else {
        printer.note("next: `postlogin test`, or `postlogin test --watch` while you edit");
    }
    Ok(SUCCESS)
}

/// Whether the project is a folder of Actions that no file describes: nothing says which of them a login runs.
fn is_plain(project: &Project) -> bool {
    project.configuration_files.is_empty()
}

fn shown(home: &Path, file: &str, here: &Path) -> String {
    postlogin_project::display_path(&home.join(file), here)
}

/// Returns a first case for each Action and each enabled Rule that no case names yet.
fn first_cases(
    project: &Project,
    home: &Path,
    files: &mut Files,
    printer: &Printer,
) -> Result<Vec<String>, CliError> {
    let written = case_texts(home)?;
    let mut wanted: Vec<&Action> = Vec::new();
    for action in &project.actions {
        let name = &action.manifest.name;
        let triggers = &action.manifest.supported_triggers;
        let is_known = |id: &str| Trigger::of_id(id).is_some();
        let of_trigger = triggers.is_empty() || triggers.iter().any(|one| is_known(&one.id));
        if let Some(other) = triggers.first().filter(|_| !of_trigger) {
            printer.warning(&format!(
                "no case for `{name}`: its trigger {} does not run here",
                other.id
            ));
        }
        if of_trigger && !written.iter().any(|text| text.contains(name.as_str())) {
            wanted.push(action);
        }
    }
    let mut rules = project.enabled_rules();
    rules.retain(|rule| {
        let script = rule.script.file_name().unwrap_or_default();
        let names = [rule.name.as_str(), &script.to_string_lossy()];
        !written
            .iter()
            .any(|text| names.iter().any(|name| text.contains(name)))
    });
    let mut missing = Vec::new();
    if wanted.is_empty() && rules.is_empty() {
        return Ok(missing);
    }
    let mut compiler = compiler(Allocation::OnDemand, printer)?;
    for action in wanted {
        let Some(source) = read(project.source(action, home), printer) else {
            continue;
        };
        let file = format!("{TESTS}/{}.case.yaml", super::file_stem(&source.name));
        // A name that reads as a path would be taken for one.
        let reads_as_path = source.name.starts_with('.') || source.name.contains(['/', '\\']);
        let named = match reads_as_path && action.inline.is_none() {
            true => format!("../{}", source.display_path),
            false => source.name.clone(),
        };
        let first = case::first_case(project, &source, &named, &mut compiler, SCHEMA)?;
        if let Some(remark) = &first.remark {
            printer.warning(remark);
        }
        missing.extend(first.missing);
        files.new_file(&file, &first.text)?;
    }
    for rule in rules {
        let Some(source) = read(project.rule_source(rule, home), printer) else {
            continue;
        };
        // An Action may have the same name; the one that replaces a Rule often does.
        let file = format!("{TESTS}/{}.rule.case.yaml", super::file_stem(&source.name));
        // A Rule between the lines of a Terraform file has no file of its own.
        let named = match rule.inline {
            Some(_) => source.name.clone(),
            None => format!("../{}", source.display_path),
        };
        let first = case::first_case(project, &source, &named, &mut compiler, SCHEMA)?;
        if let Some(remark) = &first.remark {
            printer.warning(remark);
        }
        missing.extend(first.missing);
        files.new_file(&file, &first.text)?;
    }
    missing.sort();
    missing.dedup();
    Ok(missing)
}

/// A source that can be read; one that cannot is reported and left out.
fn read(
    source: Result<ActionSource, postlogin_project::Error>,
    printer: &Printer,
) -> Option<ActionSource> {
    source
        .map_err(|error| printer.error(&CliError::from(error)))
        .ok()
}

/// A home folder is not a project: `init` would search everything below it and write files beside all others.
fn refuse_home(folder: &Path, found: Option<&Project>) -> Result<(), CliError> {
    let home = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE"));
    let home = home.and_then(|home| PathBuf::from(home).canonicalize().ok());
    if found.is_none() && home.is_some() && folder.canonicalize().ok() == home {
        return Err(CliError::usage("this is your home folder")
            .with_hint("name a folder for the project: `postlogin init my-actions`"));
    }
    Ok(())
}

/// Returns the texts of the project's cases.
fn case_texts(home: &Path) -> Result<Vec<String>, CliError> {
    let found = find_case_files(&[PathBuf::from(".")], home)?;
    let within = Boundary::around(home);
    let texts = found.files.iter();
    Ok(texts
        .filter_map(|file| within.read_text(file, "").ok())
        .collect())
}
