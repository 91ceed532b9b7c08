//! From the nodes of a file to its cases.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use postlogin_core::event::Path as EventPath;
use serde_json::Value;

use super::each::{Variant, variants};
use super::keys::{self, CASES};
use super::matrix::{CASE_BYTES, Row, rows, too_heavy};
use super::modules::modules;
use super::values::{
    actions, base, beside, cache, missing, named, parse_now, parse_trigger, skip, steps, tags, todo,
};
use super::{Base, Case, Mistakes, expect, layers};
use crate::document::node::{Entry, Node, NodeValue, Place, to_map};
use crate::door::Boundary;
use crate::project::tenant;
use crate::secrets::{self, Secret, parse_secret, read_dotenv_within};
use crate::shapes::Shapes;
use crate::units::{parse_duration, parse_size};
use crate::{Error, Result};

/// The most time that a case may give its Actions. Cases come from pull requests, and one that never ends is no test.
const MOST_TIME: Duration = Duration::from_secs(60);
/// The most memory that a case may give an Action, in bytes.
const MOST_MEMORY: u64 = 256 << 20;

/// The longest name of a case, in characters: each report repeats it.
const LONGEST_NAME: usize = 300;

/// A name as it is, or its beginning and what distinguishes it from others that begin alike.
fn readable(name: String) -> String {
    if name.chars().count() <= LONGEST_NAME {
        return name;
    }
    // FNV-1a: the name is a key of stored snapshots, so it must be the same on every machine.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let begin: String = name.chars().take(LONGEST_NAME - 18).collect();
    format!("{begin}… {hash:016x}")
}

/// Returns the names that a case itself, or one of its rows, has under a key: `secrets`, `modules`.
fn own(item: &Node, key: &str) -> Vec<String> {
    let rows = match item.get(super::each::EACH).map(|each| &each.value) {
        Some(NodeValue::List(rows)) => rows.as_slice(),
        _ => &[],
    };
    let given = std::iter::once(item).chain(rows);
    let given = given.filter_map(|node| node.get(key));
    let names = given.flat_map(|node| match &node.value {
        NodeValue::Object(entries) => entries.as_slice(),
        _ => &[],
    });
    names.map(|entry| entry.key.clone()).collect()
}

/// Where `challenge` is, if a case without rows has it itself. In rows and matrices, some logins may not come to it.
fn own_challenge(node: &Node, item: &Node) -> Option<Place> {
    let is_many = [super::each::EACH, "matrix"]
        .iter()
        .any(|key| item.get(key).is_some());
    let own = item.entry("challenge").filter(|_| !is_many)?;
    let counts = node
        .entry("challenge")
        .is_some_and(|entry| entry.place == own.place);
    counts.then(|| own.place.clone())
}

/// Turns the nodes of a file into cases.
pub(super) struct Reader {
    pub(super) shapes: Shapes,
    pub(super) files: Vec<PathBuf>,
    pub(super) stem: String,
    pub(super) full_stem: String,
    pub(super) secrets_files: HashMap<PathBuf, Vec<Secret>>,
    /// The texts of modules, by file.
    pub(super) module_files: HashMap<PathBuf, Arc<str>>,
    pub(super) within: Arc<Boundary>,
    /// The memory that is left for cases, in bytes.
    pub(super) left: usize,
}

impl Reader {
    /// The cases, if nothing was wrong.
    pub(super) fn finish(mut self, cases: Vec<Case>) -> Result<Vec<Case>, Mistakes> {
        self.refuse_same_names(&cases);
        let mut errors = self.shapes.errors;
        if !errors.is_empty() {
            errors.sort_by_key(|error| (error.file.clone(), error.line, error.column));
            return Err(errors);
        }
        let files = Arc::new(self.files);
        let cases = cases.into_iter().map(|case| Case {
            files: Arc::clone(&files),
            ..case
        });
        Ok(cases.collect())
    }

    pub(super) fn cases(&mut self, root: &Node, below: &[Entry]) -> Vec<Case> {
        let Some(entries) = self.shapes.object(root, "a file of cases") else {
            return Vec::new();
        };
        let Some(list) = root.entry(CASES) else {
            self.shapes.only(entries, &keys::names(), "a case");
            return self.case(root, below, entries, None);
        };
        let beside: Vec<Entry> = entries
            .iter()
            .filter(|entry| entry.key != CASES)
            .cloned()
            .collect();
        let known: Vec<&str> = keys::names_of_defaults()
            .into_iter()
            .chain([CASES])
            .collect();
        self.shapes.only(entries, &known, "a file with `cases`");
        let below = layers::over(below, &beside);
        let items = self.shapes.list(&list.value, "`cases`").unwrap_or_default();
        if items.is_empty() && matches!(list.value.value, NodeValue::List(_)) {
            self.shapes
                .refuse(list.place.error("`cases` is an empty list"));
        }
        let mut cases = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if let Some(entries) = self.shapes.object(item, "a case") {
                self.shapes.only(entries, &keys::names(), "a case");
                cases.extend(self.case(item, &below, entries, Some(index + 1)));
            }
        }
        cases
    }

    /// The cases that one item of the file stands for.
    fn case(
        &mut self,
        item: &Node,
        below: &[Entry],
        entries: &[Entry],
        number: Option<usize>,
    ) -> Vec<Case> {
        if self.left == 0 {
            return Vec::new();
        }
        let joined = layers::node(layers::over(below, entries), item);
        let mut cases = Vec::new();
        for variant in variants(joined, self.left, &mut self.shapes) {
            let Variant { mut node, label } = variant;
            let rows = rows(node.get("matrix"), self.left, &mut self.shapes);
            if let NodeValue::Object(entries) = &mut node.value {
                entries.retain(|entry| entry.key != "matrix");
            }
            let weight = node.weight().saturating_add(CASE_BYTES);
            for row in rows {
                self.left = self.left.saturating_sub(weight);
                if self.left > 0 {
                    let mut filled = node.clone();
                    row.fill(&mut filled, &mut self.left, &mut self.shapes);
                    let suffix = format!("{label}{}", row.suffix());
                    cases.push(self.one(&filled, &row, &suffix, item, number));
                }
                if self.left == 0 {
                    self.shapes.refuse(too_heavy(&item.place));
                    return Vec::new();
                }
            }
        }
        cases
    }

    fn one(
        &mut self,
        node: &Node,
        row: &Row,
        suffix: &str,
        item: &Node,
        number: Option<usize>,
    ) -> Case {
        let description = node
            .get("description")
            .and_then(|description| self.shapes.text(description, "`description`"));
        let name = match (description, number) {
            // A description with the row's values in it is a name already.
            (Some(text), _) if item.get("description").and_then(Node::as_text) != Some(&text) => {
                let label = suffix.strip_suffix(&row.suffix()).unwrap_or_default();
                Some(text + label)
            }
            (Some(text), _) => Some(text + suffix),
            (None, Some(number)) => Some(format!("case {number}{suffix}")),
            (None, None) => None,
        };
        let name = name.map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "));
        let name = name.map(readable);
        // The file's name says it all where it has one case and no description.
        let full_name = match &name {
            Some(name) => format!("{} {name}", self.full_stem),
            None => readable(format!("{}{suffix}", self.full_stem)),
        };
        let name = name.unwrap_or_else(|| readable(format!("{}{suffix}", self.stem)));
        let secrets = self.secrets(node);
        let modules = modules(node, self);
        let set = self.set(node, row);
        let (shapes, within) = (&mut self.shapes, &self.within);
        let steps = steps(node, shapes);
        let mut base = |key: &str| node.get(key).map(|node| base(node, key, within, shapes));
        let event = base("event").unwrap_or(Base::Default);
        let (user, client) = (base("user"), base("client"));
        for found in [Some(&event), user.as_ref(), client.as_ref()]
            .into_iter()
            .flatten()
        {
            if let Base::File(path, _) = found
                && !self.files.contains(path)
            {
                self.files.push(path.clone());
            }
        }
        let shapes = &mut self.shapes;
        if let Some(node) = node.get("with") {
            shapes.object(node, "`with`");
        }
        if let Some(node) = node.get("tenant") {
            tenant::check(node, "`tenant`", shapes);
        }
        if let Some(actions) = node.get("actions")
            && matches!(&actions.value, NodeValue::List(items) if items.is_empty())
            && node.get("connection").is_none()
        {
            // Whatever it expects of a login without Actions, it shows nothing about one.
            let error = actions.place.error("a case without an Action runs nothing");
            shapes.refuse(error.with_hint(
                "name some; without `actions`, those that the project binds to the trigger run",
            ));
        }
        Case {
            full_name,
            name,
            place: node.place.clone(),
            actions: node.get("actions").map(|node| actions(node, shapes)),
            trigger: node
                .get("trigger")
                .and_then(|node| shapes.parsed(node, "`trigger`", parse_trigger)),
            connection: node
                .get("connection")
                .and_then(|node| named(node, "a connection", shapes)),
            token_response: node
                .get("token_response")
                .and_then(|node| shapes.object(node, "`token_response`"))
                .map(to_map),
            event,
            user,
            client,
            with: node.get("with").cloned().into_iter().collect(),
            set,
            secrets,
            cache: node
                .get("cache")
                .map(|node| cache(node, shapes))
                .unwrap_or_default(),
            modules,
            now_ms: node
                .get("now")
                .and_then(|node| shapes.parsed(node, "`now`", parse_now)),
            seed: node
                .get("seed")
                .and_then(|node| shapes.whole(node, "`seed`")),
            http: node.get("http").cloned(),
            tenant: node.get("tenant").cloned(),
            timeout: node.get("timeout").and_then(|node| {
                shapes.parsed(node, "`timeout`", |text| {
                    let time = parse_duration(text)?;
                    if time.is_zero() {
                        return Err(Error::new("it must be greater than zero"));
                    }
                    if time > MOST_TIME {
                        let most = MOST_TIME.as_secs();
                        return Err(Error::new(format!("a case gives Actions at most {most}s"))
                            .with_hint(
                                "production gives them 20s, and waiting costs no real time here",
                            ));
                    }
                    Ok(time)
                })
            }),
            memory: node.get("memory").and_then(|node| {
                shapes.parsed(node, "`memory`", |text| match parse_size(text)? {
                    0 => Err(Error::new("it must be greater than zero")),
                    size if size > MOST_MEMORY => {
                        let most = MOST_MEMORY >> 20;
                        let error = Error::new(format!("a case gives an Action at most {most}MiB"));
                        Err(error.with_hint("`postlogin run --memory` takes more"))
                    }
                    size => Ok(size),
                })
            }),
            steps,
            expect: node
                .get("expect")
                .map(|node| expect::read(node, shapes))
                .unwrap_or_default(),
            snapshot: node
                .get("snapshot")
                .and_then(|node| shapes.boolean(node, "`snapshot`"))
                .unwrap_or(false),
            skip: node
                .get("skip")
                .and_then(|node| skip(node, shapes))
                .or_else(|| todo(node.get("todo")?, shapes)),
            only: node
                .get("only")
                .and_then(|node| shapes.boolean(node, "`only`"))
                .unwrap_or(false),
            tags: node
                .get("tags")
                .map(|node| tags(node, shapes))
                .unwrap_or_default(),
            own_secrets: own(item, "secrets"),
            own_challenge: own_challenge(node, item),
            own_modules: own(item, "modules"),
            within: Arc::clone(&self.within),
            files: Arc::default(),
        }
    }

    fn secrets(&mut self, node: &Node) -> Vec<Secret> {
        let mut given = Vec::new();
        if let Some(file) = node.get("secrets_file")
            && let Some(path) = self.shapes.text(file, "`secrets_file`")
        {
            let path = beside(&path, &file.place);
            if !self.secrets_files.contains_key(&path) {
                let within = &self.within;
                let admitted = |shown: &str| within.admit_secrets(&path, shown);
                let read = match missing(&path, &file.place, admitted) {
                    Some(error) => Err(error),
                    None => read_dotenv_within(&path, within),
                };
                let read = read.unwrap_or_else(|error| {
                    self.shapes.refuse(error);
                    Vec::new()
                });
                self.files.push(path.clone());
                self.secrets_files.insert(path.clone(), read);
            }
            // Each case has its own copy.
            let read = self.secrets_files.get(&path).map(Vec::as_slice);
            let read = read.unwrap_or_default();
            self.left = self.left.saturating_sub(secrets::weight(read));
            if self.left > 0 {
                given.extend_from_slice(read);
            }
        }
        let own = node.get("secrets");
        let own = own.and_then(|node| self.shapes.object(node, "`secrets`"));
        let own = own.unwrap_or_default();
        let names: HashSet<&str> = own.iter().map(|entry| entry.key.as_str()).collect();
        given.retain(|known: &Secret| !names.contains(known.name.as_str()));
        if given.len() + own.len() > secrets::MOST {
            let (message, hint) = secrets::TOO_MANY;
            self.shapes
                .refuse(node.place.error(message).with_hint(hint));
            return Vec::new();
        }
        let length = own
            .iter()
            .map(|entry| entry.value.as_text().map_or(0, str::len));
        let length: usize = length.sum();
        if length > secrets::LONGEST {
            let message = format!("the secrets have more than {} MiB", secrets::LONGEST >> 20);
            self.shapes.refuse(node.place.error(message));
            return Vec::new();
        }
        // Each is looked for in several forms.
        self.left = self.left.saturating_sub(length * secrets::FORMS);
        for entry in own {
            let what = format!("the secret `{}`", entry.key);
            let Some(value) = self.shapes.text(&entry.value, &what) else {
                continue;
            };
            match parse_secret(&format!("{}={value}", entry.key)) {
                Ok(secret) => given.push(secret),
                Err(error) => self.shapes.refuse(entry.place.error(error.message)),
            }
        }
        given
    }

    /// The paths of `set`, then those of the matrix.
    fn set(&mut self, node: &Node, row: &Row) -> Vec<(EventPath, Value, Place)> {
        let mut set = Vec::new();
        let given = node.get("set");
        let given = given.and_then(|node| self.shapes.object(node, "`set`"));
        let given = given.unwrap_or_default().iter();
        let given = given.map(|entry| (entry.key.as_str(), &entry.value, &entry.place));
        let cells = row.cells.iter();
        let cells = cells.map(|(path, value)| (path.as_str(), value, &value.place));
        for (path, value, place) in given.chain(cells) {
            match EventPath::parse(path) {
                Ok(parsed) => set.push((parsed, value.to_value(), place.clone())),
                Err(error) => {
                    let refused = place.error(error.message);
                    self.shapes.refuse(match error.hint {
                        Some(hint) => refused.with_hint(hint),
                        None => refused,
                    });
                }
            }
        }
        set
    }

    /// A report, a filter and a snapshot name cases; two of one name could not be told apart.
    fn refuse_same_names(&mut self, cases: &[Case]) {
        let mut seen: HashMap<&str, &Place> = HashMap::new();
        for case in cases {
            match seen.get(case.name.as_str()) {
                Some(first) => {
                    let error = case.place.error(format!(
                        "a second case is named `{}`; the first is in line {}",
                        case.name, first.line
                    ));
                    self.shapes
                        .refuse(error.with_hint("give each a `description` of its own"));
                }
                None => {
                    seen.insert(&case.name, &case.place);
                }
            }
        }
    }
}
