//! The result of one user's login, as the fold accepts it.

use postlogin_core::outcome::{ClaimRule, Outcome, Status, TokenKind, Verdict};
use serde_json::{Map, Value};

use crate::claims::State;

/// The end of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending(pub Status);

impl Ending {
    /// The name in reports; that of the outcome's `status`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Status::Allowed => "allowed",
            Status::Denied => "denied",
            Status::Redirected => "redirected",
            Status::Prompted => "prompted",
            Status::Challenged => "challenged",
            Status::Failed => "failed",
        }
    }
}

/// The bytes of a signed token (RS256, compact form).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

/// The header of a token, `{"alg":"RS256","typ":"JWT","kid":"…"}` with a key's name of 21 letters, in base64url.
const HEADER: u64 = 76;
/// A signature of 256 bytes in base64url, and the two dots.
const SIGNATURE: u64 = 344;

impl Size {
    /// The size of a token with these claims; `None` when it has none: it is not issued, or opaque.
    #[must_use]
    pub fn of(claims: &Map<String, Value>) -> Option<Self> {
        if claims.is_empty() {
            return None;
        }
        let text = serde_json::to_string(claims).map_or(0, |text| text.len() as u64);
        // Base64url without padding: four letters for three bytes.
        Some(Self(HEADER + (text * 4).div_ceil(3) + SIGNATURE))
    }
}

/// A claim that an Action set.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The token.
    pub token: TokenKind,
    /// Its name.
    pub name: String,
    /// The state.
    pub state: State,
    /// The rule that dropped it.
    pub rule: Option<ClaimRule>,
}

/// One side's login.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// The end.
    pub ending: Ending,
    /// Why it was denied.
    pub reason: Option<String>,
    /// The error and its place.
    pub error: Option<(String, String)>,
    /// The claims that were set, once each.
    pub claims: Vec<Claim>,
    /// The ID token.
    pub id_token: Option<Size>,
    /// The access token.
    pub access_token: Option<Size>,
    /// The requests to the network: method, and URL without what differs between users.
    pub requests: Vec<String>,
    /// Whether no exchange answered one of them.
    pub is_unanswered: bool,
}

impl Side {
    /// Of an outcome. `requests` are methods and URLs.
    #[must_use]
    pub fn of<'r>(
        outcome: &Outcome,
        requests: impl Iterator<Item = (&'r str, &'r str)>,
        is_unanswered: bool,
    ) -> Self {
        let mut claims: Vec<Claim> = Vec::new();
        // A later call decides what became of a claim.
        for entry in outcome.ledger.iter().rev() {
            if claims
                .iter()
                .any(|claim| claim.token == entry.token && claim.name == entry.name)
            {
                continue;
            }
            claims.push(Claim {
                token: entry.token,
                name: entry.name.clone(),
                state: match entry.verdict {
                    Verdict::Kept => State::Kept,
                    Verdict::Dropped => State::Dropped,
                    Verdict::Overwritten => State::Overwritten,
                },
                rule: entry.rule,
            });
        }
        let is_denied = outcome.status == Status::Denied;
        Self {
            ending: Ending(outcome.status),
            reason: outcome.reason.clone().filter(|_| is_denied),
            error: outcome.error.as_ref().map(|error| {
                let place = error.location.as_ref();
                let place =
                    place.map(|place| format!("{}:{}:{}", place.file, place.line, place.column));
                (
                    format!("{}: {}", error.name, error.message),
                    place.unwrap_or_default(),
                )
            }),
            claims,
            id_token: Size::of(&outcome.id_token.claims),
            access_token: Size::of(&outcome.access_token.claims),
            requests: requests
                .map(|(method, url)| format!("{method} {}", template(url)))
                .collect(),
            is_unanswered,
        }
    }
}

/// A URL without its query, in which parts that look like ids are `{id}`.
fn template(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let mut parts = rest.split('/');
    let host = parts.next().unwrap_or_default();
    let mut template = format!("{scheme}://{host}");
    for part in parts {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        let is_version = part.len() <= 4 && part.starts_with('v');
        let is_id =
            part.contains(['|', '%', '@']) || part.len() > 32 || (digits > 0 && !is_version);
        template.push('/');
        template.push_str(if is_id { "{id}" } else { part });
    }
    template
}

/// Something that the two sides do differently for a user.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The part of the outcome: `id_token`, `status`, `user_metadata`, …
    pub what: &'static str,
    /// The claim, the key, the request; `None` where there is only one.
    pub name: Option<String>,
    /// The side before.
    pub before: Part,
    /// The side after.
    pub after: Part,
}

/// One side of a [`Change`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    /// The value; `None` when there is none.
    pub value: Option<Value>,
    /// The rule that dropped the claim.
    pub rule: Option<ClaimRule>,
    /// Where it was set, `file:line:column`.
    pub place: Option<String>,
}

/// The name of a rule in reports.
pub(crate) fn rule_name(rule: ClaimRule) -> String {
    let name = serde_json::to_value(rule).unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}

/// One user's login on both sides.
pub struct Login<'a> {
    /// The user's id.
    pub user: &'a str,
    /// The side before; `None` when only one side runs.
    pub before: Option<&'a Side>,
    /// The side after, or the only one.
    pub after: &'a Side,
    /// The differences.
    pub changes: &'a [Change],
    /// Whether the user is blocked.
    pub is_blocked: bool,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Size, template};

    #[test]
    fn ids_in_urls_are_left_out() {
        for (url, expected) in [
            (
                "https://a.com/api/v2/users/auth0%7C5f2?x=1",
                "https://a.com/api/v2/users/{id}",
            ),
            ("https://a.com", "https://a.com"),
            (
                "https://a.com/score/12345/now#x",
                "https://a.com/score/{id}/now",
            ),
            (
                "https://a.com:8080/o/6f1c8e0e-7d4b-4d9a-8f3e-0a2b3c4d5e6f",
                "https://a.com:8080/o/{id}",
            ),
            ("https://a.com/jane@x.com/", "https://a.com/{id}/"),
        ] {
            assert_eq!(template(url), expected);
        }
    }

    #[test]
    fn the_size_is_that_of_the_signed_token() {
        // Signed by Node's crypto with a key's name of 21 letters: header 76, payload 56, signature 342, two dots.
        let claims = json!({"sub": "auth0|1", "aud": "x", "iat": 1, "e": 22});
        let claims = claims.as_object().cloned().unwrap_or_default();
        assert_eq!(Size::of(&claims), Some(Size(476)));
        assert_eq!(Size::of(&serde_json::Map::new()), None);
    }
}
