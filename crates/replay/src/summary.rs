//! The fold over all users.

use std::collections::BTreeMap;

use postlogin_core::outcome::{Status, TokenKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bounded::{Bounded, Merge};
use crate::claims::{ClaimCount, State};
use crate::features::Features;
use crate::group::{Group, Problem, Requests, count, merge_counts};
use crate::histogram::Histogram;
use crate::input_hash::InputHash;
use crate::login::{Change, Claim, Login, Part, Side, rule_name};
use crate::privacy::Privacy;
use crate::profile::{Profile, Roots};
use crate::reached::Reached;

/// The number of claims of a token that are counted.
const MOST_CLAIMS: usize = 500;
/// The number of groups of differences, errors and requests.
const MOST_GROUPS: usize = 500;
/// The largest cookie that browsers keep, in bytes (RFC 6265, section 6.1).
pub const COOKIE: u64 = 4_096;
/// The longest header of a request that common servers accept, in bytes.
pub const HEADER: u64 = 8_192;

/// The results of the logins of all users so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Users that were read, readable or not. It is the sum of `same`, `different`, `failed_before`, `failed_after` and `unreadable`.
    pub lines: u64,
    /// Users for whom both sides do the same.
    pub same: u64,
    /// Users for whom they do not, and neither fails.
    pub different: u64,
    /// Users whose login failed before.
    pub failed_before: u64,
    /// Users whose login fails after, and did not fail before.
    pub failed_after: u64,
    /// Those of `failed_before` whose login fails after, too.
    pub failed_both: u64,
    /// Lines that are not users.
    pub unreadable: u64,
    /// Users that are blocked: production lets them reach no Action.
    pub blocked: u64,
    /// Users whose requests no exchange answered, before and after.
    pub unanswered: [u64; 2],
    /// The number of users with each attribute.
    pub roots: Roots,
    /// The number of lines without a `user_id` that have each attribute.
    #[serde(default)]
    pub roots_without_id: Roots,
    /// Names of lines that are no attribute of a user.
    pub unknown: Bounded<u64>,
    /// The number of users in each file beside the export, by its option.
    #[serde(default)]
    pub joined: Roots,
    /// The number of users with a text in an attribute that is a boolean.
    #[serde(default)]
    pub texts: Roots,
    /// Why lines are no users.
    pub problems: Bounded<Problem>,
    /// Users by how the logins ended, `before → after`.
    pub endings: BTreeMap<String, u64>,
    /// Claims by token (`id_token`, `access_token`) and name.
    pub claims: BTreeMap<String, Bounded<ClaimCount>>,
    /// Differences.
    pub groups: Bounded<Group>,
    /// Errors, by side, message and place.
    pub errors: Bounded<Group>,
    /// Requests, by side, method and URL.
    pub requests: Bounded<Requests>,
    /// Bytes of signed tokens by token and side.
    pub bytes: BTreeMap<String, Histogram>,
    /// Users whose tokens are longer than a cookie or a header, by token and side.
    pub too_long: BTreeMap<String, [u64; 2]>,
    /// The number of users with each property, by path.
    pub features: BTreeMap<String, Bounded<u64>>,
    /// Users with a login in the tenant's logs; `None` when no logs were given.
    pub logged: Option<u64>,
    /// The number of differences, over all users: the rows of differences.ndjson.
    pub rows: u64,
    /// The identity of the lines.
    pub input: InputHash,
    /// The lines of Actions that logins reached, by side and file. Empty unless they were counted.
    pub reached: BTreeMap<String, Reached>,
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            lines: 0,
            same: 0,
            different: 0,
            failed_before: 0,
            failed_after: 0,
            failed_both: 0,
            unreadable: 0,
            blocked: 0,
            unanswered: [0; 2],
            roots: Roots::default(),
            roots_without_id: Roots::default(),
            unknown: Bounded::new(100),
            joined: Roots::default(),
            texts: Roots::default(),
            problems: Bounded::new(100),
            endings: BTreeMap::new(),
            claims: BTreeMap::new(),
            groups: Bounded::new(MOST_GROUPS),
            errors: Bounded::new(MOST_GROUPS),
            requests: Bounded::new(MOST_GROUPS),
            bytes: BTreeMap::new(),
            too_long: BTreeMap::new(),
            features: BTreeMap::new(),
            logged: None,
            rows: 0,
            input: InputHash::default(),
            reached: BTreeMap::new(),
        }
    }
}

impl Summary {
    /// The number of users whose logins ran.
    #[must_use]
    pub fn compared(&self) -> u64 {
        self.lines - self.unreadable
    }

    /// Returns whether the counts fit each other, as those of every fold do.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let outcomes = [
            self.same,
            self.different,
            self.failed_before,
            self.failed_after,
        ];
        let logins = outcomes
            .iter()
            .try_fold(0_u64, |sum, count| sum.checked_add(*count));
        let endings = self
            .endings
            .values()
            .try_fold(0_u64, |sum, count| sum.checked_add(*count));
        logins.is_some_and(|logins| logins.checked_add(self.unreadable) == Some(self.lines))
            && endings == logins
            && self.failed_both <= self.failed_before
            && self.blocked <= self.lines
    }

    /// Counts a line that is no user. Lines of no file have the number 0, which is never shown.
    pub fn add_problem(&mut self, line: u64, why: &str) {
        self.lines += 1;
        self.unreadable += 1;
        if let Some(problem) = self.problems.value(why) {
            problem.merge(Problem {
                lines: 1,
                first: Some(line).filter(|line| *line > 0).into_iter().collect(),
            });
        }
    }

    /// Counts the attributes of a line without a `user_id`.
    pub fn add_without_id(&mut self, attributes: &[String]) {
        self.roots_without_id.add(attributes);
    }

    /// Counts the attributes of a user, the names that are none, and where else the user is.
    pub fn add_names(&mut self, user: &Profile) {
        self.roots.add(&user.roots);
        self.joined.add(&user.joined);
        self.texts.add(&user.texts);
        for name in &user.unknown {
            if let Some(count) = self.unknown.value(name) {
                *count += 1;
            }
        }
    }

    /// Counts one login.
    pub fn add(
        &mut self,
        login: &Login<'_>,
        event: &Value,
        features: &Features,
        privacy: &Privacy,
    ) {
        self.lines += 1;
        self.blocked += u64::from(login.is_blocked);
        let failed = |side: &Side| side.ending.0 == Status::Failed;
        let is_failed = (login.before.is_some_and(failed), failed(login.after));
        let counter = match is_failed {
            (true, _) => &mut self.failed_before,
            (false, true) => &mut self.failed_after,
            _ if login.changes.is_empty() => &mut self.same,
            _ => &mut self.different,
        };
        *counter += 1;
        self.failed_both += u64::from(is_failed == (true, true));
        let ending = match login.before {
            Some(before) => format!("{} → {}", before.ending.name(), login.after.ending.name()),
            None => login.after.ending.name().to_owned(),
        };
        *self.endings.entry(ending).or_default() += 1;
        let found = features.of(event, privacy);
        count(&mut self.features, &found);
        let user = privacy.user(login.user);
        self.add_claims(login, privacy);
        self.rows += login.changes.len() as u64;
        for change in login.changes {
            self.add_change(change, &user, &found);
        }
        for (side, name, index) in [(login.before, "before", 0), (Some(login.after), "after", 1)] {
            let Some(side) = side else {
                continue;
            };
            self.add_side(side, name, index, &user, &found, privacy);
        }
    }

    fn add_side(
        &mut self,
        side: &Side,
        name: &str,
        index: usize,
        user: &str,
        found: &[(&str, String)],
        privacy: &Privacy,
    ) {
        if let Some(count) = self.unanswered.get_mut(index) {
            *count += u64::from(side.is_unanswered);
        }
        if let Some((message, place)) = &side.error {
            let message = without_values(message, privacy);
            let key = format!("{name} {place} {message}");
            if let Some(group) = self.errors.value(&key) {
                group.what = name.to_owned();
                group.name = Some(message);
                group.after.clone_from(place);
                group.add(user, found);
            }
        }
        let mut asked: Vec<&String> = side.requests.iter().collect();
        asked.sort();
        while let Some(url) = asked.first().copied() {
            let calls = asked.iter().filter(|one| **one == url).count();
            asked.retain(|one| *one != url);
            if let Some(requests) = self.requests.value(&format!("{name} {url}")) {
                requests.merge(Requests {
                    calls: calls as u64,
                    users: 1,
                });
            }
        }
        for (token, size) in [
            ("id_token", side.id_token),
            ("access_token", side.access_token),
        ] {
            let Some(size) = size else {
                continue;
            };
            let key = format!("{token} {name}");
            let [over_cookie, over_header] = self.too_long.entry(key.clone()).or_default();
            *over_cookie += u64::from(size.0 > COOKIE);
            *over_header += u64::from(size.0 > HEADER);
            self.bytes.entry(key).or_default().add(size.0);
        }
    }

    fn add_claims(&mut self, login: &Login<'_>, privacy: &Privacy) {
        let none: &[Claim] = &[];
        let before = login.before.map_or(none, |before| &before.claims);
        let after = &login.after.claims;
        let same =
            |left: &Claim, right: &Claim| left.token == right.token && left.name == right.name;
        let only_after = after
            .iter()
            .filter(|claim| !before.iter().any(|other| same(claim, other)));
        for claim in before.iter().chain(only_after) {
            let counts = self.claims.entry(token_name(claim.token).to_owned());
            let counts = counts.or_insert_with(|| Bounded::new(MOST_CLAIMS));
            let Some(counts) = counts.value(&claim.name) else {
                continue;
            };
            let of = |claims: &[Claim]| {
                let found = claims.iter().find(|other| same(claim, other));
                found.map_or((State::Absent, None), |found| (found.state, found.rule))
            };
            let (was, is) = (of(before), of(after));
            counts.add(was.0, is.0);
            for (rule, rules) in [
                (was.1, &mut counts.rules_before),
                (is.1, &mut counts.rules_after),
            ] {
                if let Some(count) = rule.and_then(|rule| rules.value(&rule_name(rule))) {
                    *count += 1;
                }
            }
        }
        for change in login.changes {
            let (Some(name), Some(was), Some(is)) =
                (&change.name, &change.before.value, &change.after.value)
            else {
                continue;
            };
            let Some(counts) = self
                .claims
                .get_mut(change.what)
                .and_then(|counts| counts.value(name))
            else {
                continue;
            };
            counts.value_changed += 1;
            counts.type_changed += u64::from(kind(was) != kind(is));
            let shown = |value: &Value| privacy.value(&shortened(value), kind(value));
            let transition = format!("{} → {}", shown(was), shown(is));
            if let Some(count) = counts.transitions.value(&transition) {
                *count += 1;
            }
        }
    }

    fn add_change(&mut self, change: &Change, user: &str, found: &[(&str, String)]) {
        let (before, after) = shapes(change);
        let name = change.name.as_deref().unwrap_or_default();
        let key = format!("{} {name} {before} → {after}", change.what);
        let Some(group) = self.groups.value(&key) else {
            return;
        };
        change.what.clone_into(&mut group.what);
        group.name.clone_from(&change.name);
        group.before = before;
        group.after = after;
        group.add(user, found);
        for (part, places) in [
            (&change.before, &mut group.places_before),
            (&change.after, &mut group.places_after),
        ] {
            if let Some(place) = &part.place
                && let Some(count) = places.get_or_insert_with(|| Bounded::new(8)).value(place)
            {
                *count += 1;
            }
        }
    }

    /// Adds another part. The order of parts changes nothing.
    pub fn merge(&mut self, other: Self) {
        for (own, other) in [
            (&mut self.lines, other.lines),
            (&mut self.same, other.same),
            (&mut self.different, other.different),
            (&mut self.failed_before, other.failed_before),
            (&mut self.failed_after, other.failed_after),
            (&mut self.failed_both, other.failed_both),
            (&mut self.unreadable, other.unreadable),
            (&mut self.blocked, other.blocked),
            (&mut self.rows, other.rows),
        ] {
            *own += other;
        }
        for (own, other) in self.unanswered.iter_mut().zip(other.unanswered) {
            *own += other;
        }
        self.roots.merge(other.roots);
        self.roots_without_id.merge(other.roots_without_id);
        self.unknown.merge(other.unknown);
        self.joined.merge(other.joined);
        self.texts.merge(other.texts);
        self.problems.merge(other.problems);
        for (ending, count) in other.endings {
            *self.endings.entry(ending).or_default() += count;
        }
        for (token, claims) in other.claims {
            match self.claims.get_mut(&token) {
                Some(known) => known.merge(claims),
                None => {
                    self.claims.insert(token, claims);
                }
            }
        }
        self.groups.merge(other.groups);
        self.errors.merge(other.errors);
        self.requests.merge(other.requests);
        for (key, sizes) in other.bytes {
            self.bytes.entry(key).or_default().merge(sizes);
        }
        for (key, counts) in other.too_long {
            let own = self.too_long.entry(key).or_default();
            own.iter_mut()
                .zip(counts)
                .for_each(|(own, other)| *own += other);
        }
        merge_counts(&mut self.features, other.features);
        self.logged = match (self.logged, other.logged) {
            (None, None) => None,
            (own, other) => Some(own.unwrap_or_default() + other.unwrap_or_default()),
        };
        self.input.merge(other.input);
        for (file, reached) in other.reached {
            self.reached.entry(file).or_default().merge(reached);
        }
    }
}

/// Returns the sides of a difference, in a word or two; values are left out.
fn shapes(change: &Change) -> (String, String) {
    let both_set = change.before.value.is_some() && change.after.value.is_some();
    let shape = |part: &Part| match (&part.value, part.rule) {
        (Some(value), _) if change.what == "status" => {
            value.as_str().unwrap_or_default().to_owned()
        }
        (_, Some(rule)) => format!("dropped ({})", rule_name(rule)),
        (Some(value), _) if both_set => kind(value).to_owned(),
        (Some(_), _) => "set".to_owned(),
        (None, _) => "absent".to_owned(),
    };
    (shape(&change.before), shape(&change.after))
}

/// The JSON type of a value.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The longest value that is written into a report, in characters.
const LONGEST_VALUE: usize = 80;

pub(crate) fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// The message of an error. What an Action puts into it may be a value of the profile: quoted parts and numbers are left out
/// unless values are shown.
fn without_values(message: &str, privacy: &Privacy) -> String {
    let message: String = message.chars().take(200).collect();
    if privacy.shows_values {
        return message;
    }
    let mut shown = String::new();
    for word in message.split_inclusive(' ') {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let is_personal = word.contains(['@', '|']) || digits > 3;
        shown.push_str(if is_personal { "*** " } else { word });
    }
    shown.trim_end().to_owned()
}

/// The key of a token in reports.
pub(crate) fn token_name(token: TokenKind) -> &'static str {
    match token {
        TokenKind::IdToken => "id_token",
        TokenKind::AccessToken => "access_token",
    }
}
