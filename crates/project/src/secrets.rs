//! Secrets: `NAME=VALUE` and dotenv files.
//!
//! A dotenv file is read strictly: comments, `export`, single, double and backtick quotes that may span lines, and in
//! double quotes the escapes `\n`, `\r`, `\t`, `\"`, `\\` and `\$`. `$NAME` is text, not a reference. No value ever
//! stands in an error.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use crate::door::Boundary;
use crate::files::{Lines, read_text, with_slashes};
use crate::{Error, Result};

/// A secret of an Action.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// The name, as in `event.secrets.NAME`.
    pub name: String,
    /// The value. Never to be printed.
    pub value: String,
}

/// Without the value.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("name", &self.name)
            .field("value", &"***")
            .finish()
    }
}

/// Reads `NAME=VALUE`; the value is taken as it is.
pub fn parse_secret(text: &str) -> Result<Secret> {
    let hint = "write NAME=VALUE, as in API_KEY=test";
    // What lacks its `=` may be the secret itself, so it is not repeated.
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| Error::new("a secret needs a name and a value").with_hint(hint))?;
    if !is_name(name) {
        return Err(Error::new(NAME_RULE).with_hint(hint));
    }
    Ok(Secret {
        name: name.to_owned(),
        value: value.to_owned(),
    })
}

/// Reads a dotenv file that the user named.
pub fn read_dotenv(path: &Path) -> Result<Vec<Secret>> {
    let shown = with_slashes(path);
    parse_dotenv(&read_text(path, &shown)?, &shown)
}

/// Reads a dotenv file that a file of a project names.
pub(crate) fn read_dotenv_within(path: &Path, within: &Boundary) -> Result<Vec<Secret>> {
    let shown = with_slashes(path);
    parse_dotenv(&within.read_secrets(path, &shown)?, &shown)
}

/// The longest dotenv file, and the longest secrets of a case beside it, in bytes.
pub(crate) const LONGEST: usize = 1 << 20;

/// The memory of the forms in which a secret is looked for, roughly, as a multiple of the secret.
pub(crate) const FORMS: usize = 16;

/// The most secrets of a dotenv file or a case: each text of a login is searched for each of them. An Action has at most
/// 30 in production.
pub(crate) const MOST: usize = 5_000;

/// The refusal of more, and its hint.
pub(crate) const TOO_MANY: (&str, &str) = (
    "there are more than 5,000 secrets",
    "production gives an Action at most 30: leave out those that no Action reads",
);

/// Returns the memory that secrets take, in bytes.
pub(crate) fn weight(secrets: &[Secret]) -> usize {
    let of = |secret: &Secret| size_of::<Secret>() + secret.name.len() + secret.value.len();
    secrets.iter().map(of).sum()
}

/// Parses the text of a dotenv file; `shown` is its name in errors.
pub fn parse_dotenv(text: &str, shown: &str) -> Result<Vec<Secret>> {
    if text.len() > LONGEST {
        let error = Error::new(format!("the file has more than {} MiB", LONGEST >> 20));
        return Err(error.in_file(shown));
    }
    let lines = Lines::of(text);
    let mut secrets: Vec<Secret> = Vec::new();
    let mut names: HashSet<String> = HashSet::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(secrets);
        }
        if rest.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
            continue;
        }
        let (line, column) = lines.at(text.len().saturating_sub(rest.len()));
        let (secret, after) =
            read_entry(rest).map_err(|error| error.in_file(shown).at(line, column))?;
        if !names.insert(secret.name.clone()) {
            return Err(
                Error::new(format!("`{}` is set a second time", secret.name))
                    .in_file(shown)
                    .at(line, column),
            );
        }
        if secrets.len() == MOST {
            let error = Error::new(TOO_MANY.0).with_hint(TOO_MANY.1);
            return Err(error.in_file(shown).at(line, column));
        }
        secrets.push(secret);
        rest = after;
    }
}

const NAME_RULE: &str = "a secret's name has letters, digits, `_`, `-` and `.` only";

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.'))
}

/// One entry at the start of the text; gives what follows.
fn read_entry(text: &str) -> Result<(Secret, &str)> {
    let hint = "write NAME=VALUE on a line of its own";
    let line = text.lines().next().unwrap_or_default();
    let equals = line
        .find('=')
        .ok_or_else(|| Error::new("the line has no `=`").with_hint(hint))?;
    let (name, after) = text.split_at(equals);
    let name = name.trim_end();
    let name = name
        .strip_prefix("export")
        .filter(|rest| rest.starts_with([' ', '\t']))
        .unwrap_or(name)
        .trim();
    if !is_name(name) {
        return Err(Error::new(NAME_RULE).with_hint(hint));
    }
    let after = after
        .get(1..)
        .unwrap_or_default()
        .trim_start_matches([' ', '\t']);
    let quote = after
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\'' | '`'));
    let Some(quote) = quote else {
        let (line, after) = after.split_once('\n').unwrap_or((after, ""));
        let value = if line.starts_with('#') { "" } else { line };
        // A `#` begins a comment only after a space: values such as `a#b` are common.
        let end = [" #", "\t#"]
            .into_iter()
            .filter_map(|comment| value.find(comment))
            .min()
            .unwrap_or(value.len());
        let value = value.get(..end).unwrap_or(value).trim();
        return Ok((
            Secret {
                name: name.to_owned(),
                value: value.to_owned(),
            },
            after,
        ));
    };
    let body = after.get(1..).unwrap_or_default();
    let (value, after) = read_quoted(body, quote).ok_or_else(|| {
        Error::new(format!(
            "the value of `{name}` begins with {quote} but does not end with it"
        ))
    })?;
    let (tail, after) = after.split_once('\n').unwrap_or((after, ""));
    let tail = tail.trim();
    if !tail.is_empty() && !tail.starts_with('#') {
        return Err(Error::new(format!(
            "the value of `{name}` continues after its closing quote"
        ))
        .with_hint("put the whole value in quotes, or escape a quote in it as \\\""));
    }
    Ok((
        Secret {
            name: name.to_owned(),
            value,
        },
        after,
    ))
}

fn read_quoted(body: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = body.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            _ if letter == quote => return Some((value, body.get(at + 1..)?)),
            '\r' if body
                .get(at + 1..)
                .is_some_and(|rest| rest.starts_with('\n')) => {}
            '\\' if quote == '"' => match letters.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                escaped @ ('"' | '\\' | '$') => value.push(escaped),
                // Windows paths and regular expressions: an unknown escape is no escape.
                other => value.extend(['\\', other]),
            },
            _ => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let secrets = parse_dotenv(text, ".env").expect("a good file");
        let secrets: Vec<_> = secrets
            .iter()
            .map(|secret| (secret.name.as_str(), secret.value.as_str()))
            .collect();
        assert_eq!(secrets, expected);
    }

    #[track_caller]
    fn check_error(text: &str, expected: &str) {
        assert_eq!(
            parse_dotenv(text, ".env")
                .expect_err("a bad file")
                .to_string(),
            expected
        );
    }

    #[test]
    fn good_files() {
        check("", &[]);
        check("# only\n\n  # comments", &[]);
        check(
            "A=1\nexport B = two words # comment\nC=a#b\r\nD=\n",
            &[("A", "1"), ("B", "two words"), ("C", "a#b"), ("D", "")],
        );
        check(
            "A='$X \\n' # c\nB=\"x\\n\\\"y\\\" \\$Z \\d\"\nC=`it's`",
            &[("A", "$X \\n"), ("B", "x\n\"y\" $Z \\d"), ("C", "it's")],
        );
        check(
            "KEY=\"-----BEGIN-----\r\nabc\r\n-----END-----\"\r\nNEXT=1",
            &[
                ("KEY", "-----BEGIN-----\nabc\n-----END-----"),
                ("NEXT", "1"),
            ],
        );
        check(
            "URL=https://example.com/?a=b&c=d",
            &[("URL", "https://example.com/?a=b&c=d")],
        );
        check("A=# nothing", &[("A", "")]);
        check("exported=1", &[("exported", "1")]);
    }

    #[test]
    fn bad_files_name_the_line_and_never_the_value() {
        check_error("A=1\n\nhunter2\n", ".env:3:1: the line has no `=`");
        check_error("A=1\nA=2", ".env:2:1: `A` is set a second time");
        check_error(
            "  A B=2",
            ".env:1:3: a secret's name has letters, digits, `_`, `-` and `.` only",
        );
        check_error(
            "A='x\nB=2",
            ".env:1:1: the value of `A` begins with ' but does not end with it",
        );
        check_error(
            "A=\"x\"hunter2",
            ".env:1:1: the value of `A` continues after its closing quote",
        );
    }

    #[test]
    fn more_secrets_than_any_project_has_are_refused() {
        let text = |count| {
            (0..count)
                .map(|index| format!("K{index}=v\n"))
                .collect::<String>()
        };
        assert_eq!(
            parse_dotenv(&text(5_000), ".env")
                .map(|read| read.len())
                .ok(),
            Some(5_000)
        );
        check_error(
            &text(5_001),
            ".env:5001:1: there are more than 5,000 secrets",
        );
    }

    #[test]
    fn secrets_of_the_command_line() {
        let secret = parse_secret("API_KEY=a=b ").expect("a secret");
        assert_eq!(
            (secret.name.as_str(), secret.value.as_str()),
            ("API_KEY", "a=b ")
        );
        assert_eq!(
            format!("{secret:?}"),
            "Secret { name: \"API_KEY\", value: \"***\" }"
        );
        for bad in ["hunter2", "=hunter2", "a b=hunter2"] {
            let error = parse_secret(bad).expect_err("not a secret");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }
}
