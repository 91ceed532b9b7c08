//! Runs the `console` blocks of README and the book, and compares what they print with what the page shows.
//!
//! A page starts in a copy of the repository's samples, or in an empty folder if it contains `<!-- empty folder -->`. A block
//! whose first line is a comment with a file name (`// claims.js`, `# tests/a.case.yaml`) writes that file. In expected output,
//! `…` stands for anything: alone on a line for any number of lines. Times and sizes are not compared. Commands that need the
//! network or a terminal are in `sh` blocks, which are not run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use regex_lite::Regex;

use crate::support::{cache, data, folder, postlogin, repository, steady};

const EMPTY: &str = "<!-- empty folder -->";

#[test]
fn console_blocks_print_what_the_pages_show() {
    // The first compilation of the engine prints a line of its own.
    postlogin("--version").finish();
    let mut pages = vec![repository().join("README.md")];
    pages.extend(markdown(&repository().join("docs/book/src")));
    let failures: Vec<String> = pages.iter().flat_map(|page| problems(page)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn markdown(folder: &Path) -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder).expect("the book is there") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            pages.extend(markdown(&path));
        } else if path.extension().is_some_and(|ext| ext == "md") {
            pages.push(path);
        }
    }
    pages.sort();
    pages
}

/// Runs the blocks of one page in order and returns what differs.
fn problems(page: &Path) -> Vec<String> {
    static BLOCK: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?ms)^```(\w+)\n(.*?)^```$").expect("it parses"));
    static FILE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^(?://|#) ([\w./-]+\.\w+)\n").expect("it parses"));
    let text = fs::read_to_string(page).expect("a page is text");
    let place = folder(&[]);
    if !text.contains(EMPTY) {
        let copied = Command::new("cp")
            .arg("-R")
            .args(["actions", "fixtures", "triggers", "tenant.json"])
            .arg(place.path())
            .current_dir(repository())
            .status();
        assert!(copied.expect("cp runs").success());
    }
    let mut failures = Vec::new();
    for block in BLOCK.captures_iter(&text) {
        let (language, body) = (&block[1], &block[2]);
        if language == "console" {
            let line = text[..block.get(0).map_or(0, |b| b.start())]
                .matches('\n')
                .count()
                + 1;
            failures.extend(
                differs(body, place.path()).map(|d| format!("{}:{line}\n{d}", page.display())),
            );
        } else if let Some(name) = FILE.captures(body) {
            let file = place.path().join(&name[1]);
            fs::create_dir_all(file.parent().expect("it is below")).expect("a folder can be made");
            fs::write(file, body).expect("a file can be written");
        }
    }
    failures
}

/// Runs the commands of a block, and returns the first whose output is not what the page shows.
fn differs(block: &str, place: &Path) -> Option<String> {
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in block.split_inclusive('\n') {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), String::new())),
            (None, Some((command, shown))) => match command.ends_with("\\\n") && shown.is_empty() {
                true => command.push_str(line),
                false => shown.push_str(line),
            },
            (None, None) => return Some(format!("output without a command: {line}")),
        }
    }
    let mut script = String::new();
    for (command, _) in &commands {
        script += &format!("{{ {command}}} 2>&1 </dev/null\nprintf '\\036%s\\036' $?\n");
    }
    let printed = shell(&script, place);
    let mut parts = printed.split('\u{1e}');
    for (command, shown) in &commands {
        let (Some(output), Some(code)) = (parts.next(), parts.next()) else {
            return Some(format!("`{}` was not run: {printed}", command.trim_end()));
        };
        // 3, 100 and 102 are verdicts that a page may show; the others are mistakes of the page.
        let is_fine = code == "0" || !shown.is_empty() && ["3", "100", "102"].contains(&code);
        if !is_fine || !shown.is_empty() && !matches(shown, output) {
            return Some(format!(
                "$ {command}exited with {code} and printed\n{output}"
            ));
        }
    }
    None
}

/// Runs a script where `postlogin`, and Cargo's way to run it, are this build.
fn shell(script: &str, place: &Path) -> String {
    let shim = "#!/bin/sh\n[ \"$1\" = run ] || exit 0\nwhile [ \"$1\" != -- ]; do shift; done\nshift\nexec postlogin \"$@\"\n";
    let tools = folder(&[("cargo", shim)]);
    let program = tools.path().join("postlogin");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_postlogin"), program)
        .expect("a link can be made");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(tools.path().join("cargo"), executable).expect("it is ours");
    let mut path = std::ffi::OsString::from(tools.path());
    path.push(":/usr/local/bin:/usr/bin:/bin");
    let mut command = Command::new("bash");
    command
        .arg("-c")
        .arg(script)
        .current_dir(place)
        .env("PATH", path);
    command.env("POSTLOGIN_CACHE_DIR", cache());
    command.env("XDG_DATA_HOME", data());
    for variable in [
        "CI",
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "POSTLOGIN_ALLOW_CARGO_BUILD",
        "POSTLOGIN_LOG",
        "POSTLOGIN_TRUST_STATE",
    ] {
        command.env_remove(variable);
    }
    let output = command.output().expect("bash runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Whether output is as shown, where `…` stands for anything.
fn matches(shown: &str, output: &str) -> bool {
    let (shown, output) = (steady(shown), steady(output));
    let lines = shown.trim_end().lines().map(|line| match line.trim() {
        "…" => "(?:.*\n)*?".to_owned(),
        _ => regex_lite::escape(line.trim_end()).replace('…', ".*") + "\n",
    });
    let pattern = format!("^{}$", lines.collect::<String>());
    let pattern = Regex::new(&pattern).expect("it parses");
    pattern.is_match(&(output.trim_end().to_owned() + "\n"))
}
