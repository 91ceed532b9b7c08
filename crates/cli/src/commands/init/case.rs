//! The first case of an Action: what it does today, to be changed into what it should do.

use std::{collections::BTreeSet, fmt::Write, sync::Arc};

use postlogin_core::{
    Trigger, complete_event,
    event::sample,
    outcome::{Outcome, Status, TokenKind, Verdict},
    reads::Watch,
};
use postlogin_engine::BoundAction;
use postlogin_host::{Budget, Clock, Conditions, Flow, MockDoor};
use postlogin_project::{ActionSource, Project, Secret};
use postlogin_runner::{
    Compiler, DEFAULT_NOW_MS, PreparedLogin, run_login, trigger_of, unloadable,
};
use serde_json::{Map, Value};

use crate::error::CliError;

/// What stands in for a secret whose value nobody knows here.
const PLACEHOLDER: &str = "test";

/// A file with a first case.
pub(super) struct FirstCase {
    /// Its text.
    pub(super) text: String,
    /// The packages that have to be installed before it can run, as npm takes them.
    pub(super) missing: Vec<String>,
}

/// The text of a file with one case, which passes. `named` is what the case calls the source.
pub(super) fn first_case(
    project: &Project,
    source: &ActionSource,
    named: &str,
    compiler: &mut Compiler<'_>,
    schema: &str,
) -> Result<FirstCase, CliError> {
    let declared = source.declared.as_ref();
    let secrets: Vec<Secret> = declared
        .iter()
        .flat_map(|manifest| &manifest.secret_names)
        .map(|name| Secret {
            name: name.clone(),
            value: PLACEHOLDER.to_owned(),
        })
        .collect();
    // What is wrong with it is said where it is loaded.
    let trigger = trigger_of(source).unwrap_or_default();
    let ran = compiler
        .bind(source, &secrets, trigger)
        .map_err(|error| error.message)
        .map(|bound| login(project, trigger, bound));
    let mut missing = Vec::new();
    let text = match ran {
        Ok(Ok(outcome)) if !missing_packages(&outcome).is_empty() => {
            // What it does without its packages is not what it does.
            missing = missing_packages(&outcome);
            let reason = format!("npm install {} first", missing.join(" "));
            case(named, trigger, &secrets, schema, Err(&reason))
        }
        Ok(Ok(outcome)) => match unloadable(&outcome) {
            Some(error) => case(named, trigger, &secrets, schema, Err(&error.message)),
            None => case(named, trigger, &secrets, schema, Ok(&outcome)),
        },
        Ok(Err(error)) => return Err(CliError::internal(&error)),
        Err(message) => case(named, trigger, &secrets, schema, Err(&message)),
    };
    Ok(FirstCase { text, missing })
}

/// The packages that the Action did not find, as npm takes them.
fn missing_packages(outcome: &Outcome) -> Vec<String> {
    let notices = outcome.notices.iter();
    let notices = notices.filter(|notice| notice.code == "module-not-found");
    let packages = notices.filter_map(|notice| notice.message.rsplit_once("npm install "));
    packages.map(|(_, package)| package.to_owned()).collect()
}

fn login(project: &Project, trigger: Trigger, bound: BoundAction) -> anyhow::Result<Outcome> {
    let mut event = sample(trigger);
    complete_event(trigger, &mut event);
    let prepared = PreparedLogin {
        trigger,
        tenant: project.tenant.settings_for(&event, None),
        event,
        conditions: Conditions {
            clock: Arc::new(Clock::new(DEFAULT_NOW_MS, Flow::Virtual)),
            seed: 0,
            door: Arc::new(MockDoor::new(Vec::new())),
            budget: Budget::default(),
        },
        steps: Vec::new(),
        watch: Watch::Off,
    };
    Ok(run_login(&[bound], prepared, None)?.outcome)
}

/// JSON is YAML: what is quoted needs no further thought.
fn case(
    named: &str,
    trigger: Trigger,
    secrets: &[Secret],
    schema: &str,
    ran: Result<&Outcome, &str>,
) -> String {
    let outcome = ran.ok();
    let mut text = format!("# yaml-language-server: $schema={schema}\n");
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    line(format!("actions: [{}]", quoted(named)));
    if !secrets.is_empty() {
        line("secrets:".to_owned());
        for secret in secrets {
            line(format!(
                "  {}: {}",
                quoted(&secret.name),
                quoted(&secret.value)
            ));
        }
    }
    line("cases:".to_owned());
    if trigger == Trigger::PostLogin {
        line("  - description: the built-in sample logs in".to_owned());
        line("    # with: { user: { user_metadata: { hobby: surfing } } }".to_owned());
    } else {
        line(format!("  - description: the built-in sample of {trigger}"));
        line("    # with: { request: { ip: 192.0.2.1 } }".to_owned());
    }
    if let Err(broken) = ran {
        line(format!("    skip: {}", quoted(broken)));
    }
    line("    expect:".to_owned());
    let status = outcome.map_or(Status::Allowed, |outcome| outcome.status);
    let status = serde_json::to_value(status).unwrap_or_default();
    line(format!(
        "      status: {}",
        status.as_str().unwrap_or_default()
    ));
    if let Some(outcome) = outcome {
        for (key, kind, claims) in [
            ("id_token", TokenKind::IdToken, &outcome.id_token.claims),
            (
                "access_token",
                TokenKind::AccessToken,
                &outcome.access_token.claims,
            ),
        ] {
            claims_of(key, kind, claims, outcome, &mut line);
        }
        if let Ok(effects) = serde_json::to_value(&outcome.effects)
            && !outcome.effects.is_empty()
        {
            line(format!("      effects: {effects}"));
        }
        let asks = |code: &str| outcome.notices.iter().any(|notice| notice.code == code);
        if asks("request-unmatched") {
            line(
                "      # It asks services: write what they answer under `http`, and remove this."
                    .into(),
            );
            line("      notices: [request-unmatched]".into());
        }
        if let Some(error) = &outcome.error {
            line(format!("      error: {{ name: {} }}", quoted(&error.name)));
        }
    }
    text
}

/// The claims that the Action set and that were kept.
fn claims_of(
    key: &str,
    kind: TokenKind,
    claims: &Map<String, Value>,
    outcome: &Outcome,
    line: &mut impl FnMut(String),
) {
    let kept = outcome.ledger.iter();
    let kept = kept.filter(|entry| entry.token == kind && entry.verdict == Verdict::Kept);
    let names: BTreeSet<&str> = kept.map(|entry| entry.name.as_str()).collect();
    let set = claims
        .iter()
        .filter(|(name, _)| names.contains(name.as_str()));
    let mut text = String::new();
    for (name, value) in set {
        // A claim that holds a secret or the time of day has no place in a file.
        let _ = writeln!(text, "        {}: {value}", quoted(name));
    }
    if !text.is_empty() {
        line(format!("      {key}:\n{}", text.trim_end()));
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
