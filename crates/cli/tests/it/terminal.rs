//! Single keys on a terminal, which `script` of util-linux gives to the program.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use crate::support::{QUIET, folder, postlogin};

/// A program on a terminal.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    chunks: Receiver<Vec<u8>>,
    shown: String,
    /// The search so far ends here.
    seen: usize,
}

impl Terminal {
    /// Starts `postlogin` with these words, and `stty -a` after it.
    fn start(folder: &Path, arguments: &str) -> Self {
        Self::of(postlogin(arguments).within(folder).command(), folder)
    }

    /// The same of a whole command.
    fn of(command: Command, folder: &Path) -> Self {
        let program = command.get_program().to_string_lossy().into_owned();
        let words: Vec<_> = command
            .get_args()
            .map(|word| word.to_string_lossy())
            .collect();
        let mut child = Command::new("script")
            .args(["--quiet", "--return", "--echo", "never", "--command"])
            // Ctrl-C reaches the shell, too: with a trap, it goes on when the program has ended.
            .arg(format!(
                "trap : INT; '{program}' {}; echo \"ended with $?\"; stty -a",
                words.join(" ")
            ))
            .arg("/dev/null")
            .current_dir(folder)
            .envs(
                command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .env_remove("CI")
            // `script` takes the shell from here: the same one for everybody.
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("`script` of util-linux is there");
        let keys = child.stdin.take().expect("a pipe");
        let mut stdout = child.stdout.take().expect("a pipe");
        let (sender, chunks) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = stdout.read(&mut buffer) {
                if sender.send(buffer[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            keys,
            chunks,
            shown: String::new(),
            seen: 0,
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("it listens");
        self.keys.flush().expect("it listens");
    }

    /// Waits for a text after the last one that was waited for; returns what is between them.
    #[track_caller]
    fn wait_for(&mut self, text: &str) -> String {
        let limit = Instant::now() + Duration::from_secs(300);
        loop {
            if let Some(at) = self.shown[self.seen..].find(text) {
                let end = self.seen + at + text.len();
                let between = self.shown[self.seen..end].to_owned();
                self.seen = end;
                return between;
            }
            let left = limit.saturating_duration_since(Instant::now());
            match self.chunks.recv_timeout(left) {
                Ok(chunk) => self.shown.push_str(&String::from_utf8_lossy(&chunk)),
                Err(_) => panic!("no `{text}` after {}", &self.shown[self.seen..]),
            }
        }
    }

    /// The end: the exit code is this one, and the terminal is as it was.
    #[track_caller]
    fn ends(mut self, code: u8) {
        self.wait_for(&format!("ended with {code}"));
        let state = self.wait_for("echoke");
        assert!(
            state.contains(" icanon") && !state.contains("-icanon"),
            "{state}"
        );
        let _ = self.child.wait();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

const FAILS: &str = "exports.onExecutePostLogin = async () => { throw new Error('no'); };\n";
const CLEARED: &str = "\u{1b}[2J\u{1b}[H";

#[test]
fn watch_listens_to_single_keys() {
    let project = folder(&[
        ("a.js", QUIET),
        ("b.js", FAILS),
        ("a.case.yaml", "actions: [a.js]\n"),
        ("b.case.yaml", "actions: [b.js]\n"),
    ]);
    let mut terminal = Terminal::start(project.path(), "test --watch --color never");
    terminal.wait_for("Starting 2 cases");
    let prompt = terminal.wait_for("q quit");
    assert!(prompt.contains("f the 1 that failed"), "{prompt}");

    terminal.press("f");
    let cleared = terminal.wait_for("Starting 1 case");
    assert!(cleared.contains(CLEARED), "{cleared:?}");
    let run = terminal.wait_for("q quit");
    assert!(run.contains("] b") && !run.contains("] a"), "{run}");

    // A filter, with a letter too much.
    terminal.press("t");
    terminal.wait_for("Enter alone for all: ");
    terminal.press("^ax\u{7f}\r");
    let run = terminal.wait_for("q quit");
    assert!(run.contains("] a") && !run.contains("] b"), "{run}");
    assert!(run.contains("watching the cases of `^a`"), "{run}");
    // The case that failed does not fit the filter.
    assert!(!run.contains("that failed"), "{run}");
    terminal.press("f");
    terminal.wait_for("no case of the filter fails; others do");
    terminal.wait_for("q quit");
    fs::write(project.path().join("b.js"), format!("{FAILS}\n")).expect("a file");
    terminal.wait_for("no case of the filter is touched");
    terminal.wait_for("q quit");
    terminal.press("\r");
    terminal.wait_for("q quit");

    // Escape leaves the filter as it is; an arrow, whose code ends with an `A`, is no key.
    terminal.press("t");
    terminal.wait_for("Enter alone for all: ");
    terminal.press("b\u{1b}");
    terminal.wait_for("watching the cases of `^a`");
    terminal.wait_for("q quit");
    terminal.press("\u{1b}[A");
    terminal.press("\r");
    let run = terminal.wait_for("q quit");
    assert!(
        run.contains("Starting 1 case") && run.contains("] a"),
        "{run}"
    );

    terminal.press("a");
    let run = terminal.wait_for("q quit");
    assert!(run.contains("Starting 2 cases"), "{run}");

    fs::write(project.path().join("b.js"), format!("// fixed\n{QUIET}")).expect("a file");
    let run = terminal.wait_for("q quit");
    assert!(run.contains("changed: b.js"), "{run}");
    assert!(
        run.contains("Starting 1 case") && run.contains("1 passed"),
        "{run}"
    );
    assert!(!run.contains("that failed"), "{run}");
    terminal.press("f");
    terminal.wait_for("no case fails");

    terminal.press("q");
    terminal.ends(0);
}

#[test]
fn watch_stores_outcomes_when_asked() {
    let project = folder(&[
        ("a.js", QUIET),
        ("a.case.yaml", "actions: [a.js]\nsnapshot: true\n"),
    ]);
    let mut terminal = Terminal::start(project.path(), "test --watch --color never");
    let prompt = terminal.wait_for("q quit");
    assert!(prompt.contains("u store outcomes"), "{prompt}");
    assert!(!project.path().join("a.snap").exists());
    terminal.press("u");
    let run = terminal.wait_for("q quit");
    assert!(run.contains("1 stored"), "{run}");
    assert!(project.path().join("a.snap").exists());
    // Ctrl-C puts the terminal back, too.
    terminal.press("\u{3}");
    terminal.ends(0);
}

#[test]
fn review_needs_no_enter() {
    let project = folder(&[
        ("a.js", QUIET),
        (
            "a.case.yaml",
            "actions: [a.js]\nsnapshot: true\ncases:\n  - description: one\n  - description: two\n  - description: three\n",
        ),
    ]);
    let done = postlogin("test").within(project.path()).finish();
    assert!(done.stdout.contains("3 wait for"), "{done}");
    let mut terminal = Terminal::start(project.path(), "test --review --color never");
    // The name is beside the question, however long the outcome is.
    let shown = terminal.wait_for("[q]uit? ");
    assert!(shown.contains("one\r\n1 of 3: [a]ccept"), "{shown}");
    // Keys that are no answer are passed over.
    terminal.press("x\u{1b}[A\ra");
    terminal.wait_for("accepted");
    terminal.wait_for("2 of 3");
    terminal.press("s");
    terminal.wait_for("skipped");
    terminal.wait_for("3 of 3");
    terminal.press("r");
    terminal.wait_for("1 accepted, 1 rejected, 1 left");
    terminal.ends(0);
}

#[test]
fn progress_of_compiling_is_one_line() {
    let files = folder(&[("quiet.js", QUIET)]);
    let command = postlogin("run quiet.js --color never")
        .within(files.path())
        .env("POSTLOGIN_CACHE_DIR", files.path().join("cache"))
        .command();
    let mut terminal = Terminal::of(command, files.path());
    terminal.wait_for("compiling the JavaScript engine for this machine, once; ");
    let shown = terminal.wait_for("compiled the JavaScript engine for this machine in ");
    let (begin, progress) = shown.split_once("\r\n").expect("it is announced first");
    assert!(begin.ends_with("busy machine"), "{shown:?}");
    let lines: Vec<&str> = progress.split("\r\u{1b}[K").collect();
    // Each takes the place of the one before it, and so does what follows.
    let [begin, lines @ .., end] = lines.as_slice() else {
        panic!("{shown:?}");
    };
    assert_eq!(*begin, "", "{shown:?}");
    assert!(end.starts_with("compiled "), "{shown:?}");
    let is_progress = |line: &&str| line.starts_with("compiling the JavaScript engine: ");
    assert!(
        !lines.is_empty() && lines.iter().all(is_progress),
        "{shown:?}"
    );
    assert!(!progress.contains('\n'), "{shown:?}");
    terminal.wait_for("allowed");
    terminal.ends(0);
}
