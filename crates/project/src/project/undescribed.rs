//! Scripts in `actions/` that the export beside them does not describe.
//!
//! The Deploy CLI deploys none of them, so they are no Actions of the project. But whoever writes one and forgets its
//! manifest should hear of it.

use std::path::{Path, PathBuf};

use postlogin_core::escape::inline;
use postlogin_core::{EntryPoint, Trigger};

use super::{Action, Project, tenant_yaml, terraform};
use crate::Error;
use crate::action::{SCRIPTS, is_beside_an_action};
use crate::door::Boundary;
use crate::files::{display_path, entries, extension, file_name, file_stem, normalize};
use crate::project::remarks::{Part, Undescribed};

/// Folders in `actions/` that hold what is no Action.
const PASSED_OVER: &[&str] = &[
    "node_modules",
    "target",
    "test",
    "tests",
    "__tests__",
    "__mocks__",
    "mocks",
    "fixtures",
];
/// The words before `{` in front of a handler's name that is exported.
const BEFORE_LISTS: &[&str] = &[
    "export",
    "export default",
    "exports =",
    "exports=",
    "exports,",
];

/// Notes the scripts of an export that export a handler and that nothing describes, with a warning for each.
pub(super) fn remark(project: &mut Project) {
    // Where nothing is described, as beside an export of Rules alone, nothing was forgotten.
    if project.actions.is_empty() {
        return;
    }
    let root = &project.root;
    // Without an export, plain scripts are the Actions. What a Terraform file describes cannot always be resolved.
    let is_folder = super::is_folder(root);
    let described_by = match tenant_yaml::find(root).filter(|_| !is_folder) {
        Some(file) => format!("no item of `actions` in {}", display_path(&file, root)),
        None if is_folder && !terraform::is_root(root) => "no actions/*.json".to_owned(),
        None => return,
    };
    let found = scripts(project);
    for one in &found {
        let shown = display_path(&one.code, &project.root);
        let message = format!(
            "{} is described by {described_by}: it is not deployed, and no trigger can bind it",
            inline(&shown)
        );
        project.remarks.notices.push(Error::new(message).with_hint(
            "write its manifest, such as actions/NAME.json with `name`, `code` and `supported_triggers`, or run it by its name or file",
        ));
    }
    project.remarks.undescribed = found;
}

/// Returns what to do about a binding of an Action whose script nothing describes.
pub(super) fn hint(project: &Project, name: &str) -> Option<String> {
    let letters = |name: &str| -> String {
        let letters = name.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let all = &project.remarks.undescribed;
    let exact = all.iter().find(|one| one.name == name);
    let one = exact.or_else(|| {
        let wanted = Some(letters(name)).filter(|wanted| !wanted.is_empty())?;
        all.iter().find(|one| letters(&one.name) == wanted)
    })?;
    let shown = display_path(&one.code, &project.root);
    Some(match tenant_yaml::find(&project.root) {
        Some(file) if !super::is_folder(&project.root) => format!(
            "{shown} exists; add it to `actions` of {}",
            display_path(&file, &project.root)
        ),
        _ => format!("{shown} exists; add actions/{}.json", one.name),
    })
}

fn scripts(project: &Project) -> Vec<Undescribed> {
    let within = Boundary::around(&project.root);
    let mut found = Vec::new();
    for path in entries(&project.root.join("actions")) {
        let name = file_name(&path);
        if name.starts_with('.') {
            continue;
        }
        let (name, code) = if path.is_dir() {
            if PASSED_OVER.contains(&name.as_str()) {
                continue;
            }
            let files = ["code", "index"].into_iter();
            let mut files = files
                .flat_map(|stem| SCRIPTS.iter().map(move |ext| format!("{stem}.{ext}")))
                .map(|file| path.join(file));
            (name, files.find(|path| exports(path, &within)))
        } else {
            let is_script =
                SCRIPTS.contains(&extension(&path).as_str()) && !is_beside_an_action(&name);
            let code = Some(path).filter(|path| is_script && exports(path, &within));
            (code.as_deref().map(file_stem).unwrap_or_default(), code)
        };
        if let Some(code) = code
            && !is_described(project, &name, &code, &within)
        {
            found.push(Undescribed { name, code });
        }
    }
    found
}

/// Whether the configuration has the script: as the code of an Action, as the source of that code, or as one that cannot be read.
fn is_described(project: &Project, name: &str, code: &Path, within: &Boundary) -> bool {
    let actions = project.root.join("actions");
    let folder = code.parent().map(normalize);
    let has_own_folder = folder.as_ref() != Some(&normalize(&actions));
    let is_its = |action: &Action| {
        action.manifest.name == name
            || manifest_name(&action.declared_in) == name
            || same(&action.code, code)
            || (has_own_folder && action.code.parent().map(normalize) == folder)
            || imports(action, code, within)
    };
    let shown = display_path(code, &project.root);
    let mut broken = project.remarks.broken.iter();
    project.actions.iter().any(is_its)
        || broken.any(|broken| {
            broken.part == Part::Action
                && (broken.name == name
                    || manifest_name(&broken.path) == name
                    || within.mentions(&broken.path, &shown))
        })
}

/// `a` for `actions/a.json` and `actions/a/current.json`.
fn manifest_name(manifest: &Path) -> String {
    match manifest.parent() {
        Some(folder) if file_name(manifest) == "current.json" => file_name(folder),
        _ => file_stem(manifest),
    }
}

/// Whether the code of an Action names a script as a file beside it: then the script is a part of that Action.
fn imports(action: &Action, code: &Path, within: &Boundary) -> bool {
    let stem = match file_stem(code) {
        stem if matches!(stem.as_str(), "code" | "index") => {
            code.parent().map(file_name).unwrap_or_default()
        }
        stem => stem,
    };
    let Ok(text) = within.read_text(&action.code, "") else {
        return false;
    };
    ["./", "../"].iter().any(|start| {
        let needle = format!("{start}{stem}");
        text.match_indices(&needle).any(|(at, _)| {
            let rest = text.get(at + needle.len()..).unwrap_or_default();
            rest.starts_with(['\'', '"', '`', '.', '/'])
        })
    })
}

fn same(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| -> Option<PathBuf> { path.canonicalize().ok() };
    normalize(a) == normalize(b) || real(a).is_some_and(|a| Some(a) == real(b))
}

/// Whether a file exports a handler of a trigger. Tests and helpers name handlers, too.
fn exports(path: &Path, within: &Boundary) -> bool {
    path.is_file()
        && within
            .read_text(path, "")
            .is_ok_and(|text| exports_handler(&text))
}

fn exports_handler(text: &str) -> bool {
    let entries = [EntryPoint::Execute, EntryPoint::Continue];
    let mut handlers = Trigger::ALL
        .iter()
        .flat_map(|trigger| entries.map(|entry| trigger.export(entry)))
        .flatten();
    handlers.any(|handler| {
        text.match_indices(handler).any(|(at, _)| {
            let (before, rest) = text.split_at(at);
            let after = rest.get(handler.len()..).unwrap_or_default();
            let goes_on = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$');
            !after.starts_with(goes_on) && is_export(before, after)
        })
    })
}

/// Whether a name between these texts is one that is exported.
fn is_export(before: &str, after: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
    if line.contains("//") || line.starts_with('*') || line.starts_with("/*") {
        return false;
    }
    let quote = ['\'', '"', '`'];
    // `exports.onExecutePostLogin = …`, and with the name in brackets.
    if before.ends_with("exports.") || before.trim_end_matches(quote).ends_with("exports[") {
        let value = after.trim_start_matches(quote);
        let value = value.strip_prefix(']').unwrap_or(value).trim_start();
        return value.starts_with('=') && !value.starts_with("==");
    }
    // `export const …`, `export async function …`.
    let mut words = before.split_whitespace().rev();
    let declares =
        |word: &&str| matches!(*word, "const" | "let" | "var" | "function" | "function*");
    let is_apart = before.ends_with(char::is_whitespace);
    if is_apart && words.next().as_ref().is_some_and(declares) {
        let word = words.next().unwrap_or_default();
        let word = match word {
            "async" => words.next().unwrap_or_default(),
            word => word,
        };
        return word == "export";
    }
    // `export { … }`, `module.exports = { … }`, and what bundlers write.
    let Some((list, inside)) = before.rsplit_once('{') else {
        return false;
    };
    !inside.contains('}')
        && BEFORE_LISTS
            .iter()
            .any(|end| list.trim_end().ends_with(end))
}

#[cfg(test)]
mod tests;
