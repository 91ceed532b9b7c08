//! The arguments with which a login runs again from a shell, for the page's "Copy as command".

use std::path::Path;

use postlogin_project::Secret;

use crate::args::{LimitArguments, NetworkArguments, RunArguments};

/// Returns the arguments that runs of the same Actions share. The value of a secret is that of a variable of the shell.
pub(super) fn options(
    network: &NetworkArguments,
    limits: &LimitArguments,
    secrets: &[Secret],
) -> Vec<String> {
    let mut options = Vec::new();
    let mut add = |name: &str, value: String| options.extend([name.to_owned(), value]);
    for file in &network.http {
        add("--http", shown(file));
    }
    for secret in secrets {
        add("--secret", format!("{0}=${0}", secret.name));
    }
    if limits.timeout != LimitArguments::TIMEOUT {
        add("--timeout", limits.timeout.clone());
    }
    if limits.memory != LimitArguments::MEMORY {
        add("--memory", limits.memory.clone());
    }
    if let Some(hosts) = &network.allow_net {
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        options.push(match hosts.join(",").as_str() {
            "" => "--allow-net".to_owned(),
            hosts => format!("--allow-net={hosts}"),
        });
    }
    options
}

/// Returns the arguments of a run besides its event, clock, seed and steps.
pub(super) fn arguments(run: &RunArguments, secrets: &[Secret]) -> Vec<String> {
    let mut arguments = vec!["explain".to_owned()];
    arguments.extend(run.actions.iter().cloned());
    let event = &run.event;
    let files = [
        ("--token-response", &event.token_response),
        ("--rule-context", &event.rule_context),
    ];
    let files = files
        .into_iter()
        .filter_map(|(name, file)| Some((name, shown(file.as_ref()?))));
    let texts = [
        ("--trigger", &run.trigger),
        ("--connection", &event.connection),
        ("--issuer", &run.issuer),
    ];
    let texts = texts
        .into_iter()
        .filter_map(|(name, text)| Some((name, text.clone()?)));
    for (name, value) in texts.chain(files) {
        arguments.extend([name.to_owned(), value]);
    }
    arguments.extend(options(&run.network, &run.limits, secrets));
    arguments
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}
