//! Marks, which distinguish the state that a user's own runs have made from state that came with a project.
//!
//! A checkout can contain a state folder of its own: a key and a control token that others know, a database that others have
//! filled. What this program makes there carries a keyed hash, with a secret that is kept outside of every project. A mark is part
//! of the file and depends on its content alone: copies and moves on the same machine stay valid.

use std::path::Path;

use ring::hmac;

use crate::digest::encode;

/// The environment variable whose value `1` accepts state without a mark. No file of a project can set it.
pub const TRUST_STATE: &str = "POSTLOGIN_TRUST_STATE";

/// The beginning of the line with the mark in the file of a key: text before `-----BEGIN` is not part of it (RFC 7468, section 2).
const LABEL: &str = "postlogin-mark: ";
/// The characters of the shortest secret.
const SHORTEST_SECRET: usize = 32;
/// The bytes of a tag in a control token: 22 characters.
const TOKEN_TAG: usize = 16;

/// Makes and checks marks.
#[derive(Debug, Clone)]
pub struct Marks {
    key: Option<hmac::Key>,
    accepts_all: bool,
}

impl Marks {
    /// Returns the marks of a user's secret. Without one, or with one of less than 32 characters, nothing is marked, and nothing has
    /// a valid mark. With `accepts_all` everything is accepted, and what has no mark gets one.
    pub fn new(secret: Option<&str>, accepts_all: bool) -> Self {
        let secret = secret.filter(|secret| secret.len() >= SHORTEST_SECRET);
        Self {
            key: secret.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())),
            accepts_all,
        }
    }

    /// Returns marks that accept everything and mark nothing: for state in a place where no project can put any.
    pub fn accept_all() -> Self {
        Self::new(None, true)
    }

    /// Whether everything is accepted.
    pub fn accepts_all(&self) -> bool {
        self.accepts_all
    }

    /// Whether what is made can be marked.
    pub fn can_mark(&self) -> bool {
        self.key.is_some()
    }

    /// Returns the 32 bytes of the mark for something of a kind, or `None` without a secret.
    fn tag(&self, kind: &str, content: &str) -> Option<hmac::Tag> {
        let text = format!("postlogin state 1\n{kind}\n{content}");
        self.key
            .as_ref()
            .map(|key| hmac::sign(key, text.as_bytes()))
    }

    /// Returns the mark for something of a kind as text: 43 URL-safe characters.
    pub fn mark(&self, kind: &str, content: &str) -> Option<String> {
        self.tag(kind, content).map(|tag| encode(tag.as_ref()))
    }

    /// Returns a control token that shows whose it is, from 43 or more random characters.
    pub fn control_token(&self, random: &str) -> String {
        let tag = self.tag("control-token", random);
        let tag = tag.as_ref().and_then(|tag| tag.as_ref().get(..TOKEN_TAG));
        match tag {
            Some(tag) => format!("{random}.{}", encode(tag)),
            None => random.to_owned(),
        }
    }

    /// Whether a control token is accepted.
    pub fn accepts_control_token(&self, token: &str) -> bool {
        let is_own = || {
            let random = token.rsplit_once('.').map(|(random, _)| random);
            self.can_mark() && random.is_some_and(|random| self.control_token(random) == token)
        };
        self.accepts_all || is_own()
    }

    /// Returns a number that only databases of this user have, for the field `application_id` of SQLite; never 0.
    pub fn database_id(&self) -> Option<i32> {
        let tag = self.tag("database", "")?;
        let bytes = tag.as_ref().first_chunk::<4>()?;
        Some(i32::from_be_bytes(*bytes)).map(|id| if id == 0 { 1 } else { id })
    }

    /// Returns the lines before a key in its file: empty without a secret.
    pub(crate) fn label(&self, pem: &str) -> String {
        let mark = self.mark("signing-key", pem.trim());
        mark.map_or_else(String::new, |mark| format!("{LABEL}{mark}\n"))
    }

    /// Whether the file of a key has its mark.
    pub(crate) fn is_labelled(&self, file: &str) -> bool {
        let (label, pem) = file.split_at(file.find("-----BEGIN ").unwrap_or(file.len()));
        self.can_mark() && label.trim() == self.label(pem).trim()
    }
}

/// Returns the sentence about state that is not accepted.
pub fn foreign(path: &Path) -> String {
    format!(
        "`{}` was not made by this user on this machine, so it is not used: it may have come with the project",
        path.display()
    )
}

/// Returns what a user can do about it; `removal` is what removing it leads to.
pub fn foreign_hint(removal: &str) -> String {
    format!(
        "remove it to {removal}; if you know where it comes from, run once with {TRUST_STATE}=1, or with it always where XDG_DATA_HOME and HOME are not kept"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_mark_is_that_of_openssl() {
        // printf 'postlogin state 1\na\nb' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef -binary | basenc --base64url
        assert_eq!(
            Marks::new(Some(SECRET), false).mark("a", "b").as_deref(),
            Some("z572hOY-7rconXBMf2vqGOEAuk-n99wp2hci0oI0YcM")
        );
    }

    #[test]
    fn only_the_same_secret_and_content_are_accepted() {
        let mine = Marks::new(Some(SECRET), false);
        let other = Marks::new(Some(&SECRET.replace('0', "x")), false);
        let none = Marks::new(None, false);
        let short = Marks::new(Some("short"), false);
        let token = mine.control_token("random");
        assert!(mine.accepts_control_token(&token));
        for marks in [&other, &none, &short] {
            assert!(!marks.accepts_control_token(&token));
            assert!(
                !marks.accepts_control_token(&marks.control_token("random")) || marks.can_mark()
            );
        }
        for wrong in [
            "",
            ".",
            "random",
            "random.",
            &token.replace("ran", "Ran"),
            &format!("{token}x"),
        ] {
            assert!(!mine.accepts_control_token(wrong), "{wrong}");
        }
        assert!(Marks::accept_all().accepts_control_token("anything"));
        assert_ne!(mine.database_id(), other.database_id());
        assert_eq!(none.database_id(), None);
        let pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        let file = mine.label(pem) + pem;
        assert!(
            mine.is_labelled(&file)
                && mine.is_labelled(&file.replace('\n', "\r\n").replace("\r\n", "\n"))
        );
        for (marks, file) in [
            (&mine, pem.to_owned()),
            (&mine, file.replace("AAAA", "AAAB")),
            (&mine, format!("{}{pem}", other.label(pem))),
            (&other, file.clone()),
            (&none, file.clone()),
            (&none, pem.to_owned()),
            (&mine, String::new()),
        ] {
            assert!(!marks.is_labelled(&file), "{file}");
        }
    }
}
