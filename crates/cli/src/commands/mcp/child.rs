//! One call as a process: bounded in time and in what it prints.

use std::{
    io::{self, Read, Write},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::MOST_TEXT;

/// The time limit of a call.
const LIMIT: Duration = Duration::from_secs(300);
/// The most of stderr that is passed on, in bytes.
const MOST_REMARKS: usize = 16 << 10;
/// The time between two looks at a process.
const POLL: Duration = Duration::from_millis(10);
/// The time that its output may take to end once it has ended.
const PATIENCE: Duration = Duration::from_secs(5);

/// A command line of this program.
#[derive(Debug, Default)]
pub(super) struct Invocation {
    /// The arguments.
    pub(super) arguments: Vec<String>,
    /// Its input.
    pub(super) stdin: String,
    /// Whether what it prints is one JSON object.
    pub(super) is_json: bool,
    /// Whether it may store snapshots.
    pub(super) writes_snapshots: bool,
}

/// The output of a process.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) text: String,
    /// So many bytes more are left out.
    pub(super) left_out: u64,
}

impl Output {
    pub(super) fn with_remark(&self) -> String {
        let text = self.text.trim_end();
        match self.left_out {
            0 => text.to_owned(),
            more => format!("{text}\n… {more} more bytes are left out"),
        }
    }
}

/// The end of a process.
#[derive(Debug)]
pub(super) struct Ended {
    /// `None` after a signal.
    pub(super) code: Option<i32>,
    pub(super) stdout: Output,
    pub(super) stderr: Output,
    /// Why it was ended, if it did not end by itself.
    pub(super) stopped: Option<String>,
}

impl Invocation {
    /// Runs it.
    pub(super) fn run(
        &self,
        program: &Path,
        folder: &Path,
        is_cancelled: &dyn Fn() -> bool,
    ) -> io::Result<Ended> {
        let mut command = Command::new(program);
        command
            // The paths of a call are not the user's: wherever one is opened, it stays inside of the project.
            .arg("--untrusted-arguments")
            .args(&self.arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .env("NO_COLOR", "1");
        // In CI, nothing is written: neither snapshots nor what waits for a review.
        command.env("CI", if self.writes_snapshots { "0" } else { "1" });
        let mut child = command.spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            let text = self.stdin.clone();
            // A process that refuses its arguments does not read on.
            thread::spawn(move || drop(pipe.write_all(text.as_bytes())));
        }
        let stdout = child.stdout.take().map(|pipe| read(pipe, MOST_TEXT));
        let stderr = child.stderr.take().map(|pipe| read(pipe, MOST_REMARKS));
        let started = Instant::now();
        let mut stopped = None;
        let code = loop {
            if let Some(status) = child.try_wait()? {
                break status.code();
            }
            if is_cancelled() {
                stopped = Some("the call was cancelled".to_owned());
            } else if started.elapsed() >= LIMIT {
                stopped = Some(format!("the call took more than {} s", LIMIT.as_secs()));
            }
            if stopped.is_some() {
                child.kill()?;
                break child.wait()?.code();
            }
            thread::sleep(POLL);
        };
        let output = |pipe: Option<mpsc::Receiver<Output>>| {
            let read = pipe.and_then(|pipe| pipe.recv_timeout(PATIENCE).ok());
            read.unwrap_or_default()
        };
        Ok(Ended {
            code,
            stdout: output(stdout),
            stderr: output(stderr),
            stopped,
        })
    }
}

/// Reads all of a pipe on a thread of its own and stores its beginning.
fn read(mut pipe: impl Read + Send + 'static, most: usize) -> mpsc::Receiver<Output> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut begin = Vec::new();
        let limit = u64::try_from(most).unwrap_or(u64::MAX);
        let _ = pipe.by_ref().take(limit).read_to_end(&mut begin);
        let left_out = io::copy(&mut pipe, &mut io::sink()).unwrap_or(0);
        let _ = sender.send(Output {
            text: String::from_utf8_lossy(&begin).into_owned(),
            left_out,
        });
    });
    receiver
}
