//! The format of a string of the event in production, determined by its name.

use std::net::IpAddr;

use crate::random::Random;
use crate::texts::{self, adapted};
use crate::vocabulary::Vocabulary;

/// The form of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Anything that people write.
    Free,
    /// `2026-11-20T08:30:00.000Z`
    Timestamp,
    /// `jane@example.com`
    Email,
    /// `https://…`
    Url,
    /// An address of IPv4 or IPv6.
    Ip,
    /// `AS64496`
    Asn,
    /// An id, a name that machines gave, a slug: not empty, without spaces.
    Id,
    /// `auth0|6731f2a9`: the provider, then an id.
    UserId,
    /// `GET` or `POST`.
    Method,
    /// `en`, `de-CH`
    Language,
    /// Two or three capital letters.
    Code,
    /// `+41791234567`
    Phone,
    /// Scopes, separated by spaces.
    Scopes,
    /// One scope.
    Scope,
}

use Format::*;

impl Format {
    /// By the names that lead to the text, or to the array that it is in.
    pub(crate) fn of(path: &[&str]) -> Format {
        let name = match path {
            // The part behind the provider.
            [.., "identities", "user_id"] => return Id,
            [.., name] => *name,
            [] => return Free,
        };
        match name {
            "email" | "login_hint" => Email,
            "picture" | "redirect_uri" => Url,
            "user_id" | "sub" => UserId,
            "ip" => Ip,
            "asn" => Asn,
            "method" => Method,
            "language" | "locale" | "ui_locales" => Language,
            "phone_number" => Phone,
            "scopes" => Scopes,
            "requested_scopes" | "scope" => Scope,
            "last_password_reset" | "timestamp" => Timestamp,
            "id" | "identifier" | "audience" | "hostname" | "domain" | "strategy" | "provider"
            | "connection" | "type" | "prompt" | "response_type" | "acr_values" | "state"
            | "ja3" | "ja4" | "timeZone" => Id,
            _ if name.ends_with("_ip") => Ip,
            _ if name.ends_with("_asn") => Asn,
            _ if name.ends_with("_at") => Timestamp,
            _ if name.ends_with("_id") || name.ends_with("_type") => Id,
            _ if name.ends_with("Code") || name.ends_with("Code3") => Code,
            _ => Free,
        }
    }

    /// Whether production could send this text.
    pub(crate) fn fits(self, text: &str) -> bool {
        let is_word = || {
            !text.is_empty()
                && text.len() <= 512
                && !text.chars().any(|c| c.is_whitespace() || c.is_control())
        };
        match self {
            Free => true,
            Timestamp => is_timestamp(text),
            // Not all that the RFCs permit: an address that no production event has would find nothing real.
            Email => {
                let parts = text.split_once('@');
                is_word() && parts.is_some_and(|(user, host)| is_user(user) && is_host(host))
            }
            Url => {
                let host = text
                    .strip_prefix("https://")
                    .or(text.strip_prefix("http://"));
                is_word() && host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
            }
            Ip => text.parse::<IpAddr>().is_ok(),
            Asn => text.strip_prefix("AS").is_some_and(is_digits),
            Id => is_word(),
            UserId => {
                let parts = text.split_once('|');
                is_word() && parts.is_some_and(|(kind, id)| !kind.is_empty() && !id.is_empty())
            }
            Method => matches!(text, "GET" | "POST"),
            Language => {
                is_word()
                    && text.starts_with(|first: char| first.is_ascii_alphabetic())
                    && text
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "-_,;=.*".contains(c))
            }
            Code => (2..=3).contains(&text.len()) && text.chars().all(|c| c.is_ascii_uppercase()),
            Phone => text.strip_prefix('+').is_some_and(is_digits),
            Scopes => text.split(' ').all(|scope| Scope.fits(scope)),
            Scope => is_word() && text.is_ascii(),
        }
    }

    /// A text of this form: one of the usual ones, one that the Actions speak of, an odd one.
    pub(crate) fn text(self, name: &str, random: &mut Random, vocabulary: &Vocabulary) -> String {
        if random.chance(40)
            && let Some(word) = random.pick(&vocabulary.texts)
            && let Some(fitting) = self.spoken_of(word, random)
        {
            return fitting;
        }
        match self {
            Free if random.chance(50) => texts::odd(random, vocabulary),
            _ => random.text(texts::usual(self, name)),
        }
    }

    /// The word in the form of the place, if there is a way.
    fn spoken_of(self, word: &str, random: &mut Random) -> Option<String> {
        let mut candidates = adapted(word);
        candidates.retain(|text| self.fits(text));
        random.pick(&candidates).cloned()
    }
}

fn is_user(user: &str) -> bool {
    !user.is_empty() && !user.contains('@')
}

fn is_host(host: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
    !host.is_empty() && host.chars().all(allowed) && host.split('.').all(|part| !part.is_empty())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.len() <= 15 && text.chars().all(|c| c.is_ascii_digit())
}

fn is_timestamp(text: &str) -> bool {
    const FORM: &str = "dddd-dd-ddTdd:dd:dd.dddZ";
    text.len() == FORM.len()
        && text.chars().zip(FORM.chars()).all(|(is, form)| match form {
            'd' => is.is_ascii_digit(),
            other => is == other,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_texts_fit_their_form() {
        for name in [
            "email",
            "picture",
            "user_id",
            "ip",
            "asn",
            "method",
            "language",
            "phone_number",
            "scopes",
            "requested_scopes",
            "created_at",
            "strategy",
            "countryCode",
            "identifier",
            "type",
        ] {
            let format = Format::of(&[name]);
            let usual = texts::usual(format, name);
            assert!(!usual.is_empty(), "{name}");
            for text in usual {
                assert!(format.fits(text), "{name}: {text}");
            }
        }
    }

    #[test]
    fn what_production_never_sends_does_not_fit() {
        for (name, text) in [
            ("email", ""),
            ("email", "jane"),
            ("email", "jane@"),
            ("email", "a@b@c"),
            ("created_at", "yesterday"),
            ("created_at", "2026-1-20T08:30:00.000Z"),
            ("picture", "/a.png"),
            ("ip", "1.2.3"),
            ("user_id", "6731"),
            ("id", ""),
            ("method", "PUT"),
            ("language", ""),
        ] {
            assert!(!Format::of(&[name]).fits(text), "{name}: {text}");
        }
        assert!(Format::of(&["nickname"]).fits(""));
    }

    #[test]
    fn words_take_the_form_of_their_place() {
        let forms = |name: &str, word: &str| -> Vec<String> {
            let mut random = Random::new(1, 1);
            let draw = |_| Format::of(&[name]).spoken_of(word, &mut random);
            (0..40).filter_map(draw).collect()
        };
        for (name, word, expected) in [
            ("email", "@example.com", "jane@example.com"),
            ("email", "example.com", "jane@example.com"),
            ("user_id", "google-oauth2|", "google-oauth2|1"),
            ("strategy", "waad", "waad"),
        ] {
            let found = forms(name, word);
            assert!(found.contains(&expected.to_owned()), "{name}: {found:?}");
        }
        assert!(forms("ip", "enterprise").is_empty());
    }
}
