//! The first case of an Action: what it does today, to be changed into what it should do.

use std::{collections::BTreeSet, fmt::Write, sync::Arc};

use postlogin_core::{
    CacheEntries, Trigger, complete_event,
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

/// The replacement for a secret whose value is unknown here.
const PLACEHOLDER: &str = "test";

/// The replacement for one that the Action uses as a URL.
const URL_PLACEHOLDER: &str = "https://example.com";

/// The longest error in a description, in letters.
const LONGEST_ERROR: usize = 120;

/// Secrets are looked at one by one up to this number; each costs one login.
const SECRETS_TRIED: usize = 20;

/// A file with a first case.
pub(super) struct FirstCase {
    /// Its text.
    pub(super) text: String,
    /// The packages that have to be installed before it can run, as npm takes them.
    pub(super) missing: Vec<String>,
    /// The part of the case that looks like a mistake and is kept as it is, in words.
    pub(super) remark: Option<String>,
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
    let names = declared.iter().flat_map(|manifest| &manifest.secret_names);
    let names: Vec<&str> = names.map(String::as_str).collect();
    // What is wrong with it is said where it is loaded.
    let trigger = trigger_of(source).unwrap_or_default();
    let mut run = |secrets: &[Secret]| match compiler.bind(source, secrets, trigger) {
        Ok(bound) => match login(project, trigger, bound) {
            Ok(outcome) => Ok(match unloadable(&outcome) {
                Some(error) if missing_packages(&outcome).is_empty() => Err(error.message.clone()),
                _ => Ok(outcome),
            }),
            Err(error) => Err(CliError::internal(&error)),
        },
        Err(error) => Ok(Err(error.message)),
    };
    let (secrets, ran) = with_secrets(&names, &mut run)?;
    let mut missing = Vec::new();
    let mut remark = None;
    let name = &source.name;
    let text = match ran {
        Ok(outcome) if !missing_packages(&outcome).is_empty() => {
            // What it does without its packages is not what it does.
            missing = missing_packages(&outcome);
            let reason = format!("npm install {} first", missing.join(" "));
            case(named, trigger, &secrets, schema, Err(&reason))
        }
        Ok(outcome) => {
            remark = failure(&outcome).map(|error| {
                format!("the first case of `{name}` expects what happens now, a failure: {error}")
            });
            case(named, trigger, &secrets, schema, Ok(&outcome))
        }
        Err(message) => {
            remark = Some(format!(
                "the case of `{name}` is skipped, for it cannot be loaded: {message}"
            ));
            case(named, trigger, &secrets, schema, Err(&message))
        }
    };
    Ok(FirstCase {
        text,
        missing,
        remark,
    })
}

/// The result of a login, or the reason why the Action cannot be loaded.
type Ran = Result<Outcome, String>;

/// Runs the Action with a value for each secret. One whose use as a URL fails the login gets a URL: a case that pins the error
/// of `new URL("test")` would say nothing about the Action.
fn with_secrets(
    names: &[&str],
    run: &mut impl FnMut(&[Secret]) -> Result<Ran, CliError>,
) -> Result<(Vec<Secret>, Ran), CliError> {
    let valued = |value: &str| {
        let secret = |name: &&str| Secret {
            name: (*name).to_owned(),
            value: value.to_owned(),
        };
        names.iter().map(secret).collect::<Vec<_>>()
    };
    let plain = valued(PLACEHOLDER);
    let first = run(&plain)?;
    if names.is_empty()
        || !first
            .as_ref()
            .is_ok_and(|outcome| failure(outcome).is_some())
    {
        return Ok((plain, first));
    }
    let mut secrets = valued(URL_PLACEHOLDER);
    let mut best = run(&secrets)?;
    if !gets_further(&first, &best) {
        return Ok((plain, first));
    }
    for index in 0..secrets.len().min(SECRETS_TRIED) {
        let mut fewer = secrets.clone();
        if let Some(secret) = fewer.get_mut(index) {
            PLACEHOLDER.clone_into(&mut secret.value);
        }
        let ran = run(&fewer)?;
        if gets_further(&first, &ran) {
            (secrets, best) = (fewer, ran);
        }
    }
    Ok((secrets, best))
}

/// Whether the second login ends well, or came to a request that the first did not come to.
fn gets_further(first: &Ran, second: &Ran) -> bool {
    match (first, second) {
        (Ok(first), Ok(second)) => failure(second).is_none() || (asks(second) && !asks(first)),
        _ => false,
    }
}

/// Whether it asked a service that no exchange answers.
fn asks(outcome: &Outcome) -> bool {
    let mut notices = outcome.notices.iter();
    notices.any(|notice| notice.code == "request-unmatched")
}

/// The error that failed the login, as `TypeError: its message`; its first line, shortened.
fn failure(outcome: &Outcome) -> Option<String> {
    if outcome.status != Status::Failed {
        return None;
    }
    let Some(error) = &outcome.error else {
        return Some("an error without a name".into());
    };
    let first = error.message.lines().next().unwrap_or_default();
    let mut text = format!("{}: {first}", error.name);
    if let Some((end, _)) = text.char_indices().nth(LONGEST_ERROR) {
        text.truncate(end);
        text.push('…');
    }
    Some(text)
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
        passes_over: false,
        cache: CacheEntries::default(),
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
    let what = match trigger == Trigger::PostLogin {
        true => "the built-in sample".to_owned(),
        false => format!("the built-in sample of {trigger}"),
    };
    let failed = outcome.and_then(failure);
    match (&failed, outcome.map(|outcome| outcome.status)) {
        // What comes from the Action is quoted: a name of a case is one line of YAML.
        (Some(error), _) => {
            let text = quoted(&format!("{what} fails with {error}"));
            line(format!("  - description: {text}"));
        }
        (None, Some(Status::Denied)) => line(format!("  - description: {what} is denied")),
        (None, Some(Status::Redirected)) => {
            line(format!("  - description: {what} is sent to another site"));
        }
        (None, Some(Status::Prompted)) => line(format!("  - description: {what} is shown a form")),
        (None, Some(Status::Challenged)) => {
            line(format!("  - description: {what} is asked for a factor"));
        }
        (None, _) if trigger == Trigger::PostLogin => {
            line(format!("  - description: {what} logs in"));
        }
        (None, _) => line(format!("  - description: {what}")),
    }
    match trigger == Trigger::PostLogin {
        true => line("    # with: { user: { user_metadata: { hobby: surfing } } }".to_owned()),
        false => line("    # with: { request: { ip: 192.0.2.1 } }".to_owned()),
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
        if asks(outcome) {
            line(
                "      # It asks services: write what they answer under `http`, and remove this."
                    .into(),
            );
            line("      notices: [request-unmatched]".into());
        }
        if let Some(error) = &outcome.error {
            if failed.is_some() {
                line("      # It is what happens now: change it into what should happen.".into());
            }
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
