//! Texts: the usual ones for each form, odd ones, and words bent into the form of a place.

use crate::format::Format;
use crate::random::Random;
use crate::vocabulary::Vocabulary;

/// Returns ordinary values for such a place.
pub(crate) fn usual(format: Format, name: &str) -> &'static [&'static str] {
    match format {
        Format::Timestamp => TIMESTAMPS,
        Format::Email => &[
            "jane.doe@example.com",
            "j@example.org",
            "Jane+Tag@Example.COM",
            "jane@mail.example.co.uk",
            "jané@exämple.com",
        ],
        Format::Url => &[
            "https://app.example.com/callback",
            "http://localhost:3000/",
            "https://cdn.example.com/a.png?s=480&d=1",
        ],
        Format::Ip => &["203.0.113.24", "10.0.0.1", "2001:db8::1"],
        Format::Asn => &["AS64496", "AS1"],
        Format::UserId => &[
            "auth0|6731f2a9c4b8e05d17f3a9c2",
            "google-oauth2|104512345678901234567",
            "samlp|corp|jane@example.com",
            "sms|6731f2a9c4b8e05d17f3a9c2",
            "waad|Qm9iIHRoZSBidWlsZGVy",
        ],
        Format::Method => &["GET", "POST"],
        Format::Language => &["en", "de-CH", "pt-BR", "zh-Hant-TW", "fr-CA,fr;q=0.9"],
        Format::Code => &["CH", "US", "EU", "CHE"],
        Format::Phone => &["+41791234567", "+12025550123"],
        Format::Scopes => &["openid", "openid profile email offline_access"],
        Format::Scope => SCOPES,
        Format::Id | Format::Free => by_name(name),
    }
}

fn by_name(name: &str) -> &'static [&'static str] {
    match name {
        "strategy" | "provider" => &[
            "auth0",
            "google-oauth2",
            "samlp",
            "waad",
            "email",
            "sms",
            "oidc",
            "apple",
        ],
        "connection" => &["Username-Password-Authentication", "google-oauth2", "corp"],
        "identifier" | "audience" => &[
            "https://api.example.com",
            "https://other.example.com/",
            "api",
        ],
        "prompt" => &["none", "login", "consent", "select_account"],
        "response_type" => &["code", "token", "id_token"],
        "acr_values" => &[MFA, "urn:example:loa:2"],
        "hostname" | "domain" => &["example.eu.auth0.com", "login.example.com"],
        "roles" => &["editor", "admin", "Support (2nd level)", ""],
        "multifactor" => &["guardian", "google-authenticator"],
        "type" => &[
            "push-notification",
            "phone",
            "email",
            "otp",
            "webauthn-roaming",
            "recovery-code",
        ],
        "timeZone" => &["Europe/Zurich", "America/Los_Angeles"],
        _ => &["a", "example", "Qm9iIHRoZSBidWlsZGVy", "1"],
    }
}

const MFA: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";

const SCOPES: &[&str] = &[
    "openid",
    "profile",
    "email",
    "offline_access",
    "phone",
    "address",
    "read:reports",
];

/// Around the moment at which the sample logs in, at every scale.
const TIMESTAMPS: &[&str] = &[
    "2026-11-20T08:30:00.000Z",
    "2026-11-20T08:29:00.000Z",
    "2026-11-20T07:30:00.000Z",
    "2026-11-19T08:30:00.000Z",
    "2026-11-12T08:30:00.000Z",
    "2026-10-15T08:30:00.000Z",
    "2026-08-01T08:30:00.000Z",
    "2025-03-14T09:26:53.000Z",
    "2021-01-01T00:00:00.000Z",
    "2016-02-29T23:59:59.999Z",
    "2027-01-30T07:15:00.000Z",
];

/// Values that break careless code.
const ODD: &[&str] = &[
    "",
    " ",
    "0",
    "-1",
    "null",
    "undefined",
    "true",
    "NaN",
    "__proto__",
    "constructor",
    "toString",
    "[object Object]",
    "Jane\nDoe",
    "a\tb\r\nc",
    "zoë 😀 𝒥𝒶𝓃ℯ",
    "\u{202e}evil\u{200b}",
    "e\u{301}",
    "ﬁ İ ß",
    "<script>alert(1)</script>",
    "'; DROP TABLE users; --",
    "${7*7}",
    "%00%0a%zz",
    "../../etc/passwd",
    "{\"a\":1}",
    "{",
    "a,b;c|d",
    "2026-02-30",
    "https://[",
    "1e999",
    "\u{0}",
];

/// An odd text: one that trips careless code, a long one, or one as long as a number that the Actions speak of.
pub(crate) fn odd(random: &mut Random, vocabulary: &Vocabulary) -> String {
    if random.chance(10) {
        return "x".repeat(*random.pick(&[40, 256, 300, 1_100, 5_000]).unwrap_or(&40));
    }
    if random.chance(15)
        && let Some(length) = random.pick(&vocabulary.numbers)
        && (1.0..5_000.0).contains(length)
    {
        let length = (*length as usize + random.below(3)).saturating_sub(1);
        return "x".repeat(length);
    }
    random.text(ODD)
}

/// The word as it stands, and what a longer text around it may be.
pub(crate) fn adapted(word: &str) -> Vec<String> {
    let mut forms = vec![word.to_owned()];
    if word.starts_with('@') {
        forms.push(format!("jane{word}"));
    } else if word.contains('.') && !word.contains('@') {
        forms.push(format!("jane@{word}"));
        forms.push(format!("https://{word}"));
    }
    if word.ends_with('|') || word.ends_with('@') {
        forms.push(format!("{word}1"));
        forms.push(format!("{word}example.com"));
    }
    if !word.is_empty() && word.len() < 64 {
        let upper = word.to_uppercase();
        let lower = word.to_lowercase();
        forms.extend([format!("{word}x"), format!("x{word}")]);
        forms.extend([upper, lower].into_iter().filter(|form| form != word));
        forms.push(format!("{word}|1"));
    }
    forms
}
