//! Liquid templates, rendered by LiquidJS inside a sandbox.
//!
//! The vendor renders e-mail with LiquidJS. Its published file (`crates/js/liquidjs`) runs in the JavaScript engine, as
//! a package of a small script, so that a template is limited in time, memory, stack and output as an Action is.

mod desk;

use std::{fmt, sync::Arc, time::Duration};

use postlogin_core::{
    EntryPoint, Fault, FaultKind, HandlerKind, Location, Login, LoginInput, SandboxUse,
};
use postlogin_engine::{Invocation, Program, Script, StackMapper};
use postlogin_host::{Budget, Clock, Conditions, Flow, network::Closed};
use serde::Deserialize;
use serde_json::{Value, json};

use self::desk::Desk;
use crate::JavaScript;

/// The time that the templates of one mail may compute.
pub const TIME: Duration = Duration::from_secs(3);
/// The memory limit of their sandbox, in bytes. The engine itself needs about 18 MB of it.
pub const MEMORY: u64 = 64 << 20;
/// The longest output of one template, in UTF-16 units.
pub const OUTPUT: usize = 1 << 20;
/// The longest template, in UTF-16 units.
pub const LENGTH: usize = 1 << 20;
/// The most characters and elements that one template may make, by LiquidJS' own count.
pub const ALLOCATIONS: usize = 10_000_000;

/// The script of the sandbox. Packages run in the runtime's own realm, whose objects are those of the variables.
const SCRIPT: &str =
    "exports.onExecutePostLogin = async (event) => { require('renderer')(event); };\n";

/// LiquidJS in a sandbox. Cheap to clone; [`JavaScript::liquid`] makes one.
#[derive(Clone)]
pub struct Liquid {
    program: Program,
}

/// Why a template could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiquidError {
    /// Which of the given templates, from 0.
    pub template: usize,
    /// Line and column in it, from 1, if LiquidJS knows them.
    pub place: Option<(u32, u32)>,
    /// The problem.
    pub message: String,
    /// Whether our own program is at fault rather than the template.
    pub is_internal: bool,
}

impl fmt::Display for LiquidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "line {line}, column {column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for LiquidError {}

/// The report of `renderer.js` about an error.
#[derive(Deserialize)]
struct Described {
    line: Option<u32>,
    column: Option<u32>,
    message: String,
    limit: Option<String>,
}

impl JavaScript {
    /// Returns LiquidJS in this engine.
    #[must_use]
    pub fn liquid(&self) -> Liquid {
        Liquid {
            program: self.program(),
        }
    }
}

impl Liquid {
    /// Renders templates with the same variables, each on its own, in a sandbox whose clock stands at `now_ms`.
    ///
    /// # Errors
    /// The first template that is wrong or exceeds a limit.
    ///
    /// # Panics
    /// Inside a tokio runtime: call it from a blocking thread there.
    pub fn render(
        &self,
        templates: &[&str],
        variables: &Value,
        now_ms: i64,
    ) -> Result<Vec<String>, LiquidError> {
        let desk = Arc::new(Desk::default());
        let ended = self.run(&desk, templates, variables, now_ms);
        let received = desk.take();
        let failed = |message: String, is_internal: bool| LiquidError {
            template: received.texts.len().saturating_sub(1),
            place: None,
            message,
            is_internal,
        };
        match ended {
            Err(error) => Err(failed(format!("{error:#}"), true)),
            Ok(Err(fault)) => Err(failed(explained(&fault), is_internal(&fault))),
            Ok(Ok(())) if !received.error.is_empty() => {
                match serde_json::from_str::<Described>(&received.error) {
                    Ok(described) => Err(LiquidError {
                        place: described.line.zip(described.column),
                        message: worded(&described),
                        ..failed(String::new(), false)
                    }),
                    Err(error) => Err(failed(format!("the renderer's report: {error}"), true)),
                }
            }
            Ok(Ok(())) if received.is_complete && received.texts.len() == templates.len() => {
                Ok(received.texts)
            }
            Ok(Ok(())) => Err(failed("the renderer ended early".to_owned(), true)),
        }
    }

    fn run(
        &self,
        desk: &Arc<Desk>,
        templates: &[&str],
        variables: &Value,
        now_ms: i64,
    ) -> anyhow::Result<Result<(), Fault>> {
        let script = Script {
            kind: HandlerKind::Action,
            name: "renderer".to_owned(),
            source: SCRIPT.into(),
        };
        let action = self.program.clone().script(script, Arc::new(AsItIs));
        let action = action.with_modules(Arc::clone(desk) as _);
        let event = json!({
            "templates": templates, "variables": variables.to_string(),
            "limits": {"output": OUTPUT, "length": LENGTH, "memory": ALLOCATIONS},
        });
        let conditions = Conditions {
            clock: Arc::new(Clock::new(now_ms, Flow::Virtual)),
            seed: 0,
            door: Arc::new(Closed),
            budget: Budget {
                time: TIME,
                memory: MEMORY,
            },
        };
        let invocation = Invocation {
            kind: HandlerKind::Action,
            entry: EntryPoint::Execute,
            input: &event.to_string(),
            sandbox: SandboxUse::Fresh,
            conditions: &conditions,
            spent: Duration::ZERO,
            stream: 0,
        };
        // Templates have no api: no login answers.
        let no_login = Login::new(LoginInput::default(), Vec::new());
        let (_, ran) = action.run(&mut None, no_login, invocation)?;
        Ok(ran.result)
    }
}

/// A limit of LiquidJS or of the script, or LiquidJS' own words.
fn worded(described: &Described) -> String {
    match described.limit.as_deref() {
        Some("output") => format!("the output is longer than {OUTPUT} characters"),
        Some("length") => format!("the template is longer than {LENGTH} characters"),
        Some("depth") => "tags are nested too deeply".to_owned(),
        Some("memory") => format!(
            "rendering makes more than {ALLOCATIONS} characters and elements (LiquidJS: {})",
            described.message
        ),
        _ => described.message.clone(),
    }
}

fn explained(fault: &Fault) -> String {
    match fault.kind {
        FaultKind::Timeout => format!("rendering takes longer than {} s", TIME.as_secs()),
        FaultKind::OutOfMemory => {
            format!("rendering needs more than {} MiB of memory", MEMORY >> 20)
        }
        FaultKind::StackOverflow => "tags are nested too deeply".to_owned(),
        _ => format!("{}: {}", fault.name, fault.message),
    }
}

/// Templates and variables can use up a limit; the script itself never fails otherwise.
fn is_internal(fault: &Fault) -> bool {
    !matches!(
        fault.kind,
        FaultKind::Timeout | FaultKind::OutOfMemory | FaultKind::StackOverflow
    )
}

/// There is no source of a user's in whose terms a fault could be told.
struct AsItIs;

impl StackMapper for AsItIs {
    fn place(&self, _: &str) -> Option<Location> {
        None
    }

    fn fault(&self, fault: Fault) -> Fault {
        fault
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use sha2::{Digest, Sha256};

    use super::desk::LIQUIDJS;

    #[test]
    fn liquidjs_is_the_published_file() {
        let lock = include_str!("../../liquidjs/liquidjs.lock");
        let locked = |key: &str| {
            let mut found = lock.lines().filter_map(|line| line.strip_prefix(key));
            found.next().expect("the lock has it").trim().to_owned()
        };
        let mut hash = String::new();
        for byte in Sha256::digest(LIQUIDJS) {
            write!(hash, "{byte:02x}").expect("a String takes everything");
        }
        assert_eq!(
            hash,
            locked("sha256"),
            "liquid.node.js was changed\nhint: CONTRIBUTING.md says how to update it"
        );
        let version = locked("version");
        assert!(
            LIQUIDJS.contains(&format!("liquidjs@{version}")),
            "{version}"
        );
        let notices = include_str!("../../../../THIRD_PARTY_NOTICES.md");
        assert!(
            notices.contains(&format!("### LiquidJS {version}")),
            "{version}"
        );
    }
}
