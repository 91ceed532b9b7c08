//! `postlogin ui`: a tenant that keeps nothing, and the browser with its page.

use std::{
    io,
    process::{Command, Stdio},
    thread,
};

use crate::{args::UiArguments, error::CliError, printer::Printer};

/// The programs that open an address in the user's browser, with the arguments before it.
#[cfg(target_os = "macos")]
const OPENERS: &[(&str, &[&str])] = &[("open", &[])];
#[cfg(windows)]
const OPENERS: &[(&str, &[&str])] = &[("rundll32", &["url.dll,FileProtocolHandler"])];
#[cfg(not(any(target_os = "macos", windows)))]
const OPENERS: &[(&str, &[&str])] = &[("xdg-open", &[]), ("gio", &["open"])];

pub(crate) fn ui(arguments: UiArguments, printer: &Printer) -> Result<u8, CliError> {
    let opens = !arguments.no_open;
    super::serve::serve_with(&arguments.into_serve(), printer, |link| {
        if !opens {
            return;
        }
        if let Err(error) = open(link) {
            printer.warning(&format!("the browser cannot be opened: {error}"));
            printer.hint("open the link above yourself");
        }
    })
}

/// Opens an address of ours in the browser.
fn open(link: &str) -> io::Result<()> {
    let mut last = io::Error::other("no program opens addresses here");
    for (program, arguments) in OPENERS {
        let started = Command::new(program)
            .args(*arguments)
            .arg(link)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match started {
            Ok(mut child) => {
                // It may be the browser itself, which stays.
                thread::spawn(move || child.wait());
                return Ok(());
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}
