//! This program once more, to compile: `postlogin compile-part engine FOLDER`.

use std::{
    env,
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use postlogin_engine::{Engine, Helper, HelperError, NotKept, Part};
use postlogin_js::JavaScript;

use crate::{
    error::{CliError, SUCCESS},
    streams,
};

/// The hidden command.
const COMMAND: &str = "compile-part";

/// The first output of the other process. A program that does not print it (a loader that was started instead of us) is another one.
const READY: &[u8] = b"postlogin compiles\n";

/// The exit code of the other process when it has compiled and cannot write the result; `EX_IOERR` of sysexits.h.
const NOT_KEPT: u8 = 74;

/// Each thread of the compiler takes some 10 MB.
const MOST_THREADS: usize = 6;

/// Compiling takes ten seconds of one core; a machine on which this is not enough is not fit to run logins.
const PATIENCE: Duration = Duration::from_secs(600);

/// The time between two looks at the other process.
const PAUSE: Duration = Duration::from_millis(5);

/// Starts this program again.
#[derive(Debug)]
pub(crate) struct Again;

impl Helper for Again {
    fn compile(&self, part: Part, folder: &Path, lock: Option<&File>) -> Result<(), HelperError> {
        let unavailable = |error: io::Error| HelperError::Unavailable(error.to_string());
        let program = this_program().map_err(unavailable)?;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let lock = lock.map(File::try_clone).transpose().map_err(unavailable)?;
        let mut command = Command::new(program);
        command
            .args([COMMAND, part.name()])
            .arg(folder)
            .env("RAYON_NUM_THREADS", cores.min(MOST_THREADS).to_string())
            .env_remove("POSTLOGIN_LOG")
            .env_remove("RUST_BACKTRACE")
            // It reads nothing. As its input, the lock stays open until it is done, also when this process is killed.
            .stdin(lock.map_or_else(Stdio::null, Stdio::from))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Ctrl-C ends what waits; what was begun is kept for the next time.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(unavailable)?;
        let status = wait(&mut child);
        let mut said = Vec::new();
        let mut problem = String::new();
        // It is over: these are what it wrote before.
        if let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) {
            let _ = out.take(1_000).read_to_end(&mut said);
            let _ = err.take(10_000).read_to_string(&mut problem);
        }
        if !said.starts_with(READY) {
            return Err(HelperError::Unavailable(format!(
                "it is another program: {problem}"
            )));
        }
        match status {
            Ok(Some(status)) if status.success() => Ok(()),
            Ok(Some(status)) if status.code() == Some(NOT_KEPT.into()) => {
                Err(HelperError::NotKept(reason(status, &problem)))
            }
            Ok(Some(status)) => Err(HelperError::Failed(reason(status, &problem))),
            Ok(None) => Err(HelperError::Failed(format!(
                "the process that compiles was not done after {} minutes",
                PATIENCE.as_secs() / 60
            ))),
            Err(error) => Err(HelperError::Failed(error.to_string())),
        }
    }
}

/// Returns the file of this program. On Linux it is the one that runs, even if another one was put in its place or it was removed.
fn this_program() -> io::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    match cfg!(target_os = "linux") && running.exists() {
        true => Ok(running.to_owned()),
        false => env::current_exe(),
    }
}

/// Waits for the end; `None` when it does not come, and then it is ended.
fn wait(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(PAUSE);
    }
}

/// Why a process that compiles has failed: what it said, else how it ended.
fn reason(status: ExitStatus, said: &str) -> String {
    let said = said.lines().next().unwrap_or_default();
    let said = said.strip_prefix("error: ").unwrap_or(said);
    match said.is_empty() {
        true => format!("the process that compiles ended with {status}"),
        false => said.to_owned(),
    }
}

/// Compiles, in the process that [`Again`] started.
pub(crate) fn compile_part(part: &str, folder: &Path) -> Result<u8, CliError> {
    let part = Part::of_name(part)
        .ok_or_else(|| CliError::usage(format!("{COMMAND} {part}: there is no such part")))?;
    let mut out = streams::stdout();
    let ready = out.write_all(READY).and_then(|()| out.flush());
    ready.map_err(|error| CliError::unwritable("stdout", error))?;
    let unloadable = |error: anyhow::Error| CliError::unloadable(format!("{error:#}"));
    let engine = Engine::for_helper(folder.to_owned()).map_err(unloadable)?;
    match JavaScript::compile_part(&engine, part) {
        Ok(()) => Ok(SUCCESS),
        // The other process finds out by itself, and says it to the user.
        Err(error) if error.is::<NotKept>() => Ok(NOT_KEPT),
        Err(error) => Err(unloadable(error)),
    }
}
