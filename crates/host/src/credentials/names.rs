//! Recognises credentials by the words of a name: `apiToken`, `user_password`, `X-Auth-Token`, `secretAccessKey`.

use std::{collections::HashSet, sync::OnceLock};

/// Where a name appears. The same name means different things in different places: `state` is a one-time value in
/// a query and part of an address in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Medium {
    /// A header of a response.
    Header,
    /// The query or the fragment of a URL.
    Query,
    /// A form, URL-encoded or multipart.
    Form,
    /// A member of a JSON object.
    Json,
    /// An element or an attribute of XML or HTML.
    Markup,
    /// `name: value` or `name=value` in any other text.
    Text,
}

/// The facts that a name reveals about the value below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Credential {
    /// Nothing.
    No,
    /// It is a credential if it looks random.
    Random,
    /// A string or number is a credential; an object is looked into.
    Scalar,
    /// Everything below the name is a credential.
    Deep,
}

/// Words that name a credential wherever they appear, in the singular.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "apikey", "bearer", "contrasena", "cookie", "cred", "credential", "csrf", "cvc", "cvv", "hotp", "jwe", "jws", "jwt",
    "kennwort", "mnemonic", "motdepasse", "otp", "pass", "passcode", "passphrase", "passwd", "password", "passwort",
    "pin", "psk", "psw", "pw", "pwd", "pword", "samlresponse", "secret", "senha", "sessid", "skey", "ssn",
    "token", "totp", "verifier", "wresult", "xsrf",
];

/// Parts that are recognised inside of a longer word without separators, the longest first: `jsessionid`, `userpassword`.
#[rustfmt::skip]
const PARTS: &[&str] = &[
    "connectionstring", "authorization", "encryptionkey", "samlassertion", "samlresponse", "codeverifier", "passphrase",
    "privatekey", "credential", "signingkey", "accesskey", "secretkey", "sessionid", "sharedkey", "masterkey",
    "passcode", "passwort", "password", "authcode", "authkey", "writekey", "apikey", "cookie", "passwd", "secret",
    "sessid", "token",
];

/// Words that contain such a part and mean something else.
#[rustfmt::skip]
const OTHER_WORDS: &[&str] = &[
    "authorizations", "cookieless", "passwordless", "secretarial", "secretariat", "secretaries", "secretary",
    "secretion", "tokenisation", "tokenise", "tokenised", "tokeniser", "tokenization", "tokenize", "tokenized",
    "tokenizer", "tokenomics",
];

/// The words before `_key` in names of keys that give access.
#[rustfmt::skip]
const KEYS: &[&str] = &[
    "access", "account", "admin", "api", "app", "application", "auth", "authentication", "authorization", "client",
    "consumer", "decryption", "deploy", "encryption", "function", "hmac", "integration", "licence", "license", "master",
    "private", "publishable", "routing", "rsa", "sas", "secret", "security", "server", "service", "session", "shared",
    "signature", "signing", "ssh", "storage", "subscription", "symmetric", "webhook", "write",
];

/// The words before `_code` in names of codes that give access.
#[rustfmt::skip]
const CODES: &[&str] = &[
    "access", "activation", "auth", "authentication", "authorization", "backup", "challenge", "confirmation", "device",
    "fa", "interaction", "login", "magic", "mfa", "oob", "otp", "pass", "passwordless", "recovery", "reset", "security",
    "signin", "sms", "tfa", "time", "totp", "unlock", "user", "verification", "verify",
];

/// Other pairs of words that name a credential.
const PAIRS: &[(&str, &str)] = &[
    ("activation", "link"),
    ("card", "number"),
    ("confirmation", "link"),
    ("connection", "string"),
    ("interaction", "handle"),
    ("invitation", "link"),
    ("invite", "link"),
    ("key", "material"),
    ("login", "link"),
    ("login", "ticket"),
    ("magic", "link"),
    ("recovery", "link"),
    ("recovery", "phrase"),
    ("reset", "link"),
    ("saml", "art"),
    ("saml", "assertion"),
    ("saml", "request"),
    ("saml", "response"),
    ("secret", "text"),
    ("security", "answer"),
    ("seed", "phrase"),
    ("session", "id"),
    ("signature", "value"),
    ("signin", "link"),
    ("state", "handle"),
    ("verification", "link"),
];

/// Last words of names that are those of a credential where the value looks random, and of much else where it does not.
#[rustfmt::skip]
const WEAK: &[&str] = &[
    "access", "code", "dsn", "hash", "hmac", "key", "lt", "nonce", "refresh", "salt", "sas", "sec", "seed", "serial",
    "sid", "sig", "signature", "st", "state", "tgt", "ticket", "tkn", "tok", "xoxb", "xoxp",
];

/// Behind a credential's word they say that the value describes it: `token_type`, `password_changed_at`, `session_count`.
#[rustfmt::skip]
const DESCRIBE: &[&str] = &[
    "address", "age", "alg", "algorithm", "at", "attempts", "audience", "balance", "budget", "changed", "consent",
    "context", "cost", "count", "created", "date", "day", "decimal", "description", "domain", "duration", "enabled",
    "end", "endpoint", "error", "expiration", "expire", "expired", "expires", "expiry", "fail", "failed", "field",
    "format", "header", "hour", "index", "issued", "issuer", "kind", "label", "last", "len", "length", "level",
    "lifetime", "limit", "max", "message", "method", "min", "minute", "mode", "name", "number", "param", "parameter",
    "path", "percentage", "permission", "policy", "present", "price", "provider", "rate", "remaining", "required",
    "rotation", "scheme", "scope", "second", "server", "size", "speaker", "start", "status", "strength", "supply",
    "supported", "symbol", "through", "time", "timestamp", "title", "total", "ttl", "type", "updated", "uri", "url",
    "usage", "used", "valid", "validity", "verified", "version",
];

/// Before `tokens` they say that tokens are counted: of a language model, of a rate limit.
#[rustfmt::skip]
const COUNTED: &[&str] = &[
    "cached", "completion", "count", "input", "limit", "max", "min", "num", "number", "output", "prompt", "ratelimit",
    "reasoning", "remaining", "total", "used",
];

/// Keys that identify something and open nothing.
#[rustfmt::skip]
const PUBLIC_KEYS: &[&str] = &[
    "cache", "dedup", "foreign", "idempotency", "object", "partition", "public", "sort", "translation",
];

/// Names that say nothing without the one above them: `session: {id: …}`, `api: {key: …}`.
const GENERIC: &[&str] = &[
    "code", "data", "id", "key", "number", "string", "text", "value",
];

/// Returns whether a text is the name of a credential that ends with the credential's word: `API key`, not `token count`.
pub(crate) fn ends_with_credential(name: &str) -> bool {
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    strongest(&words, Medium::Text).is_some_and(|(end, _)| end == words.len())
}

/// Returns whether a word can be the last one of a credential's name. Cheap, so that long texts can be looked through.
pub(crate) fn may_end_credential(word: &str) -> bool {
    static ENDS: OnceLock<HashSet<[u8; 2]>> = OnceLock::new();
    const LONGEST: usize = 100;
    let end = |word: &str| {
        let last = word.as_bytes().last_chunk::<2>();
        last.map(|last| last.map(|byte| byte.to_ascii_lowercase()))
    };
    let ends = ENDS.get_or_init(|| {
        let pairs = PAIRS.iter().map(|(_, last)| last);
        let words = WORDS.iter().chain(PARTS).chain(pairs);
        words
            .chain(&["key", "code"])
            .copied()
            .filter_map(end)
            .collect()
    });
    let single = word.strip_suffix(['s', 'S']).unwrap_or(word);
    let may = |word| end(word).is_some_and(|end| ends.contains(&end));
    if word.len() > LONGEST || !(may(single) || may(word)) {
        return false;
    }
    let word = word.to_lowercase();
    let single = singular(&word);
    matches!(single, "key" | "code")
        || WORDS.contains(&single)
        || PAIRS.iter().any(|(_, last)| *last == single)
        || PARTS.iter().any(|part| single.ends_with(part))
}

/// Returns what a name says about its value in this medium.
pub(crate) fn credential(name: &str, medium: Medium) -> Credential {
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(last) = words.last() else {
        return Credential::No;
    };
    match strongest(&words, medium) {
        Some((end, credential)) => {
            let tail = words.get(end..).unwrap_or_default();
            let is_key = words.get(end.wrapping_sub(1)) == Some(&"key");
            let describes = |word: &&&str| describing(word) || (is_key && **word == "id");
            if tail.iter().any(|word| describes(&word)) {
                Credential::No
            } else {
                credential
            }
        }
        None => weak(&words, last, medium),
    }
}

/// Returns the name with the one above it, where it says nothing by itself.
pub(crate) fn joined(above: &str, name: &str) -> String {
    match words(name).as_slice() {
        [word] if GENERIC.contains(&word.as_str()) => format!("{above}_{name}"),
        _ => name.to_owned(),
    }
}

/// Returns whether a value of this name describes the credential that it belongs to: `type`, `expires_in`.
pub(crate) fn is_description(name: &str) -> bool {
    let words = words(name);
    words.iter().any(|word| describing(word)) && credential(name, Medium::Json) == Credential::No
}

/// Returns whether the name is that of a number of things, if its value is a number: `tokens: 12`.
pub(crate) fn may_count(name: &str) -> bool {
    let name = name.trim_end();
    name.len() > 4 && name.ends_with(['s', 'S']) && !name.to_lowercase().ends_with("pass")
}

/// Returns the end of the last words that name a credential, and how far it goes.
fn strongest(words: &[&str], medium: Medium) -> Option<(usize, Credential)> {
    (0..words.len()).rev().find_map(|index| {
        let word = words.get(index).copied()?;
        let next = words.get(index + 1).copied();
        if let Some(next) = next
            && is_pair(word, next)
        {
            return Some((index + 2, Credential::Deep));
        }
        if word == "token"
            && index > 0
            && words.get(..index)?.iter().any(|one| COUNTED.contains(one))
        {
            return None;
        }
        let found = match word {
            // Roles of a user stand below `authorization`, the parts of a document below `assertion`.
            "authorization" | "assertion" => Credential::Scalar,
            "session" => Credential::Scalar,
            "auth" if medium != Medium::Text => Credential::Scalar,
            "signature" | "sig" | "hmac"
                if matches!(medium, Medium::Query | Medium::Form | Medium::Header) =>
            {
                Credential::Scalar
            }
            word if WORDS.contains(&word) || PARTS.contains(&word) => Credential::Deep,
            _ => return None,
        };
        Some((index + 1, found))
    })
}

fn is_pair(one: &str, other: &str) -> bool {
    match other {
        "key" => KEYS.contains(&one),
        "code" => CODES.contains(&one),
        other => PAIRS.contains(&(one, other)),
    }
}

/// Names that are those of a credential in one medium and of much else in others.
fn weak(words: &[&str], last: &str, medium: Medium) -> Credential {
    let alone = words.len() == 1;
    match (medium, last) {
        (Medium::Query, "code" | "key" | "state" | "sid" | "ticket" | "invitation" | "wctx")
            if alone =>
        {
            Credential::Scalar
        }
        (Medium::Form, "code" | "wctx") if alone => Credential::Scalar,
        (Medium::Query | Medium::Form, "state") if words.first() == Some(&"relay") => {
            Credential::Scalar
        }
        (Medium::Text, _) => Credential::No,
        (_, "key") if words.iter().any(|word| PUBLIC_KEYS.contains(word)) => Credential::No,
        (Medium::Header, "authentication") if alone => Credential::Scalar,
        (Medium::Header, "authenticate") => Credential::Random,
        (_, "url" | "uri") if words.iter().any(|word| word.ends_with("hook")) => Credential::Random,
        (_, "str") if words.contains(&"nonce") => Credential::Random,
        (_, last) if WEAK.contains(&last) => Credential::Random,
        _ => Credential::No,
    }
}

fn describing(word: &str) -> bool {
    DESCRIBE.contains(&word)
}

/// Splits a name into its words, in lower case and in the singular. Digits separate words and are dropped.
fn words(name: &str) -> Vec<String> {
    /// Longer names are nobody's; the end says what they name.
    const LETTERS: usize = 200;
    let letters: Vec<char> = name.chars().rev().take(LETTERS).map(narrow).collect();
    let letters: Vec<char> = letters.into_iter().rev().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(index + 1);
        let begins = letter.is_uppercase()
            && (before.is_some_and(|before| before.is_lowercase())
                || (before.is_some_and(|before| before.is_uppercase())
                    && after.is_some_and(|after| after.is_lowercase())));
        if !letter.is_alphabetic() || begins {
            // The vendor's name is no word for a login.
            if word == "auth" && *letter == '0' {
                word.push('0');
            }
            finish(&mut word, &mut words);
        }
        if letter.is_alphabetic() {
            word.extend(letter.to_lowercase());
        }
    }
    finish(&mut word, &mut words);
    words
}

/// Returns the ASCII letter of a letter in full width.
fn narrow(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => u32::from(letter)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .unwrap_or(letter),
        letter => letter,
    }
}

fn finish(word: &mut String, words: &mut Vec<String>) {
    let word = std::mem::take(word);
    if word.is_empty() {
        return;
    }
    let single = singular(&word);
    if OTHER_WORDS.contains(&word.as_str()) || WORDS.contains(&single) || PARTS.contains(&single) {
        words.push(single.to_owned());
        return;
    }
    for part in PARTS {
        if let Some((before, after)) = word.split_once(part) {
            if !before.is_empty() {
                words.push(before.to_owned());
            }
            words.push((*part).to_owned());
            let after = after.strip_prefix('s').unwrap_or(after);
            // `tokenexpiresin`: what follows begins with a word that describes.
            let described = DESCRIBE
                .iter()
                .find(|word| word.len() >= 4 && after.starts_with(**word));
            if let Some(after) = described {
                words.push((*after).to_owned());
            } else if !after.is_empty() {
                words.push(singular(after).to_owned());
            }
            return;
        }
    }
    words.push(single.to_owned());
}

fn singular(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(single) if single.len() >= 3 && !single.ends_with(['s', 'u', 'i']) => single,
        _ => word,
    }
}

#[cfg(test)]
mod tests;
