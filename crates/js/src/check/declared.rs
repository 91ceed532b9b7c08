//! The code against what the configuration of the Action declares.

use postlogin_core::event::suggest::closest;
use postlogin_core::limits::{
    DEPENDENCIES_PER_ACTION, LIMITATIONS_PAGE, MODULES_PER_ACTION, SECRETS_PER_ACTION,
};

use super::{Declared, Finding, Rule, Severity, Source, start_of};
use crate::source::Language;
use crate::source::facts::{Facts, Require};

const MODULES: &str = "https://auth0.com/docs/customize/actions/manage-dependencies";
const CODING: &str = "https://auth0.com/docs/customize/actions/action-coding-guidelines";

pub(super) const RULES: &[Rule] = &[DEPENDENCY, SECRET, DYNAMIC, TOO_MANY, TRIGGERS];

const DEPENDENCY: Rule = Rule {
    code: "undeclared-dependency",
    severity: Severity::Error,
    summary: "A package is required that is not among the `dependencies` of the Action",
    source: Some(MODULES),
};
const SECRET: Rule = Rule {
    code: "undeclared-secret",
    severity: Severity::Error,
    summary: "A secret is read that is not among the `secrets` of the Action",
    source: Some(CODING),
};
const DYNAMIC: Rule = Rule {
    code: "dynamic-import",
    severity: Severity::Error,
    summary: "`import(…)` is used, which production refuses",
    source: Some("https://github.com/auth0/auth0-actions"),
};
const TOO_MANY: Rule = Rule {
    code: "too-many-declared",
    severity: Severity::Error,
    summary: "The configuration declares more dependencies, secrets or modules than production accepts",
    source: Some(LIMITATIONS_PAGE),
};

const TRIGGERS: Rule = Rule {
    code: "several-declared-triggers",
    severity: Severity::Error,
    summary: "The configuration names several triggers, and the Management API accepts one for an Action",
    source: Some("https://auth0.com/docs/api/management/v2/actions/post-action"),
};

/// The modules of Node 22 itself. <https://nodejs.org/docs/latest-v22.x/api/module.html#modulebuiltinmodules>
#[rustfmt::skip]
const NODE_MODULES: &[&str] = &[
    "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram",
    "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https", "inspector", "module", "net", "os",
    "path", "perf_hooks", "process", "punycode", "querystring", "readline", "repl", "stream", "string_decoder", "sys",
    "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm", "wasi", "worker_threads", "zlib",
];

pub(super) fn check(source: &Source<'_>, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let dynamic = facts.requires.iter().filter(|require| require.is_dynamic);
    if Language::of(source.file) == Language::CommonJs {
        findings.extend(dynamic.map(|require| {
            Finding::new(
                &DYNAMIC,
                &require.location,
                format!("`import('{}')` is refused in production", require.name),
            )
            .with_hint("use `require`")
        }));
    }
    let Some(declared) = source.declared else {
        return findings;
    };
    let ids: Vec<&str> = declared
        .triggers
        .iter()
        .map(|(id, _)| id.as_str())
        .collect();
    if declared.is_uploaded && ids.len() > 1 {
        let message = format!(
            "{} has {} in `supported_triggers`: an Action has one trigger",
            declared.file,
            ids.join(" and ")
        );
        findings.push(
            Finding::new(&TRIGGERS, &start_of(source.file), message)
                .with_hint("make one Action for each trigger"),
        );
    }
    if let Some(packages) = &declared.dependencies {
        let required = facts.requires.iter();
        findings.extend(required.filter_map(|require| dependency(require, packages, declared)));
    }
    if let Some(names) = &declared.secrets {
        let undeclared = facts
            .secrets
            .iter()
            .filter(|secret| !names.contains(&secret.name));
        findings.extend(undeclared.map(|secret| {
            let name = &secret.name;
            Finding::new(
                &SECRET,
                &secret.location,
                format!("the secret `{name}` is not declared in {}", declared.file),
            )
            .spanning(name)
            .with_hint(hint(name, names, "secrets", "value", &declared.file))
        }));
    }
    findings
}

fn dependency(require: &Require, packages: &[String], declared: &Declared) -> Option<Finding> {
    let package = package(&require.name)?;
    if require.is_guarded || packages.iter().any(|declared| declared == package) {
        return None;
    }
    Some(
        Finding::new(
            &DEPENDENCY,
            &require.location,
            format!(
                "the package `{package}` is not declared in {}",
                declared.file
            ),
        )
        .with_hint(hint(
            package,
            packages,
            "dependencies",
            "version",
            &declared.file,
        )),
    )
}

/// Returns the remedy for a name that a list lacks: in the words of the language that `file` is written in. `beside` is the
/// other key of an entry.
fn hint(name: &str, names: &[String], list: &str, beside: &str, file: &str) -> String {
    let near = closest(name, names.iter().map(String::as_str));
    match (near, beside) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, _) if file.ends_with(".tf") => {
            format!("add a block `{list}` with `name = \"{name}\"` and a `{beside}`")
        }
        // An export has no values of secrets.
        (None, "value") => format!("add it to `{list}`: {{\"name\": \"{name}\"}}"),
        (None, beside) => {
            format!("add it to `{list}`: {{\"name\": \"{name}\", \"{beside}\": …}}")
        }
    }
}

/// The npm package that a name belongs to; `None` for Node's own modules, files and Action Modules.
pub(crate) fn package(name: &str) -> Option<&str> {
    let is_package = !name.starts_with(['.', '/', '#']) && !name.contains(':') && !name.is_empty();
    let parts = if name.starts_with('@') { 2 } else { 1 };
    let end = name
        .match_indices('/')
        .nth(parts - 1)
        .map_or(name.len(), |(at, _)| at);
    let package = name.get(..end)?;
    (is_package && !NODE_MODULES.contains(&package)).then_some(package)
}

/// Returns whether Node itself has the module: `fs`, `node:fs`, `fs/promises`.
#[must_use]
pub fn is_node_module(specifier: &str) -> bool {
    let name = specifier.split('/').next().unwrap_or(specifier);
    name.starts_with("node:") || NODE_MODULES.contains(&name)
}

/// Returns the finding about a configuration that declares more than production accepts.
pub(super) fn counts(source: &Source<'_>) -> Option<Finding> {
    let declared = source.declared?;
    let lists = [
        (
            "npm dependencies",
            &declared.dependencies,
            DEPENDENCIES_PER_ACTION,
        ),
        ("secrets", &declared.secrets, SECRETS_PER_ACTION),
        ("Action Modules", &declared.modules, MODULES_PER_ACTION),
    ];
    let mut found = Vec::new();
    let mut most = Vec::new();
    for (what, list, limit) in lists {
        let count = list.as_ref().map_or(0, Vec::len);
        if limit.exceeded_by(count) {
            found.push(format!("{count} {what}"));
            most.push(limit.value.to_string());
        }
    }
    let (found, most) = (joined(&found)?, joined(&most)?);
    let message = format!("the Action declares {found}; production accepts {most}");
    Some(Finding::new(&TOO_MANY, &start_of(&declared.file), message))
}

/// `a`, `a and b`, `a, b and c`; nothing for nothing.
fn joined(parts: &[String]) -> Option<String> {
    let (last, before) = parts.split_last()?;
    Some(if before.is_empty() {
        last.clone()
    } else {
        format!("{} and {last}", before.join(", "))
    })
}
