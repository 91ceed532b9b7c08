//! From an Action's source to something that runs.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use postlogin_engine::{Allocation, CompileNotice, Engine, Part};
use postlogin_project::{
    ActionSource, CacheEnvironment, NamedBy, Project, cache_folder, resolve_action,
};
use postlogin_runner::{ALLOW_CARGO_BUILD, Compiler, LoadError, LoadNotice, LoadProblem, Packages};

use crate::{
    error::{CliError, UNLOADABLE},
    helper::Again,
    printer::Printer,
    repository::Repository,
    state::{is_in_project, own_cache},
};

/// Returns the source that an argument of the command line names.
///
/// # Errors
/// With [`crate::error::USAGE`] when it names nothing that can be read; with [`UNLOADABLE`] when it names a file that
/// says that it is a component and is none.
pub(crate) fn find(
    argument: &str,
    here: &Path,
    project: Option<&Project>,
) -> Result<ActionSource, CliError> {
    find_named(argument, here, project, NamedBy::User)
}

/// As [`find`], for an argument that `named_by` chose: a default, or a path of a revision, is not the user's.
pub(crate) fn find_named(
    argument: &str,
    here: &Path,
    project: Option<&Project>,
    named_by: NamedBy,
) -> Result<ActionSource, CliError> {
    resolve_action(argument, here, project, named_by).map_err(|error| {
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

/// Compiles Actions, and reports what takes time.
pub(crate) fn compiler(
    allocation: Allocation,
    printer: &Printer,
) -> Result<Compiler<'_>, CliError> {
    let engine = engine(allocation, *printer).map_err(|error| CliError::internal(&error))?;
    Ok(with_permissions(Compiler::new(engine, |notice| {
        tell(&notice, printer)
    })))
}

/// The same for a server, which loads edited Actions while it runs.
pub(crate) fn lasting_compiler(
    allocation: Allocation,
    printer: Printer,
) -> anyhow::Result<Compiler<'static>> {
    let engine = engine(allocation, printer)?;
    Ok(with_permissions(Compiler::new(engine, move |notice| {
        tell(&notice, &printer)
    })))
}

/// An engine that compiles in other processes, and reports on that.
fn engine(allocation: Allocation, printer: Printer) -> anyhow::Result<Engine> {
    let engine = Engine::new(allocation, machine_code_folder(&printer))?;
    engine.compile_apart(Arc::new(Again));
    engine.announce(move |part, notice| {
        let what = match part {
            Part::Engine => "the JavaScript engine for components",
            Part::Intl => "ICU (for Intl)",
        };
        compiled(what, notice, &printer);
    });
    Ok(engine)
}

/// `POSTLOGIN_ALLOW_CARGO_BUILD=1` is in the environment, not in the project: files of a project cannot set it.
fn with_permissions(mut compiler: Compiler<'_>) -> Compiler<'_> {
    if env::var_os(ALLOW_CARGO_BUILD).is_some_and(|value| value == "1") {
        compiler.allow_cargo_builds();
    }
    compiler
}

fn tell(notice: &LoadNotice<'_>, printer: &Printer) {
    match notice {
        LoadNotice::Compiled { what, notice } => compiled(what, notice, printer),
        LoadNotice::Cargo { text } => printer.passed_on(text),
    }
}

/// Stores packages that were loaded, so that the next process need not load them. A cache that cannot be written is ignored.
pub(crate) fn store_packages(packages: &[Packages]) {
    for packages in packages.iter().filter(|it| it.are_worthwhile()) {
        if let Err(error) = packages.store() {
            tracing::debug!(?packages, %error, "packages are not stored");
        }
    }
}

/// Whether the environment is that of a CI service. `CI=false` is how a user says that it is not, in any case of letters.
pub(crate) fn is_ci() -> bool {
    let no = |value: &str| {
        ["", "0", "false", "no", "off"]
            .iter()
            .any(|word| value.trim().eq_ignore_ascii_case(word))
    };
    // What is not Unicode is set all the same.
    env::var_os("CI").is_some_and(|value| !value.to_str().is_some_and(no))
}

fn compiled(what: &str, notice: &CompileNotice, printer: &Printer) {
    let (took, kept, refused) = match notice {
        CompileNotice::Begins => {
            printer.note(&format!(
                "compiling {what} for this machine, once; this takes seconds, up to a minute on a slow or busy machine"
            ));
            return;
        }
        CompileNotice::Continues { took } => {
            printer.progress(&progress(what, *took), is_due(*took));
            return;
        }
        CompileNotice::Waiting { folder } => {
            let folder = folder.display();
            printer.note(&format!(
                "waiting at most 2 minutes for another process that compiles {what} into {folder}"
            ));
            return;
        }
        CompileNotice::Overdue { lock } => {
            let lock = lock.display();
            printer.warning(&format!(
                "another process is not done with {what} after 2 minutes, so this one compiles it, too; hint: end that process if it hangs, it holds {lock}"
            ));
            return;
        }
        CompileNotice::Compiled {
            took,
            kept,
            refused,
        } => (took, kept, refused),
    };
    if let Some(reason) = refused {
        printer.warning(reason);
    }
    let seconds = took.as_secs_f64();
    match kept {
        Ok(file) => {
            let folder = file.parent().unwrap_or(file).display();
            printer.note(&format!(
                "compiled {what} for this machine in {seconds:.1} s, once; kept in {folder}"
            ));
        }
        Err(reason) => {
            printer.note(&format!("compiled {what} in {seconds:.1} s"));
            printer.warning(&format!("it will be compiled again next time: {reason}"));
            if reason.contains("no cache folder") {
                printer.hint("set POSTLOGIN_CACHE_DIR to a folder of your own");
            }
        }
    }
}

fn progress(what: &str, took: Duration) -> String {
    format!("compiling {what}: {:.1} s", took.as_secs_f64())
}

/// Whether a line is one of progress, of which only the last one is of interest, and none afterwards.
pub(crate) fn is_progress(line: &str) -> bool {
    let rest = line.strip_prefix("compiling ");
    let time = rest.and_then(|rest| rest.rsplit_once(": ")?.1.strip_suffix(" s"));
    time.is_some_and(|time| time.parse::<f64>().is_ok())
}

/// Whether progress after so much time is worth a line: a slow machine should not fill the log of a CI service.
fn is_due(took: Duration) -> bool {
    const SOON: Duration = Duration::from_secs(10);
    took < SOON || took.subsec_millis() < 500 && took.as_secs().is_multiple_of(5)
}

impl From<LoadError> for CliError {
    fn from(error: LoadError) -> Self {
        match error.problem {
            LoadProblem::Unloadable => Self {
                hint: error.hint,
                ..Self::unloadable(error.message)
            },
            LoadProblem::Internal => Self::internal(&anyhow::anyhow!(error.message)),
        }
    }
}

/// Where machine code is kept: `POSTLOGIN_CACHE_DIR`, else the user's cache folder; `None` for a folder that came with a checkout or an
/// unpacked archive, whose author would choose what runs here.
fn machine_code_folder(printer: &Printer) -> Option<PathBuf> {
    let folder = wanted_folder()?;
    let why = match Repository::around(&folder).map(|found| found.tracks_folder()) {
        Some(Ok(false)) => return Some(folder),
        // An archive that is unpacked over the folder of a home has that home's other files as well.
        None if !is_named() || !is_in_project(&folder) => return Some(folder),
        None => match own_cache(&folder) {
            Ok(()) => return Some(folder),
            Err(why) => why,
        },
        Some(Ok(true)) => "files of it are committed".to_owned(),
        Some(Err(error)) => {
            format!("it is in a checkout, and what is committed is not known: {error}")
        }
    };
    let shown = folder.display();
    printer.warning(&format!("the cache folder {shown} is not used: {why}"));
    printer.hint("name a folder outside of the project with POSTLOGIN_CACHE_DIR, or remove the files from the repository, or the folder itself if there is none");
    None
}

/// Whether the environment names the folder, and not only the home that it is in.
fn is_named() -> bool {
    env::var_os("POSTLOGIN_CACHE_DIR").is_some_and(|folder| !folder.is_empty())
}

fn wanted_folder() -> Option<PathBuf> {
    if let Some(folder) = env::var_os("POSTLOGIN_CACHE_DIR").filter(|folder| !folder.is_empty()) {
        return Some(folder.into());
    }
    cache_folder(&CacheEnvironment {
        xdg_cache_home: env::var_os("XDG_CACHE_HOME"),
        local_app_data: env::var_os("LOCALAPPDATA"),
        home: env::var_os("HOME"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_progress_are_known() {
        assert_eq!(
            progress("a.wasm", Duration::from_millis(450)),
            "compiling a.wasm: 0.5 s"
        );
        assert!(is_progress(&progress(
            "the JavaScript engine",
            Duration::from_secs(61)
        )));
        for other in [
            "",
            "compiling a.wasm for this machine, once; this takes seconds",
            "compiling a.wasm: no s",
            "error: compiling a.wasm: 0.5 s",
        ] {
            assert!(!is_progress(other), "{other}");
        }
    }

    #[test]
    fn progress_becomes_rarer() {
        let due = |millis| is_due(Duration::from_millis(millis));
        assert!([450, 900, 9_990].into_iter().all(due));
        assert!([10_450, 15_000, 60_499].into_iter().all(due));
        assert!(![10_900, 12_000, 14_999, 61_000].into_iter().any(due));
    }
}
