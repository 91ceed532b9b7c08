//! From an Action's source to something that runs.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use postlogin_core::{ActionInfo, Fault, Location};
use postlogin_engine::{ActionPre, Allocation, BoundAction, CompileNotice, Engine, NotAnAction};
use postlogin_js::{JavaScript, mapper_of_component};
use postlogin_project::{
    ActionKind, ActionSource, CacheEnvironment, Project, Secret, cache_folder, resolve_action,
};
use serde_json::Value;

use crate::{
    error::{CliError, UNLOADABLE},
    printer::Printer,
    secrets,
};

/// What an argument of the command line names.
///
/// # Errors
/// With [`crate::error::USAGE`] when it names nothing that can be read; with [`UNLOADABLE`] when it names a file that
/// says that it is a component and is none.
pub(crate) fn find(
    argument: &str,
    here: &Path,
    project: Option<&Project>,
) -> Result<ActionSource, CliError> {
    resolve_action(argument, here, project).map_err(|error| {
        let file = here.join(argument);
        let claims_to_be_one = file
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("wasm"));
        let mut shown = CliError::from(error);
        if claims_to_be_one && fs::File::open(file).is_ok() {
            shown.code = UNLOADABLE;
            shown.hint.get_or_insert_with(|| {
                "`postlogin build` makes a component of a .js or .ts file".into()
            });
        }
        shown
    })
}

/// Compiles Actions; starts the JavaScript engine only when one needs it.
pub(crate) struct Compiler<'a> {
    engine: Engine,
    javascript: Option<JavaScript>,
    printer: &'a Printer,
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(printer: &'a Printer) -> Result<Self, CliError> {
        let cache = machine_code_folder();
        let engine =
            Engine::new(Allocation::OnDemand, cache).map_err(|error| CliError::internal(&error))?;
        Ok(Self {
            engine,
            javascript: None,
            printer,
        })
    }

    /// An Action at its place in the login, with the secrets that it sees.
    pub(crate) fn bind(
        &mut self,
        source: &ActionSource,
        given: &[Secret],
    ) -> Result<BoundAction, CliError> {
        let info = ActionInfo {
            name: source.name.clone(),
            secrets: secrets::of_action(source, given),
            code_bytes: source.code_bytes(),
        };
        Ok(BoundAction {
            info,
            action: self.action(source)?,
        })
    }

    fn action(&mut self, source: &ActionSource) -> Result<ActionPre, CliError> {
        match &source.kind {
            ActionKind::Script { text, .. } => {
                let action = self.javascript()?.action(&source.display_path, text);
                action.map_err(|error| syntax_error(&error))
            }
            ActionKind::Component { bytes, .. } => self.component(bytes, &source.display_path),
            ActionKind::CargoPackage { dir } => {
                let file = build_cargo_package(dir, &source.display_path)?;
                let bytes = fs::read(&file).map_err(|error| {
                    CliError::unloadable(format!(
                        "can't read what Cargo built, {}: {error}",
                        file.display()
                    ))
                })?;
                self.component(&bytes, &source.display_path)
            }
        }
    }

    fn component(&self, bytes: &[u8], shown: &str) -> Result<ActionPre, CliError> {
        let notice = |notice| self.compiled(shown, &notice);
        let program = self
            .engine
            .program(bytes, notice)
            .map_err(|error| not_an_action(shown, &error))?;
        Ok(program.action(mapper_of_component(bytes)))
    }

    /// The bytes of a self-contained component.
    pub(crate) fn build(&mut self, source: &ActionSource) -> Result<Vec<u8>, CliError> {
        let bytes = match &source.kind {
            ActionKind::Script { text, .. } => {
                let name = portable(&source.display_path);
                let built = self.javascript()?.component(name, text);
                return built.map_err(|error| match error {
                    postlogin_js::BuildError::Syntax(error) => syntax_error(&error),
                    postlogin_js::BuildError::Internal(error) => CliError::internal(&error),
                    postlogin_js::BuildError::Refused(fault) => refused(&fault),
                });
            }
            ActionKind::Component { bytes, .. } => bytes.clone(),
            ActionKind::CargoPackage { dir } => {
                let file = build_cargo_package(dir, &source.display_path)?;
                fs::read(&file)
                    .map_err(|error| CliError::unloadable(format!("{}: {error}", file.display())))?
            }
        };
        // What is not an Action is not passed on as one.
        self.component(&bytes, &source.display_path)?;
        Ok(bytes)
    }

    fn javascript(&mut self) -> Result<&JavaScript, CliError> {
        if self.javascript.is_none() {
            let notice = |notice| self.compiled("the JavaScript engine", &notice);
            let javascript = JavaScript::new(&self.engine, notice).map_err(|error| {
                CliError::internal(&anyhow::anyhow!("the JavaScript engine: {error}"))
            })?;
            self.javascript = Some(javascript);
        }
        self.javascript
            .as_ref()
            .ok_or_else(|| CliError::internal(&anyhow::anyhow!("no JavaScript engine")))
    }

    fn compiled(&self, what: &str, notice: &CompileNotice) {
        let seconds = notice.took.as_secs_f64();
        match &notice.kept {
            Ok(file) => {
                let folder = file.parent().unwrap_or(file).display();
                self.printer.note(&format!(
                    "compiled {what} for this machine in {seconds:.1} s, once; kept in {folder}"
                ));
            }
            Err(reason) => {
                self.printer
                    .note(&format!("compiled {what} in {seconds:.1} s"));
                self.printer
                    .warning(&format!("it will be compiled again next time: {reason}"));
            }
        }
    }
}

/// The name that a component carries for its source. A file outside the project and the working folder is shown by
/// its whole path, which is nobody else's business.
fn portable(display_path: &str) -> &str {
    if Path::new(display_path).is_absolute() {
        display_path
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or(display_path)
    } else {
        display_path
    }
}

/// Where machine code is kept: `POSTLOGIN_CACHE_DIR`, else the user's cache folder.
fn machine_code_folder() -> Option<PathBuf> {
    if let Some(folder) = env::var_os("POSTLOGIN_CACHE_DIR").filter(|folder| !folder.is_empty()) {
        return Some(folder.into());
    }
    cache_folder(&CacheEnvironment {
        xdg_cache_home: env::var_os("XDG_CACHE_HOME"),
        local_app_data: env::var_os("LOCALAPPDATA"),
        home: env::var_os("HOME"),
    })
}

fn syntax_error(error: &postlogin_js::source::SyntaxError) -> CliError {
    CliError {
        hint: error.hint.clone(),
        ..CliError::unloadable(error.to_string())
    }
}

/// What production would report at the first login.
fn refused(fault: &Fault) -> CliError {
    let place = fault.location.as_ref().map(|place| {
        let Location { file, line, column } = place;
        format!("{file}:{line}:{column}: ")
    });
    // A plain Error whose message begins with the class of the error that it wraps.
    let class = match fault.name.as_str() {
        "Error" => String::new(),
        name => format!("{name}: "),
    };
    let place = place.unwrap_or_default();
    CliError::unloadable(format!("{place}{class}{}", fault.message))
}

fn not_an_action(shown: &str, error: &NotAnAction) -> CliError {
    CliError {
        hint: error.hint(),
        ..CliError::unloadable(format!("{shown}: {error}"))
    }
}

/// Builds a package for WebAssembly and returns the component's file. Cargo's own messages go to stderr.
fn build_cargo_package(folder: &Path, shown: &str) -> Result<PathBuf, CliError> {
    let manifest = folder.join("Cargo.toml");
    let output = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--quiet",
            "--target",
            "wasm32-wasip2",
            "--message-format=json-render-diagnostics",
        ])
        .arg("--manifest-path")
        .arg(&manifest)
        .env("CARGO_ENCODED_RUSTFLAGS", remap_flags(folder).join("\x1f"))
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| {
            CliError::unloadable(format!("{shown}: cargo can't be started: {error}"))
                .with_hint("install Rust from https://rustup.rs, or pass a built .wasm component")
        })?;
    if !output.status.success() {
        return Err(
            CliError::unloadable(format!("{shown}: the package does not build")).with_hint(
                "see Cargo's messages above; `rustup target add wasm32-wasip2` adds the target",
            ),
        );
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    messages
        .lines()
        .rev()
        .find_map(component_in)
        .ok_or_else(|| {
            CliError::unloadable(format!("{shown}: Cargo built no component"))
                .with_hint("an Action's package has `[lib] crate-type = [\"cdylib\"]`")
        })
}

/// The component that one line of Cargo's messages names.
fn component_in(line: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    let files = message.get("filenames")?.as_array()?;
    let is_component = |file: &&str| {
        Path::new(file)
            .extension()
            .is_some_and(|extension| extension == "wasm")
    };
    files
        .iter()
        .filter_map(Value::as_str)
        .find(is_component)
        .map(PathBuf::from)
}

/// Panic messages must not hold paths of this machine: neither those of packages nor those above the Action.
fn remap_flags(folder: &Path) -> Vec<String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let mut flags: Vec<String> = home
        .iter()
        .map(|home| format!("--remap-path-prefix={}=/cargo", home.display()))
        .collect();
    if let Ok(folder) = folder.canonicalize() {
        for above in folder
            .ancestors()
            .skip(1)
            .filter(|above| above.parent().is_some())
        {
            flags.push(format!("--remap-path-prefix={}=/src", above.display()));
        }
        // The last match wins: the nearest folder.
        flags.reverse();
    }
    flags
}
