//! A finding as a file of cases, which fails until the Action is fixed.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use postlogin_core::outcome::Outcome;
use postlogin_host::Mock;
use postlogin_host::mock::to_yaml;
use postlogin_project::cases::{Act, SessionToken, Step, Steps};
use postlogin_project::document::node::Node;
use postlogin_project::{ActionSource, Boundary, Project, Secret};
use serde_json::{Value, json};

use super::finding::{Fault, Finding};
use crate::plan::PlannedCase;
use crate::yaml::{entry, nested, relative_action};

/// The content of the file.
pub(super) struct Text<'a> {
    pub(super) finding: &'a Finding,
    pub(super) outcome: &'a Outcome,
    pub(super) sources: &'a [&'a ActionSource],
    pub(super) project: Option<&'a Project>,
    pub(super) secrets: &'a [Secret],
    pub(super) template: Option<&'a PlannedCase>,
    pub(super) mocks: &'a [Mock],
    pub(super) challenged: bool,
    pub(super) seed: u64,
}

/// The state of a finding.
pub(super) struct Written {
    pub(super) path: PathBuf,
    /// It was not there before.
    pub(super) is_new: bool,
}

/// Writes the file; what is there stays as it is. The same finding twice is one file.
pub(super) fn write(folder: &Path, text: &Text<'_>) -> io::Result<Written> {
    let within = Boundary::around(folder.parent().unwrap_or(folder));
    let inside = |path: &Path| {
        let admitted = within.admit(path, &path.display().to_string());
        admitted.map_err(|error| io::Error::other(error.to_string()))
    };
    inside(folder)?;
    fs::create_dir_all(folder)?;
    let stem = stem(text.finding);
    let text = text.render(folder);
    for number in 1.. {
        let name = match number {
            1 => format!("{stem}.case.yaml"),
            number => format!("{stem}-{number}.case.yaml"),
        };
        let path = folder.join(name);
        match fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
        {
            Ok(mut file) => {
                io::Write::write_all(&mut file, text.as_bytes())?;
                return Ok(Written { path, is_new: true });
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let known = within.read_text(&path, "");
                if known.is_ok_and(|known| same_login(&known, &text)) {
                    return Ok(Written {
                        path,
                        is_new: false,
                    });
                }
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("there is no free name"))
}

/// Comments say which login it was; that is no difference.
fn same_login(one: &str, other: &str) -> bool {
    let data = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(str::to_owned).collect()
    };
    data(one) == data(other)
}

/// `copy-user-metadata-type-error-line-4`
fn stem(finding: &Finding) -> String {
    let what = match &finding.fault {
        Fault::Throws(error) => error.name.clone(),
        Fault::LosesClaim(_) => "LostClaim".to_owned(),
        Fault::ExceedsLimit(notice) => notice.code.clone(),
    };
    let action = finding.fault.action().map(str::to_owned);
    let action = action.unwrap_or_else(|| finding.actions.join("-"));
    let line = finding.fault.location().map(|at| at.line);
    let line = line.map_or(String::new(), |line| format!(" line {line}"));
    let mut stem = String::new();
    for letter in format!("{action} {what}{line}").chars() {
        match letter {
            upper if upper.is_uppercase() => {
                if stem.ends_with(|last: char| last.is_lowercase()) {
                    stem.push('-');
                }
                stem.extend(upper.to_lowercase());
            }
            kept if kept.is_alphanumeric() || kept == '_' => stem.push(kept),
            _ if stem.ends_with('-') => {}
            _ => stem.push('-'),
        }
    }
    let stem: String = stem.trim_matches('-').chars().take(100).collect();
    match stem.is_empty() || stem == "defaults" {
        true => format!("found-{stem}"),
        false => stem,
    }
}

impl Text<'_> {
    fn render(&self, folder: &Path) -> String {
        let mut out = String::new();
        // Writing to a text does not fail.
        let _ = self.write(folder, &mut out);
        out
    }

    fn write(&self, folder: &Path, out: &mut String) -> std::fmt::Result {
        let Finding { fault, .. } = self.finding;
        writeln!(
            out,
            "# Login {} of `postlogin test --fuzz --seed {}`. It fails until the Action is fixed.",
            self.finding.first, self.seed
        )?;
        entry(out, "description", &json!(fault.message()))?;
        let names = self.project.iter();
        let names = names.flat_map(|project| project.action_names());
        let names: Vec<String> = names.map(str::to_owned).collect();
        let actions = self.sources.iter();
        let actions = actions.map(|source| relative_action(source, folder, &names));
        entry(out, "actions", &actions.collect())?;
        if let Some(planned) = self.template {
            template(out, planned)?;
        }
        if !self.secrets.is_empty() {
            let secrets = self.secrets.iter();
            let secrets = secrets.map(|secret| (secret.name.clone(), json!(secret.value)));
            entry(out, "secrets", &Value::Object(secrets.collect()))?;
        }
        if self.challenged {
            entry(out, "challenge", &json!("succeed"))?;
        }
        if !self.mocks.is_empty() {
            writeln!(out, "http:")?;
            for line in to_yaml(self.mocks).lines() {
                writeln!(out, "  {line}")?;
            }
        }
        match &self.finding.patch {
            Some(Value::Object(patch)) if patch.is_empty() => {}
            Some(patch) => {
                nested(out, "with", patch, 0)?;
            }
            // A patch cannot write null.
            None => nested(out, "event", &self.finding.event, 0)?,
        }
        nested(out, "expect", &self.good_behaviour(), 0)
    }

    /// The expectations that a fixed Action meets.
    fn good_behaviour(&self) -> Value {
        match &self.finding.fault {
            Fault::Throws(_) => json!({"error": null}),
            Fault::LosesClaim(_) => json!({"dropped": [], "exactly": true}),
            Fault::ExceedsLimit(notice) => {
                let others = self.outcome.notices.iter();
                let others = others.filter(|other| other.code != notice.code);
                let codes: Vec<&str> = others.map(|other| other.code.as_str()).collect();
                json!({"notices": codes, "exactly": true})
            }
        }
    }
}

/// The settings of the case besides its event.
fn template(out: &mut String, planned: &PlannedCase) -> std::fmt::Result {
    let case = &planned.case;
    if let Some(trigger) = case.trigger {
        entry(out, "trigger", &json!(trigger))?;
    }
    if let Some(now) = case.now_ms {
        entry(out, "now", &json!(postlogin_core::iso_text(now)))?;
    }
    if let Some(seed) = case.seed {
        entry(out, "seed", &json!(seed))?;
    }
    if !case.cache.is_empty() {
        entry(out, "cache", &case.cache.to_json())?;
    }
    if let Some(timeout) = case.timeout {
        entry(out, "timeout", &json!(format!("{}ms", timeout.as_millis())))?;
    }
    if let Some(memory) = case.memory {
        entry(out, "memory", &json!(format!("{memory}B")))?;
    }
    if let Some(tenant) = &case.tenant {
        entry(out, "tenant", &Node::to_value(tenant))?;
    }
    match &case.steps {
        Steps::Free { continues, passes } => {
            if !continues.is_empty() {
                let continues: Value = continues.iter().map(request).collect();
                entry(out, "continue", &continues)?;
            }
            match passes {
                Some(true) => entry(out, "challenge", &json!("succeed")),
                Some(false) => entry(out, "challenge", &json!("fail")),
                None => Ok(()),
            }
        }
        Steps::Ordered(steps) => {
            let steps = steps.iter().map(|step| match &step.act {
                Act::Continue { .. } => json!({"continue": request(step)}),
                Act::Challenge { passes: true } => json!({"challenge": "succeed"}),
                Act::Challenge { passes: false } => json!({"challenge": "fail"}),
            });
            entry(out, "steps", &steps.collect())
        }
    }
}

fn request(step: &Step) -> Value {
    match &step.act {
        Act::Continue { query, body, token } => {
            let mut request = json!({"query": query, "body": body});
            if let Some(SessionToken {
                secret,
                payload,
                name,
            }) = token
            {
                request["token"] = json!({"secret": secret, "payload": payload, "name": name});
            }
            request
        }
        Act::Challenge { .. } => Value::Null,
    }
}
