//! From a line of an export to the user of an event.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use postlogin_core::event::schema;
use postlogin_core::login::store_user;
use serde_json::{Map, Value, json};

use crate::logged::Logged;

/// The attributes that the vendor's job exports
/// (<https://auth0.com/docs/manage-users/user-migration/bulk-user-exports>).
pub static EXPORTED: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "app_metadata blocked created_at email email_verified family_name given_name identities last_ip last_login \
     last_password_reset logins_count multifactor multifactor_last_modified name nickname phone_number phone_verified \
     picture updated_at user_id user_metadata username"
        .split_whitespace()
        .collect()
});

/// The headings of the vendor's old export extension, with the attributes that they stand for
/// (<https://github.com/auth0-extensions/auth0-user-import-export-extension>).
const HEADINGS: &[(&str, &str)] = &[
    ("Id", "user_id"),
    ("Given Name", "given_name"),
    ("Family Name", "family_name"),
    ("Nickname", "nickname"),
    ("Name", "name"),
    ("Email", "email"),
    ("Email Verified", "email_verified"),
    ("Picture", "picture"),
    ("Connection", "identities.0.connection"),
    ("Created At", "created_at"),
    ("Updated At", "updated_at"),
];

/// Where a value goes: names and indexes from the root of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(Vec<String>);

/// The longest list that a path may make.
const MOST_ELEMENTS: usize = 100;

impl Place {
    /// Reads `identities[0].connection` or `identities.0.connection`; `None` when its root is no attribute of an export, or an
    /// index is too large.
    fn of(path: &str) -> Option<Self> {
        let path = path.replace('[', ".").replace(']', "");
        let steps: Vec<String> = path.split('.').map(str::to_owned).collect();
        let is_known = steps
            .first()
            .is_some_and(|root| EXPORTED.contains(&root.as_str()));
        let is_small = |step: &String| step.parse().is_ok_and(|index: usize| index < MOST_ELEMENTS);
        let is_index = |step: &String| step.bytes().all(|byte| byte.is_ascii_digit());
        let fits = steps
            .iter()
            .all(|step| !step.is_empty() && (!is_index(step) || is_small(step)));
        (is_known && fits).then_some(Self(steps))
    }

    /// The names and indexes that lead there.
    pub(crate) fn steps(&self) -> &[String] {
        &self.0
    }

    /// Whether a boolean may be there: a name may be the text `True`.
    pub(crate) fn may_be_boolean(&self) -> bool {
        self.0.first().is_some_and(|root| {
            BOOLEANS.contains(&root.as_str()) || root == "app_metadata" || root == "user_metadata"
        })
    }

    /// Puts a value there. What is in the way and no container is replaced.
    pub(crate) fn put(&self, user: &mut Value, value: Value) {
        let mut slot = user;
        for step in &self.0 {
            slot = match step.parse::<usize>() {
                Ok(index) => {
                    if !slot.is_array() {
                        *slot = json!([]);
                    }
                    let Value::Array(list) = slot else { return };
                    while list.len() <= index {
                        list.push(Value::Object(Map::new()));
                    }
                    let Some(element) = list.get_mut(index) else {
                        return;
                    };
                    element
                }
                Err(_) => {
                    if !slot.is_object() {
                        *slot = Value::Object(Map::new());
                    }
                    let Value::Object(object) = slot else { return };
                    object.entry(step.as_str()).or_insert(Value::Null)
                }
            };
        }
        *slot = value;
    }
}

/// The attributes behind the names of an export.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    renamed: HashMap<String, Place>,
}

impl Columns {
    /// The names of the vendor, and those that were given with `export_as`: pairs of the exported name and the attribute's path.
    ///
    /// # Errors
    /// With the path that leads to no attribute of an export.
    pub fn new(given: &[(String, String)]) -> Result<Self, String> {
        let mut renamed = HashMap::new();
        for (heading, path) in HEADINGS {
            renamed.extend(Place::of(path).map(|place| ((*heading).to_owned(), place)));
        }
        for (name, path) in given {
            let place = Place::of(path).ok_or_else(|| path.clone())?;
            renamed.insert(name.clone(), place);
        }
        Ok(Self { renamed })
    }

    /// Where the values of a column go; `None` when that is no attribute of a user.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<Place> {
        self.renamed.get(name).cloned().or_else(|| Place::of(name))
    }
}

/// The attributes that are booleans.
pub(crate) const BOOLEANS: &[&str] = &["blocked", "email_verified", "phone_verified"];

/// The option of the file of roles.
pub const ROLES: &str = "--roles";
/// The option of the file of organizations.
pub const ORGANIZATIONS: &str = "--organizations";

/// The reason of a line without an id.
pub const NO_ID: &str = "no `user_id`";

/// The facts of users beside the export: their roles and their organizations.
#[derive(Debug, Clone, Default)]
pub struct Joined {
    /// The names of roles by `user_id`; `None` when no file was given.
    pub roles: Option<HashMap<String, Vec<String>>>,
    /// `event.organization` by `user_id`; `None` when no file was given.
    pub organizations: Option<HashMap<String, Value>>,
    /// The last logins of users, out of the tenant's logs; `None` when no file was given.
    pub logins: Option<Logged>,
}

/// A user who logs in.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The id, with its provider.
    pub id: String,
    /// The attributes of the export that the line has.
    pub roots: Vec<String>,
    /// Names of the line that are no attribute of a user.
    pub unknown: Vec<String>,
    /// Whether the user is blocked; production lets no blocked user reach an Action.
    pub is_blocked: bool,
    /// Whether the logs have a login of the user.
    pub is_logged: bool,
    /// The options whose files have the user: `--roles`, `--organizations`.
    pub joined: Vec<&'static str>,
    /// The attributes that are booleans in production, and a text here.
    pub texts: Vec<&'static str>,
    /// The event: the template with this user.
    pub event: Value,
}

/// Makes the event of a line.
///
/// # Errors
/// In words, when the line is no user.
pub fn profile(
    text: &[u8],
    columns: &Columns,
    joined: &Joined,
    template: &Value,
) -> Result<Profile, &'static str> {
    if std::str::from_utf8(text).is_err() {
        return Err("not UTF-8");
    }
    let line = object(text)?;
    let (mut user, unknown) = named(line, columns);
    let roots = user.keys().cloned().collect();
    let id = match user.get("user_id") {
        Some(Value::String(id)) if !id.is_empty() => with_provider(id, &user),
        Some(Value::String(_)) => return Err("an empty `user_id`"),
        Some(_) => return Err("a `user_id` that is not a string"),
        None => return Err(NO_ID),
    };
    user.insert("user_id".into(), Value::from(id.as_str()));
    let is_blocked = user.get("blocked") == Some(&Value::Bool(true));
    let texts = BOOLEANS.iter().copied();
    let texts = texts.filter(|name| user.get(*name).is_some_and(Value::is_string));
    let texts = texts.collect();
    let found = [
        (
            ROLES,
            joined.roles.as_ref().map(|all| all.contains_key(&id)),
        ),
        (
            ORGANIZATIONS,
            joined
                .organizations
                .as_ref()
                .map(|all| all.contains_key(&id)),
        ),
    ];
    let found = found.into_iter().filter(|(_, has)| *has == Some(true));
    let found = found.map(|(option, _)| option).collect();
    let (event, is_logged) = event(&id, user, joined, template);
    Ok(Profile {
        id,
        roots,
        unknown,
        is_blocked,
        is_logged,
        joined: found,
        texts,
        event,
    })
}

/// Returns the attributes of an export that a line has, whether it is a user or not.
#[must_use]
pub fn attributes(text: &[u8], columns: &Columns) -> Vec<String> {
    let line = object(text).unwrap_or_default();
    named(line, columns)
        .0
        .into_iter()
        .map(|(name, _)| name)
        .collect()
}

/// The JSON object of a line.
fn object(text: &[u8]) -> Result<Map<String, Value>, &'static str> {
    let line = serde_json::from_slice(text).map_err(|error| match error.is_eof() {
        true => "JSON that is cut off",
        // serde_json has no other way to find out.
        false if error.to_string().starts_with("recursion limit") => {
            "JSON that is nested too deeply"
        }
        false => "not JSON",
    })?;
    match line {
        Value::Object(line) => Ok(line),
        _ => Err("not a JSON object"),
    }
}

/// The attributes under their own names, and the names that are no attribute.
fn named(line: Map<String, Value>, columns: &Columns) -> (Map<String, Value>, Vec<String>) {
    let is_plain = line
        .keys()
        .all(|name| EXPORTED.contains(&name.as_str()) && !columns.renamed.contains_key(name));
    if is_plain {
        return (line, Vec::new());
    }
    let mut unknown = Vec::new();
    let mut user = Value::Object(Map::new());
    for (name, value) in line {
        match columns.place(&name) {
            Some(place) => place.put(&mut user, value),
            None => unknown.push(name),
        }
    }
    match user {
        Value::Object(user) => (user, unknown),
        _ => (Map::new(), unknown),
    }
}

/// The id with its provider: files for an import have it without.
fn with_provider(id: &str, user: &Map<String, Value>) -> String {
    if id.contains('|') {
        return id.to_owned();
    }
    let provider = user
        .get("identities")
        .and_then(|list| list.pointer("/0/provider"));
    format!(
        "{}|{id}",
        provider.and_then(Value::as_str).unwrap_or("auth0")
    )
}

/// The event of a user, and whether it is that of a login in the logs.
fn event(
    id: &str,
    mut user: Map<String, Value>,
    joined: &Joined,
    template: &Value,
) -> (Value, bool) {
    let mut event = template.clone();
    let Value::Object(root) = &mut event else {
        return (event, false);
    };
    let identity = user.get("identities").and_then(|list| list.get(0)).cloned();
    if let Some(Value::Object(connection)) = root.get_mut("connection")
        && let Some(identity) = &identity
    {
        for (from, to) in [("connection", "name"), ("provider", "strategy")] {
            if let Some(text @ Value::String(_)) = identity.get(from) {
                // The id and the metadata of the template are those of another connection.
                if connection.get(to) != Some(text) {
                    connection.shift_remove("id");
                    connection.shift_remove("metadata");
                }
                connection.insert(to.into(), text.clone());
            }
        }
    }
    let logins = joined.logins.as_ref();
    let is_logged = logins.is_some_and(|logins| logins.apply(id, root));
    if let Some(count @ Value::Number(_)) = user.get("logins_count") {
        root.insert("stats".into(), json!({ "logins_count": count }));
    }
    if let Some(roles) = &joined.roles {
        let roles = roles.get(id).cloned().unwrap_or_default();
        root.insert("authorization".into(), json!({ "roles": roles }));
    }
    if let Some(organizations) = &joined.organizations {
        match organizations.get(id) {
            Some(organization) => root.insert("organization".into(), organization.clone()),
            None => root.shift_remove("organization"),
        };
    }
    if let Some(Value::Object(session)) = root.get_mut("session") {
        session.insert("user_id".into(), Value::from(id));
    }
    // What an export has and an event has not: `blocked`, `last_ip`, `last_login`.
    let known = schema::post_login().child("user");
    user.retain(|name, _| known.is_none_or(|known| known.child(name).is_some()));
    for name in ["user_metadata", "app_metadata"] {
        user.entry(name).or_insert_with(|| json!({}));
    }
    root.insert("user".into(), Value::Object(user));
    store_user(&mut event);
    (event, is_logged)
}

/// Counts what attributes users have.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Roots(pub BTreeMap<String, u64>);

impl Roots {
    pub(crate) fn add(&mut self, names: &[impl AsRef<str>]) {
        for name in names {
            *self.0.entry(name.as_ref().to_owned()).or_default() += 1;
        }
    }

    pub(crate) fn merge(&mut self, other: Roots) {
        for (name, count) in other.0 {
            *self.0.entry(name).or_default() += count;
        }
    }

    /// The number of users that have an attribute.
    #[must_use]
    pub fn of(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or_default()
    }
}
