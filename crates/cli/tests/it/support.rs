//! Runs the program as a user would.

use std::{
    ffi::OsStr,
    fmt, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
};

use regex_lite::Regex;
use serde_json::Value;
use tempfile::TempDir;

/// A time and a seed: two runs with them have the same outcome.
pub(crate) const FIXED: &str = "--now 2026-11-22T10:00:00Z --seed 1";

/// An Action that does nothing but ask ICU, so that it is compiled.
const ASKS_ICU: &str =
    "exports.onExecutePostLogin = async () => { (1.5).toLocaleString('de'); };\n";

/// An Action that does nothing.
pub(crate) const QUIET: &str = "exports.onExecutePostLogin = async () => {};\n";

/// The repository, which is a project itself.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where tests keep machine code, so that the JavaScript engine is compiled once for all of them.
pub(crate) fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")
}

/// Where tests keep what a user's own folder for data has.
pub(crate) fn data() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("data")
}

/// A folder outside of any project, with these files in it.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    for (name, text) in files {
        let file = folder.path().join(name);
        let parent = file.parent().expect("it is in the folder");
        fs::create_dir_all(parent).expect("a folder can be made");
        fs::write(file, text).expect("a file can be written");
    }
    folder
}

/// Line and column of the marker's first letter in a text, as `--format json` writes them.
#[track_caller]
pub(crate) fn place(text: &str, marker: &str) -> (u64, u64) {
    let at = text.find(marker).expect("the text has the marker");
    let before = &text[..at];
    let line = before.matches('\n').count() as u64 + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() as u64 + 1;
    (line, column)
}

/// A command about to run.
pub(crate) struct Invocation {
    command: Command,
    stdin: Option<Vec<u8>>,
}

/// `postlogin` with the words of `arguments`, in the repository.
pub(crate) fn postlogin(arguments: &str) -> Invocation {
    // Two tests must not both compile the engine, ICU or the engine of components, and no snapshot should show it.
    static WARM: LazyLock<()> = LazyLock::new(|| {
        let folder = folder(&[("icu.js", ASKS_ICU)]);
        for arguments in ["run icu.js", "build icu.js -o icu.wasm"] {
            let done = bare(arguments).within(folder.path()).finish();
            assert_eq!(done.code, Some(0), "the engine starts: {done}");
        }
    });
    LazyLock::force(&WARM);
    bare(arguments)
}

fn bare(arguments: &str) -> Invocation {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postlogin"));
    command
        .args(arguments.split_whitespace())
        .current_dir(repository())
        .env("POSTLOGIN_CACHE_DIR", cache())
        .env("XDG_DATA_HOME", data());
    for variable in [
        "CI",
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "POSTLOGIN_ALLOW_CARGO_BUILD",
        "POSTLOGIN_LOG",
        "POSTLOGIN_TRUST_STATE",
        "RUST_BACKTRACE",
    ] {
        command.env_remove(variable);
    }
    Invocation {
        command,
        stdin: None,
    }
}

impl Invocation {
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn args<const N: usize>(mut self, arguments: [&str; N]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    #[cfg(unix)]
    pub(crate) fn without(mut self, variable: &str) -> Self {
        self.command.env_remove(variable);
        self
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.into());
        self
    }

    /// For what only a `Command` can do.
    pub(crate) fn command(self) -> Command {
        self.command
    }

    pub(crate) fn finish(mut self) -> Finished {
        let stdin = match self.stdin {
            Some(_) => Stdio::piped(),
            None => Stdio::null(),
        };
        let started = self
            .command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = started.expect("the program starts");
        if let (Some(text), Some(mut pipe)) = (self.stdin, child.stdin.take()) {
            // A program that refuses its arguments does not read on.
            let _ = pipe.write_all(&text);
        }
        let output = child.wait_with_output().expect("the program ends");
        let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        assert!(!stderr.contains("panicked"), "{stderr}");
        Finished {
            code: output.status.code(),
            stdout,
            stderr,
        }
    }

    /// The outcome of a run that exits with `code`; nothing else is on stdout.
    #[track_caller]
    pub(crate) fn outcome(self, code: i32) -> Value {
        let done = self.arg("--format").arg("json").finish();
        assert_eq!(done.code, Some(code), "{done}");
        serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done}"))
    }
}

/// A command that ran.
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// Both streams.
    pub(crate) fn printed(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

/// The common parts of two runs of the same command.
impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = match self.code {
            Some(code) => code.to_string(),
            None => "a signal".to_owned(),
        };
        writeln!(f, "exit code: {code}")?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            let text = steady(text);
            if !text.is_empty() {
                writeln!(f, "----- {name} -----\n{}", text.trim_end())?;
            }
        }
        Ok(())
    }
}

/// The text without what a run costs, and without the progress of what takes longer on a slow machine.
pub(crate) fn steady(text: &str) -> String {
    static COSTS: LazyLock<[(Regex, &str); 5]> = LazyLock::new(|| {
        let regex = |pattern| Regex::new(pattern).expect("the pattern is right");
        [
            (regex(r"(?m)^compiling [^\n]*: \d+\.\d s\n"), ""),
            (
                regex(r" +\d+(\.\d+)? (µs|ms|s)( \(\d+ %\))?( {2}|\b| )"),
                " [time] ",
            ),
            (regex(r" +\d+(\.\d+)? [KM]?i?B( {2}|\b)"), " [memory] "),
            (regex(r"\[ +\d+\.\d{3}s\]"), "[time]"),
            (regex(r" +\n"), "\n"),
        ]
    });
    let mut text = text.to_owned();
    for (pattern, replacement) in COSTS.iter() {
        text = pattern.replace_all(&text, *replacement).into_owned();
    }
    text
}

/// Compares a whole command with the snapshot beside it.
macro_rules! assert_command {
    ($invocation:expr, @$snapshot:literal) => {
        insta::assert_snapshot!($invocation.finish().to_string(), @$snapshot)
    };
}
pub(crate) use assert_command;
