//! `postlogin mcp`: run, explain, check, test and compare as tools for agents.
//!
//! Each call is a process of its own, this program with the options that the arguments stand for: a call that crashes, hangs or grows
//! takes nothing with it, and its answer is what the same command prints. Calls write no file unless an argument asks for it, make no
//! request to the network, and build no Cargo package.

mod arguments;
mod child;
mod tools;

use std::{env, path::PathBuf};

use postlogin_mcp::{About, Answer, Desk, Tool, serve};
use serde_json::{Map, Value};

use crate::{
    action::is_progress,
    error::{CliError, SUCCESS, UNWRITABLE},
    streams, version,
};
use child::{Ended, Invocation};

/// The most of an answer that is passed on, in bytes.
const MOST_TEXT: usize = 256 << 10;

/// The instructions for agents before they call a tool.
const INSTRUCTIONS: &str = "Runs Auth0 Actions and Rules of this project offline, with production's semantics. \
    Paths are relative to the project's folder. `check` finds what cannot work in production without running anything; \
    `run` runs one login; `explain` shows where each claim comes from and why one is missing; `test` runs the project's cases \
    (*.case.yaml); `compare` shows what two versions do differently. Nothing is written unless `update_snapshots` or `write_cases` \
    is given, and no request reaches the network: give `http` mocks.";

pub(crate) fn mcp() -> Result<u8, CliError> {
    let program = env::current_exe()
        .map_err(|error| CliError::usage(format!("this program cannot be found: {error}")))?;
    let folder = env::current_dir().map_err(|error| {
        CliError::usage(format!("cannot determine the current directory: {error}"))
    })?;
    let about = About {
        name: "postlogin",
        version: version::SHORT,
        instructions: INSTRUCTIONS,
    };
    let desk = Commands { program, folder };
    serve(about, desk, streams::stdin(), streams::stdout()).map_err(|error| CliError {
        code: UNWRITABLE,
        ..CliError::usage(format!("the connection to the client ended: {error}"))
            .with_hint("`postlogin mcp` is started by an agent's program; see the page on agents in the documentation")
    })?;
    Ok(SUCCESS)
}

/// The commands of this program.
struct Commands {
    program: PathBuf,
    /// The folder to which paths are relative.
    folder: PathBuf,
}

impl Desk for Commands {
    fn tools(&self) -> Vec<Tool> {
        tools::ALL.iter().map(tools::Spec::tool).collect()
    }

    fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Answer {
        let Some(spec) = tools::ALL.iter().find(|spec| spec.name == tool) else {
            return failed("unknown tool", None);
        };
        let invocation = match arguments::invocation(spec, &arguments) {
            Ok(invocation) => invocation,
            Err(refused) => return failed(&refused.message, Some(&refused.hint)),
        };
        let ended = match invocation.run(&self.program, &self.folder, is_cancelled) {
            Ok(ended) => ended,
            Err(error) => {
                return failed(&format!("the program could not be started: {error}"), None);
            }
        };
        answer(&invocation, ended)
    }
}

/// Returns the answer to a call that could not be made.
fn failed(message: &str, hint: Option<&str>) -> Answer {
    let hint = hint.map_or(String::new(), |hint| format!("\nhint: {hint}"));
    Answer {
        texts: vec![format!("error: {message}{hint}")],
        value: None,
        is_error: true,
    }
}

/// Turns what a process printed into the answer. What it says on stderr, errors with their hints among it, comes last.
fn answer(invocation: &Invocation, ended: Ended) -> Answer {
    if let Some(reason) = ended.stopped {
        return failed(
            &reason,
            Some("ask for less: fewer cases, `filter`, `timeout`"),
        );
    }
    let printed = ended.stdout.text.trim_end();
    let is_empty = printed.is_empty();
    // 3, 100 and 102 are results: a login that is denied, an expectation that is not met.
    let is_error = match ended.code {
        Some(0 | 3 | 100 | 102) => false,
        Some(101) => is_empty,
        _ => true,
    };
    let value = match ended.stdout.left_out {
        0 if invocation.is_json => serde_json::from_str(printed).ok().filter(Value::is_object),
        _ => None,
    };
    let mut texts = Vec::new();
    if !is_empty {
        texts.push(ended.stdout.with_remark());
    }
    let remarks = ended.stderr.text.lines().filter(|line| !is_progress(line));
    let remarks = child::Output {
        text: remarks.collect::<Vec<_>>().join("\n"),
        left_out: ended.stderr.left_out,
    };
    if !remarks.text.trim().is_empty() {
        texts.push(remarks.with_remark());
    }
    if let Some(errors) = value.as_ref().and_then(|value: &Value| value.get("errors")) {
        // A request that is refused is answered with exit code 0.
        return Answer {
            texts: vec![refusals(errors)],
            value: None,
            is_error: true,
        };
    }
    if texts.is_empty() {
        texts.push(match ended.code {
            Some(0) => "nothing to report".to_owned(),
            code => format!("error: ended with code {code:?} and printed nothing"),
        });
    }
    Answer {
        texts,
        value,
        is_error,
    }
}

/// `[{message, hint}]` as lines.
fn refusals(errors: &Value) -> String {
    let mut lines = Vec::new();
    for error in errors.as_array().into_iter().flatten() {
        let part = |name: &str| error.get(name).and_then(Value::as_str);
        lines.push(format!("error: {}", part("message").unwrap_or_default()));
        if let Some(hint) = part("hint") {
            lines.push(format!("hint: {hint}"));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use child::Output;

    fn ended(code: i32, stdout: &str, stderr: &str) -> Ended {
        let output = |text: &str| Output {
            text: text.to_owned(),
            left_out: 0,
        };
        Ended {
            code: Some(code),
            stdout: output(stdout),
            stderr: output(stderr),
            stopped: None,
        }
    }

    fn json_call() -> Invocation {
        Invocation {
            is_json: true,
            ..Invocation::default()
        }
    }

    #[test]
    fn progress_is_left_out() {
        let stderr = "compiling a.wasm: 0.5 s\ncompiled a.wasm in 0.7 s\ncompiling b.wasm: 0.5 s\n";
        let answered = answer(&json_call(), ended(0, "{}", stderr));
        assert_eq!(answered.texts, ["{}", "compiled a.wasm in 0.7 s"]);
        let quiet = answer(&json_call(), ended(0, "{}", "compiling a.wasm: 0.5 s\n"));
        assert_eq!(quiet.texts, ["{}"]);
    }

    #[test]
    fn findings_are_results_and_refusals_are_errors() {
        for (code, stdout, is_error) in [
            (0, "{}", false),
            (3, "{}", false),
            (100, "{}", false),
            (101, "{}", false),
            (101, "", true),
            (102, "{}", false),
            (1, "{}", true),
            (2, "", true),
            (4, "", true),
            (110, "{}", true),
        ] {
            let answer = answer(&json_call(), ended(code, stdout, "error: x"));
            assert_eq!(answer.is_error, is_error, "{code} {stdout:?}");
        }
    }

    #[test]
    fn errors_of_a_request_have_their_hints() {
        let line =
            r#"{"id":null,"errors":[{"message":"a: unknown key `x`","hint":"did you mean `y`?"}]}"#;
        let answer = answer(&json_call(), ended(0, line, ""));
        assert!(answer.is_error);
        assert_eq!(
            answer.texts,
            ["error: a: unknown key `x`\nhint: did you mean `y`?"]
        );
    }

    #[test]
    fn an_answer_that_is_cut_has_no_value() {
        let mut long = ended(0, "{\"a\":", "");
        long.stdout.left_out = 7;
        let answer = answer(&json_call(), long);
        assert_eq!(answer.value, None);
        assert!(
            answer.texts[0].ends_with("… 7 more bytes are left out"),
            "{answer:?}"
        );
    }
}
