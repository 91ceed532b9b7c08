//! Users of a tenant that does not exist, as the vendor's export job writes them, for tests and demonstrations.
//!
//! User `n` of a seed is always the same, however many there are. The shares are those of a tenant that has grown for ten years:
//!
//! | what | users |
//! | --- | --- |
//! | connection `Username-Password-Authentication` | 46 % |
//! | `google-oauth2`, `apple`, `github` | 23 %, 6 %, 4 % |
//! | `legacy-db`, users that were imported: ids without a hash, fewer verified addresses, `role` in place of `roles` | 12 % |
//! | `acme-corp` (Entra ID), with groups, some with hundreds of them | 7 % |
//! | `sms`, without an e-mail address | 2 % |
//! | without `app_metadata`, with an empty one | 9 %, 6 % |
//! | without `user_metadata` | 20 % |
//! | a second, linked identity | 8 % |
//! | blocked | 0.6 % |
//!
//! Names are of many languages and scripts. Addresses are of `example.com` and its like, telephone numbers of ranges that are kept free.

mod people;
mod write;

use serde_json::{Map, Value, json};

use crate::random::Random;
use people::{Person, person};

pub use write::{Form, write};

/// The first day of a user's account, in days since 1970: 2015-01-01.
const FIRST_DAY: usize = 16_436;
/// The last day, 2026-10-31.
const LAST_DAY: usize = 20_757;

/// The kind of a user's connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Database,
    Google,
    Apple,
    GitHub,
    Legacy,
    Enterprise,
    Sms,
}

impl Origin {
    fn of(random: &mut Random) -> Self {
        match random.below(100) {
            0..46 => Origin::Database,
            46..69 => Origin::Google,
            69..75 => Origin::Apple,
            75..79 => Origin::GitHub,
            79..91 => Origin::Legacy,
            91..98 => Origin::Enterprise,
            _ => Origin::Sms,
        }
    }

    /// Connection, provider, and whether it is a social one.
    fn connection(self) -> (&'static str, &'static str, bool) {
        match self {
            Origin::Database => ("Username-Password-Authentication", "auth0", false),
            Origin::Google => ("google-oauth2", "google-oauth2", true),
            Origin::Apple => ("apple", "apple", true),
            Origin::GitHub => ("github", "github", true),
            Origin::Legacy => ("legacy-db", "auth0", false),
            Origin::Enterprise => ("acme-corp", "waad", false),
            Origin::Sms => ("sms", "sms", false),
        }
    }

    /// The id at the provider.
    fn id(self, random: &mut Random, number: u64) -> String {
        match self {
            Origin::Database | Origin::Sms => digits(random, "0123456789abcdef", 24),
            Origin::Google => format!("1{}", digits(random, "0123456789", 20)),
            Origin::Apple => format!(
                "00{}.{}.{}",
                digits(random, "0123456789", 4),
                digits(random, "0123456789abcdef", 32),
                digits(random, "0123456789", 4)
            ),
            Origin::GitHub => (10_000 + number * 7).to_string(),
            Origin::Legacy => format!("legacy-{number}"),
            Origin::Enterprise => digits(
                random,
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
                43,
            ),
        }
    }
}

fn digits(random: &mut Random, alphabet: &str, count: usize) -> String {
    let alphabet: Vec<char> = alphabet.chars().collect();
    (0..count)
        .filter_map(|_| random.pick(&alphabet).copied())
        .collect()
}

/// Returns user `number` of a seed, with the attributes in the order of the vendor's export.
#[must_use]
pub fn user(seed: u64, number: u64) -> Map<String, Value> {
    let random = &mut Random::new(seed, number);
    let origin = Origin::of(random);
    let (connection, provider, is_social) = origin.connection();
    let id = origin.id(random, number);
    let person = person(random, number);
    let created = FIRST_DAY + random.below(LAST_DAY - FIRST_DAY);
    let last_login = created + random.below(LAST_DAY - created + 1);
    let mut user = Map::new();
    user.insert("user_id".into(), json!(format!("{provider}|{id}")));
    profile(&mut user, origin, &person, random);
    let mut identities = vec![json!({
        "user_id": id,
        "provider": provider,
        "connection": connection,
        "isSocial": is_social,
    })];
    if random.chance(8) && origin != Origin::Sms {
        identities.push(linked(origin, &person, random));
    }
    user.insert("identities".into(), Value::from(identities));
    user.insert("created_at".into(), time(created, random));
    user.insert("updated_at".into(), time(last_login, random));
    if random.chance(94) {
        user.insert("last_login".into(), time(last_login, random));
        let address = format!("203.0.113.{}", random.below(256));
        user.insert("last_ip".into(), json!(address));
        // Half of all users came once or twice, a few very often.
        let most = 1 << random.below(11);
        user.insert("logins_count".into(), json!(1 + random.below(most)));
    }
    if random.below(1000) < 6 {
        user.insert("blocked".into(), json!(true));
    }
    if random.chance(5) {
        user.insert("multifactor".into(), json!(["guardian"]));
    }
    if !random.chance(9) {
        user.insert("app_metadata".into(), app_metadata(origin, number, random));
    }
    if !random.chance(20) {
        user.insert(
            "user_metadata".into(),
            user_metadata(origin, &person, random),
        );
    }
    user
}

fn profile(user: &mut Map<String, Value>, origin: Origin, person: &Person, random: &mut Random) {
    if origin == Origin::Sms {
        let number = format!("+1202555{:04}", 100 + random.below(100));
        user.insert("name".into(), json!(number));
        user.insert("phone_number".into(), json!(number));
        user.insert("phone_verified".into(), json!(true));
        return;
    }
    let domain = match origin {
        Origin::Enterprise => "acme.example",
        Origin::Apple if random.chance(40) => "privaterelay.example",
        _ => match random.below(3) {
            0 => "example.com",
            1 => "example.org",
            _ => "example.net",
        },
    };
    let verified = match origin {
        Origin::Legacy => 35,
        Origin::Database => 82,
        _ => 99,
    };
    let email = format!("{}@{domain}", person.address);
    user.insert("email".into(), json!(email));
    user.insert("email_verified".into(), json!(random.chance(verified)));
    // A database knows nothing but the address, unless the sign-up asks for more.
    let has_name = !matches!(origin, Origin::Database | Origin::Legacy) || random.chance(45);
    let name = match has_name {
        true => format!("{} {}", person.given, person.family),
        false => email,
    };
    user.insert("name".into(), json!(name));
    if has_name {
        user.insert("given_name".into(), json!(person.given));
        user.insert("family_name".into(), json!(person.family));
    }
    user.insert("nickname".into(), json!(person.address));
    let picture = format!("https://cdn.example.com/avatars/{}.png", person.address);
    user.insert("picture".into(), json!(picture));
    if origin == Origin::Database && random.chance(15) {
        user.insert("username".into(), json!(person.address.replace('.', "_")));
    }
}

fn linked(origin: Origin, person: &Person, random: &mut Random) -> Value {
    let other = match origin {
        Origin::Google => Origin::Database,
        _ => Origin::Google,
    };
    let (connection, provider, is_social) = other.connection();
    json!({
        "profileData": {
            "email": format!("{}@example.com", person.address),
            "email_verified": true,
            "name": format!("{} {}", person.given, person.family),
        },
        "user_id": other.id(random, 0),
        "provider": provider,
        "connection": connection,
        "isSocial": is_social,
    })
}

fn app_metadata(origin: Origin, number: u64, random: &mut Random) -> Value {
    if random.chance(6) {
        return json!({});
    }
    let mut metadata = Map::new();
    let plan = match random.below(100) {
        _ if origin == Origin::Enterprise => "enterprise",
        0..70 => "free",
        70..96 => "pro",
        _ => "team",
    };
    metadata.insert("plan".into(), json!(plan));
    if origin == Origin::Legacy && random.chance(60) {
        // The old system had one role for each user, as a text.
        metadata.insert(
            "role".into(),
            json!(random.text(&["member", "admin", "Editor"])),
        );
        metadata.insert("legacy_id".into(), json!(number));
    } else {
        let all = ["member", "editor", "billing", "support", "admin"];
        let mut roles = vec!["member"];
        roles.extend(all.iter().skip(1).filter(|_| random.chance(12)));
        metadata.insert("roles".into(), json!(roles));
    }
    if plan != "free" {
        let id = digits(random, "0123456789ABCDEFGHJKMNPQRSTVWXYZ", 14);
        metadata.insert("customer_id".into(), json!(format!("cus_{id}")));
    }
    if origin == Origin::Enterprise {
        // What makes tokens longer than a cookie.
        let count = match random.below(100) {
            0..80 => 1 + random.below(15),
            80..97 => 20 + random.below(60),
            _ => 150 + random.below(300),
        };
        let groups: Vec<String> = (0..count)
            .map(|_| format!("acme-{}-{:03}", random.text(DEPARTMENTS), random.below(400)))
            .collect();
        metadata.insert("groups".into(), json!(groups));
    }
    Value::Object(metadata)
}

const DEPARTMENTS: &[&str] = &[
    "sales",
    "engineering",
    "finance",
    "people",
    "support",
    "legal",
];

fn user_metadata(origin: Origin, person: &Person, random: &mut Random) -> Value {
    let mut metadata = Map::new();
    if random.chance(70) {
        metadata.insert("lang".into(), json!(person.language));
    }
    if random.chance(40) {
        metadata.insert(
            "theme".into(),
            json!(random.text(&["dark", "light", "system"])),
        );
    }
    if random.chance(55) {
        // Forms sent texts before they sent booleans.
        let agrees = random.chance(30);
        let value = match origin == Origin::Legacy || random.chance(10) {
            true => json!(agrees.to_string()),
            false => json!(agrees),
        };
        metadata.insert("newsletter".into(), value);
    }
    if random.chance(4) {
        metadata.insert("nickname".into(), Value::Null);
    }
    Value::Object(metadata)
}

/// A time of a day in RFC 3339, as the vendor writes it.
fn time(day: usize, random: &mut Random) -> Value {
    let (year, month, day) = date(day);
    let second = random.below(86_400);
    Value::from(format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        second / 3600,
        second / 60 % 60,
        second % 60,
        random.below(1000)
    ))
}

/// Year, month and day of a day since 1970-01-01 (<https://howardhinnant.github.io/date_algorithms.html#civil_from_days>).
fn date(day: usize) -> (usize, usize, usize) {
    let shifted = day + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + usize::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests;
