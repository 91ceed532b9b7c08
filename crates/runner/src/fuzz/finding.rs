//! Faults of an outcome without expectations.

use postlogin_core::location::Location;
use postlogin_core::outcome::{
    ActionError, ClaimRule, LedgerEntry, Notice, Outcome, Status, TokenKind, Verdict,
};
use postlogin_generate::Change;
use serde_json::Value;

/// A fault of an Action for some event.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The login failed: the Action threw, or ran out of time or memory.
    Throws(ActionError),
    /// A claim that it set does not reach the token.
    LosesClaim(LedgerEntry),
    /// A limit of production is exceeded, or an update of the user would fail.
    ExceedsLimit(Notice),
}

/// A fault with the smallest event that shows it.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The fault, as the smallest event shows it.
    pub fault: Fault,
    /// The Actions of the login.
    pub actions: Vec<String>,
    /// The number of logins that showed it.
    pub logins: u64,
    /// Of how many.
    pub of: u64,
    /// The number of the first one.
    pub first: u64,
    /// The smallest event.
    pub event: Value,
    /// Its differences to the built-in sample.
    pub changes: Vec<Change>,
    /// The merge patch that makes it of the sample, if one does.
    pub patch: Option<Value>,
    /// The file of cases with it, and whether it was written just now. `None` where nothing may be written.
    pub case_file: Option<(String, bool)>,
    /// The command that shows it again.
    pub command: String,
}

/// Notices about the data of a login. Those about the Action itself are the same for every event; `check` reports them.
const OF_LOGINS: &[&str] = &[
    "cache-over-limit",
    "logs-truncated",
    "metadata-update-failed",
    "profile-over-10kb",
    "waiting-over-limit",
];

/// Notices that say that the network of the case did not answer, so that what follows is the case's fault.
const OF_THE_NETWORK: &[&str] = &["request-refused", "request-unmatched"];

/// Whether a request had no answer, so that the outcome says nothing about production.
pub(crate) fn lacks_network(outcome: &Outcome) -> bool {
    let mut notices = outcome.notices.iter();
    notices.any(|notice| OF_THE_NETWORK.contains(&notice.code.as_str()))
}

/// Everything that is wrong with an outcome.
///
/// An opaque access token carries no claims, whoever sets them, and a login without the scope `openid` has no ID token:
/// nobody asked for either. Claims of logins that issue no tokens are not lost.
pub(crate) fn faults(outcome: &Outcome) -> Vec<Fault> {
    let mut found = Vec::new();
    if outcome.status == Status::Failed
        && let Some(error) = &outcome.error
    {
        found.push(Fault::Throws(error.clone()));
    }
    if outcome.status == Status::Allowed {
        let is_issued = |entry: &&LedgerEntry| match entry.token {
            TokenKind::IdToken => !outcome.id_token.claims.is_empty(),
            TokenKind::AccessToken => entry.rule != Some(ClaimRule::OpaqueToken),
        };
        let entries = outcome.ledger.iter().filter(is_issued);
        let dropped = entries.filter(|entry| entry.verdict == Verdict::Dropped);
        found.extend(dropped.cloned().map(Fault::LosesClaim));
    }
    let over = outcome.notices.iter();
    let over = over.filter(|notice| OF_LOGINS.contains(&notice.code.as_str()));
    found.extend(over.cloned().map(Fault::ExceedsLimit));
    found
}

impl Fault {
    /// The Action whose fault it is, if that is known.
    pub fn action(&self) -> Option<&str> {
        match self {
            Fault::Throws(error) => Some(&error.action),
            Fault::LosesClaim(entry) => Some(&entry.action),
            Fault::ExceedsLimit(_) => None,
        }
    }

    /// Where it is in the source, if that is known.
    pub fn location(&self) -> Option<&Location> {
        match self {
            Fault::Throws(error) => error.location.as_ref(),
            Fault::LosesClaim(entry) => entry.location.as_ref(),
            Fault::ExceedsLimit(_) => None,
        }
    }

    /// A stable name of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Fault::Throws(_) => "throws",
            Fault::LosesClaim(_) => "loses-claim",
            Fault::ExceedsLimit(_) => "exceeds-limit",
        }
    }

    /// One sentence without a full stop.
    pub fn message(&self) -> String {
        match self {
            Fault::Throws(error) => {
                format!("{} throws {}: {}", error.action, error.name, error.message)
            }
            Fault::LosesClaim(entry) => {
                let rule = serde_json::to_value(entry.rule).unwrap_or_default();
                let rule = rule.as_str().unwrap_or("a rule").to_owned();
                format!("{} loses the claim {:?} ({rule})", entry.action, entry.name)
            }
            Fault::ExceedsLimit(notice) => {
                let message = notice.message.lines().next().unwrap_or_default();
                message.trim_end_matches('.').to_owned()
            }
        }
    }

    /// The part that faults at the same place share.
    pub(crate) fn place(&self) -> String {
        let at = self.location().map(|at| {
            let Location { file, line, column } = at;
            format!("{file}:{line}:{column}")
        });
        let action = self.action().unwrap_or_default();
        format!("{} {action} {}", self.kind(), at.unwrap_or_default())
    }

    /// Returns the identity of a fault: its place and its message apart from the data in it.
    pub(crate) fn key(&self) -> String {
        let said = match self {
            Fault::Throws(error) => format!("{} {}", error.name, shape(&error.message)),
            Fault::LosesClaim(entry) => {
                let name = match entry.location {
                    Some(_) => shape(&entry.name),
                    None => entry.name.clone(),
                };
                format!("{:?} {:?} {name}", entry.token, entry.rule)
            }
            Fault::ExceedsLimit(notice) => {
                format!("{} {}", notice.code, shape(&notice.message))
            }
        };
        format!("{} {said}", self.place())
    }
}

/// A message without the data in it: numbers and quoted parts. What is not there, and what is there and is `null`, are
/// one slip.
fn shape(message: &str) -> String {
    let message = &message.replace("undefined", "null");
    let mut shape = String::new();
    let mut letters = message.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' | '`' | '\'' if letters.clone().any(|later| later == letter) => {
                letters.by_ref().find(|later| *later == letter);
                shape.push_str("'…'");
            }
            digit if digit.is_ascii_digit() => {
                while letters.peek().is_some_and(char::is_ascii_digit) {
                    letters.next();
                }
                shape.push('#');
            }
            other => shape.push(other),
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::shape;

    #[test]
    fn data_is_no_part_of_a_shape() {
        for (one, other, same) in [
            ("x is 12 of 3", "x is 4 of 99", true),
            ("no plan \"pro\"", "no plan \"\"", true),
            ("reading 'a' of b", "reading 'b' of b", true),
            ("of undefined (reading 'a')", "of null (reading 'b')", true),
            ("it's wrong", "it's right", false),
            ("a is not iterable", "b is not iterable", false),
        ] {
            assert_eq!(shape(one) == shape(other), same, "{one} / {other}");
        }
    }
}
