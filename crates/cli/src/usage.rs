//! Errors of the command line itself, in the form of all other errors.

use std::{ffi::OsString, io};

use clap::{
    CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};

use postlogin_core::event::suggest::closest;

use crate::{
    args::{Arguments, Color},
    error::{CliError, SUCCESS, UNWRITABLE, USAGE},
    printer::Printer,
};

/// Prints what stopped the parser and gives the exit code. Help and version are data on stdout.
pub(crate) fn report(error: &clap::Error, arguments: impl Iterator<Item = OsString>) -> u8 {
    if !error.use_stderr() {
        return match error.print() {
            // A reader such as `head` that has seen enough is no error.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => UNWRITABLE,
            _ => SUCCESS,
        };
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Where stderr cannot be written, the exit code still says what happened.
        let _ = error.print();
        return USAGE;
    }
    Printer::new(Color::Auto).error(&explain(error, arguments));
    USAGE
}

fn explain(error: &clap::Error, arguments: impl Iterator<Item = OsString>) -> CliError {
    let text = error.render().to_string();
    let first_paragraph = text.split("\n\n").next().unwrap_or_default().trim();
    let message = first_paragraph
        .strip_prefix("error: ")
        .unwrap_or(first_paragraph);
    let meant = [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ]
    .into_iter()
    .find_map(|kind| match error.get(kind)? {
        ContextValue::String(meant) => Some(meant.clone()),
        ContextValue::Strings(meant) => meant.first().cloned(),
        _ => None,
    });
    let meant = meant.or_else(
        || match (error.kind(), error.get(ContextKind::InvalidSubcommand)) {
            (ErrorKind::InvalidSubcommand, Some(ContextValue::String(given))) => {
                let root = Arguments::command();
                let names: Vec<&str> = root
                    .get_subcommands()
                    .map(clap::Command::get_name)
                    .collect();
                swapped(given, &names)
            }
            _ => None,
        },
    );
    CliError::usage(in_our_words(message)).with_hint(match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("`{} --help` lists the options", command(arguments)),
    })
}

/// The command with the same letters in another order, or one that is nearly the same.
fn swapped(given: &str, names: &[&str]) -> Option<String> {
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    let same = names.iter().find(|name| letters(name) == letters(given));
    let near = same
        .copied()
        .or_else(|| closest(given, names.iter().copied()));
    near.map(str::to_owned)
}

/// The standard library's messages about numbers are not for users.
fn in_our_words(message: &str) -> String {
    let mut message = message.to_owned();
    for (theirs, ours) in [
        (
            "number would be zero for non-zero type",
            "must be a whole number greater than 0",
        ),
        (
            "invalid digit found in string",
            "must be a whole number, not negative",
        ),
        (
            "cannot parse integer from empty string",
            "must be a whole number",
        ),
        (
            "number too large to fit in target type",
            "the number is too large",
        ),
        (
            "number too small to fit in target type",
            "the number is too small",
        ),
    ] {
        message = message.replace(theirs, ours);
    }
    // `'0' for '--jobs <N>': 0 is not in 1..=256`
    if let Some((before, range)) = message.split_once(" is not in ")
        && let Some((least, most)) = range.split_once("..=")
        && let Some((before, _)) = before.rsplit_once(' ')
    {
        message = match least.is_empty() {
            true => format!("{before} must be a whole number up to {most}"),
            false => format!("{before} must be a whole number from {least} to {most}"),
        };
    }
    message
}

/// `postlogin`, with the subcommand if one was named.
fn command(arguments: impl Iterator<Item = OsString>) -> String {
    let root = Arguments::command();
    let mut found = &root;
    let mut named = "postlogin".to_owned();
    for argument in arguments.filter_map(|argument| argument.into_string().ok()) {
        if let Some(below) = found.find_subcommand(&argument) {
            found = below;
            named.push(' ');
            named.push_str(&argument);
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[track_caller]
    fn check(line: &str, message: &str, hint: &str) {
        let words = || line.split(' ').map(OsString::from);
        let error = Arguments::try_parse_from(words()).expect_err("the line is wrong");
        let explained = explain(&error, words().skip(1));
        assert_eq!(explained.message, message);
        assert_eq!(explained.hint.as_deref(), Some(hint));
    }

    #[test]
    fn errors_of_the_command_line_look_like_all_others() {
        check(
            "postlogin rum x.js",
            "unrecognized subcommand 'rum'",
            "did you mean `run`?",
        );
        check(
            "postlogin run x.js --evnt x",
            "unexpected argument '--evnt' found",
            "did you mean `--event`?",
        );
        check(
            "postlogin run x.js --zebra",
            "unexpected argument '--zebra' found",
            "`postlogin run --help` lists the options",
        );
        check(
            "postlogin run --format jsno",
            "invalid value 'jsno' for '--format <FORMAT>'\n  [possible values: human, json]",
            "did you mean `json`?",
        );
        check(
            "postlogin run --seed -1",
            "invalid value '-1' for '--seed <N>': must be a whole number, not negative",
            "`postlogin run --help` lists the options",
        );
        for jobs in ["0", "257", "1000000"] {
            check(
                &format!("postlogin replay users.ndjson --jobs {jobs}"),
                &format!(
                    "invalid value '{jobs}' for '--jobs <N>': must be a whole number from 1 to 256"
                ),
                "`postlogin replay --help` lists the options",
            );
        }
        check(
            "postlogin compare a b --jobs 18446744073709551615",
            "invalid value '18446744073709551615' for '--jobs <N>': the number is too large",
            "`postlogin compare --help` lists the options",
        );
        check(
            "postlogin build",
            "the following required arguments were not provided:\n  <ACTION>",
            "`postlogin build --help` lists the options",
        );
        check(
            "postlogin generate users 200",
            "unexpected argument '200' found",
            "`postlogin generate users --help` lists the options",
        );
    }
}
