//! Legacy Rules of a configuration: `rules/<name>.json` with `rules/<name>.js`, or the items of `rules:` in `tenant.yaml`,
//! and `rules-configs/<KEY>.json` or `rulesConfigs:`, which Rules see as `configuration`.
//!
//! <https://auth0.com/docs/customize/rules/create-rules>

mod typed;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::remarks::{Part, Remarks};
use super::{Project, read_configuration};

use crate::action::is_beside_an_action;
use crate::door::Boundary;
use crate::files::{
    configured_path, display_path, entries, extension, file_name, file_stem, with_slashes,
};
use crate::keywords::{KeywordMappings, leftover};
use crate::{Error, Result};

/// A Rule of the configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Lower ones run first; one without runs last.
    pub order: Option<i64>,
    /// Whether it runs at all.
    pub enabled: bool,
    /// `login_success`, `login_failure` or `pre_authorize`; only the first kind runs at a login.
    pub stage: String,
    /// The file with its code. It need not exist.
    pub script: PathBuf,
    /// The code, when it is a part of that file: its lines are those of the file.
    pub inline: Option<Arc<str>>,
    /// The file that says so; the script itself when nothing does.
    pub declared_in: PathBuf,
}

/// The stage that Rules have unless they say otherwise.
const LOGIN_SUCCESS: &str = "login_success";
const STAGES: &[&str] = &[LOGIN_SUCCESS, "login_failure", "pre_authorize"];

impl Project {
    /// The Rules that run at a login, in the order in which they run.
    pub fn enabled_rules(&self) -> Vec<&Rule> {
        let runs = |rule: &&Rule| rule.enabled && rule.stage == LOGIN_SUCCESS;
        let mut rules: Vec<&Rule> = self.rules.iter().filter(runs).collect();
        rules.sort_by_key(|rule| rule.order.unwrap_or(i64::MAX));
        rules
    }
}

/// A folder with a file of a Rule in `rules/`.
pub(super) fn is_root(folder: &Path) -> bool {
    let within = Boundary::around(folder);
    let mut manifests = manifests(folder).into_iter();
    manifests.any(|path| within.mentions(&path, "\"script\""))
}

fn manifests(root: &Path) -> Vec<PathBuf> {
    let mut files = entries(&root.join("rules"));
    files.retain(|path| extension(path) == "json");
    files
}

/// The Rules of the folder form.
pub(super) fn in_folder(
    root: &Path,
    mappings: &KeywordMappings,
    files: &mut Vec<PathBuf>,
    remarks: &mut Remarks,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    for path in manifests(root) {
        let value = read_configuration(&path, root, mappings);
        let Some(value) = remarks.keep(Part::Rule, &path, value) else {
            continue;
        };
        let shown = display_path(&path, root);
        let script = |named: Option<&str>| match named {
            Some(named) => {
                let beside = configured_path(&root.join("rules"), named);
                match beside.is_file() {
                    true => beside,
                    false => Some(configured_path(root, named))
                        .filter(|path| path.is_file())
                        .unwrap_or(beside),
                }
            }
            // Compiled before it is deployed.
            None => Some(path.with_extension("ts"))
                .filter(|script| script.is_file() && !path.with_extension("js").is_file())
                .unwrap_or_else(|| path.with_extension("js")),
        };
        let rule = read(&value, &path, &shown, &script);
        let rule = remarks.keep(Part::Rule, &path, rule);
        remarks
            .notices
            .extend(rule.iter().filter_map(|rule| passed_over(rule, &shown)));
        rules.extend(rule);
        files.push(path);
    }
    rules
}

/// Returns a notice about a Rule of a stage that has no login.
fn passed_over(rule: &Rule, shown: &str) -> Option<Error> {
    (rule.enabled && rule.stage != LOGIN_SUCCESS).then(|| {
        let Rule { name, stage, .. } = rule;
        Error::new(format!(
            "the Rule `{name}` is not run: its stage `{stage}` is not that of a login"
        ))
        .in_file(shown)
    })
}

/// Returns a notice about a setting whose marker is not replaced: Rules see the marker.
fn unreplaced(configuration: &Map<String, Value>, shown: &str) -> Vec<Error> {
    let settings = configuration.iter().filter_map(|(key, value)| {
        let marker = leftover(value.as_str()?)?;
        let error = Error::new(format!(
            "the setting `{key}` of Rules has `{marker}`, which is not replaced"
        ));
        Some(error.in_file(shown).with_hint(format!(
            "give it a value in {} of config.json",
            KeywordMappings::CONFIG_KEY
        )))
    });
    settings.collect()
}

/// `rules/*.js` that nothing describes: they run in the order of their names.
pub(super) fn plain(root: &Path) -> Vec<Rule> {
    let within = Boundary::around(root);
    let mut rules = Vec::new();
    for path in entries(&root.join("rules")) {
        let is_typescript = extension(&path) == "ts" && !is_beside_an_action(&file_name(&path));
        if !path.is_file() || !(is_typescript || extension(&path) == "js") {
            continue;
        }
        let is_rule = match within.read(&path, &file_stem(&path)) {
            Ok(text) if is_typescript => typed::is_rule(&String::from_utf8_lossy(&text)),
            Ok(text) => looks_like_a_rule(&String::from_utf8_lossy(&text)),
            // Whoever reads it says what is wrong with it.
            Err(_) => true,
        };
        if is_rule {
            rules.push(Rule {
                name: file_stem(&path),
                order: None,
                enabled: true,
                stage: LOGIN_SUCCESS.to_owned(),
                script: path.clone(),
                inline: None,
                declared_in: path,
            });
        }
    }
    rules
}

/// A folder of this name may hold anything; a Rule is a function that calls back.
fn looks_like_a_rule(text: &str) -> bool {
    let code = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with("//") && !line.starts_with(['*', '/']));
    let begins = code.is_some_and(|line| {
        let line = line.strip_prefix("module.exports").map_or(line, |rest| {
            rest.trim_start()
                .strip_prefix('=')
                .unwrap_or_default()
                .trim_start()
        });
        line.starts_with("function") || line.starts_with("async function")
    });
    begins && text.contains("context") && !text.contains("exports.")
}

/// The Rules under `rules:`.
pub(super) fn in_list(
    items: Option<&Value>,
    file: &Path,
    root: &Path,
    remarks: &mut Remarks,
) -> Result<Vec<Rule>> {
    let shown = display_path(file, root);
    let rules = list(items, "rules", &shown)?.iter().filter_map(|item| {
        let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
        let default = format!("rules/{name}.js");
        let script = |named: Option<&str>| configured_path(root, named.unwrap_or(&default));
        let rule = read(item, file, &shown, &script);
        let rule = remarks.keep_named(Part::Rule, name.to_owned(), file, rule);
        remarks
            .notices
            .extend(rule.iter().filter_map(|rule| passed_over(rule, &shown)));
        rule
    });
    Ok(rules.collect())
}

/// The values of `configuration` in the folder form.
pub(super) fn configs_in_folder(
    root: &Path,
    mappings: &KeywordMappings,
    files: &mut Vec<PathBuf>,
    remarks: &mut Remarks,
) -> Map<String, Value> {
    let mut configuration = Map::new();
    for path in entries(&root.join("rules-configs")) {
        if extension(&path) == "json" {
            let value = read_configuration(&path, root, mappings);
            let shown = display_path(&path, root);
            let mut own = Map::new();
            let read = value.and_then(|value| config(&value, &shown, &mut own));
            remarks.keep(Part::Other, &path, read);
            remarks.notices.extend(unreplaced(&own, &shown));
            configuration.extend(own);
            files.push(path);
        }
    }
    configuration
}

/// The values under `rulesConfigs:`.
pub(super) fn configs_in_list(
    items: Option<&Value>,
    shown: &str,
    remarks: &mut Remarks,
) -> Result<Map<String, Value>> {
    let mut configuration = Map::new();
    for item in list(items, "rulesConfigs", shown)? {
        config(item, shown, &mut configuration)?;
    }
    remarks.notices.extend(unreplaced(&configuration, shown));
    Ok(configuration)
}

fn list<'a>(items: Option<&'a Value>, key: &str, shown: &str) -> Result<&'a [Value]> {
    match items {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(Error::new(format!("`{key}` must be a list")).in_file(shown)),
    }
}

fn config(value: &Value, shown: &str, configuration: &mut Map<String, Value>) -> Result<()> {
    let text = |key: &str| match value.get(key) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
        _ => None,
    };
    let Some(key) = text("key").filter(|key| !key.is_empty()) else {
        let error = Error::new("a setting of Rules has a `key` and a `value`, both texts");
        return Err(error.in_file(shown));
    };
    // An export has no values; what is not given is undefined.
    if let Some(value) = text("value") {
        configuration.insert(key, Value::String(value));
    }
    Ok(())
}

fn read(
    value: &Value,
    declared_in: &Path,
    shown: &str,
    script: &dyn Fn(Option<&str>) -> PathBuf,
) -> Result<Rule> {
    let refuse = |message: String| Err(Error::new(message).in_file(shown));
    let name = match value.get("name") {
        Some(Value::String(name)) if !name.is_empty() => name.clone(),
        Some(_) => return refuse("the `name` of a Rule must be a text".to_owned()),
        None => return refuse("the Rule has no `name`".to_owned()),
    };
    let order = match value.get("order") {
        None | Some(Value::Null) => None,
        Some(order) => match order.as_i64() {
            Some(order) => Some(order),
            None => {
                return refuse(format!(
                    "the `order` of the Rule `{name}` must be a whole number"
                ));
            }
        },
    };
    let enabled = match value.get("enabled") {
        None | Some(Value::Null) => true,
        Some(Value::Bool(enabled)) => *enabled,
        Some(_) => {
            return refuse(format!(
                "`enabled` of the Rule `{name}` must be true or false"
            ));
        }
    };
    let stage = match value.get("stage") {
        None | Some(Value::Null) => LOGIN_SUCCESS.to_owned(),
        Some(Value::String(stage)) if STAGES.contains(&stage.as_str()) => stage.clone(),
        Some(_) => {
            let stages = STAGES.join(", ");
            return refuse(format!(
                "the `stage` of the Rule `{name}` must be one of {stages}"
            ));
        }
    };
    let named = match value.get("script") {
        None | Some(Value::Null) => None,
        Some(Value::String(named)) => Some(named.as_str()),
        Some(_) => return refuse(format!("the `script` of the Rule `{name}` must be a path")),
    };
    Ok(Rule {
        script: script(named),
        inline: None,
        name,
        order,
        enabled,
        stage,
        declared_in: declared_in.to_owned(),
    })
}

/// Returns the error about a Rule whose script does not exist.
pub(crate) fn missing_script(rule: &Rule, root: &Path) -> Error {
    let script = display_path(&rule.script, root);
    Error::new(format!(
        "the script of the Rule `{}` does not exist: {script}",
        rule.name
    ))
    .in_file(&with_slashes(Path::new(&display_path(
        &rule.declared_in,
        root,
    ))))
    .with_hint("`script` is relative to the folder `rules/`")
}
