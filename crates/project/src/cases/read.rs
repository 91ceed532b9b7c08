//! From the text of a file to its cases.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use postlogin_core::event::Path as EventPath;
use serde_json::Value;

use super::keys::{self, CASES};
use super::matrix::{MOST_WEIGHT, Row, rows, too_heavy};
use super::values::{actions, base, beside, missing, named, parse_now, parse_trigger, skip, steps};
use super::{Base, Case, CaseFile, Mistakes, expect, find, layers};
use crate::document::node::{Entry, Node, NodeValue, Place, Source, to_map};
use crate::document::{Format, parse_placed};
use crate::door::Boundary;
use crate::files::{absolute, display_path, file_name};
use crate::project::tenant;
use crate::secrets::{Secret, parse_secret, read_dotenv_within};
use crate::shapes::Shapes;
use crate::units::{parse_duration, parse_size};
use crate::{Error, Result};

/// Reads a file of cases. Defaults come from the folders from `top` down; names are relative to `working_folder`.
///
/// # Errors
/// All mistakes of the file and of its defaults, in the order of their places.
pub fn read_case_file(
    path: &Path,
    top: &Path,
    working_folder: &Path,
) -> Result<CaseFile, Mistakes> {
    let working_folder = absolute(working_folder);
    let folder = path.parent().unwrap_or(top);
    let within = Arc::new(Boundary::of_cases(folder, top, &working_folder));
    let mut shapes = Shapes::default();
    let mut files = vec![path.to_owned()];
    let mut below: Vec<Entry> = Vec::new();
    for defaults in find::defaults_of(path, top) {
        match parse(&defaults, &working_folder, &within) {
            Ok(node) => {
                let over = shapes.object(&node, "defaults").unwrap_or_default();
                shapes.only(over, &keys::names_of_defaults(), "the defaults of a folder");
                below = layers::over(&below, over);
            }
            Err(error) => shapes.refuse(error),
        }
        files.push(defaults);
    }
    let root = parse(path, &working_folder, &within).map_err(|error| vec![error])?;
    let shown = root.place.source.shown.clone();
    let mut reader = Reader {
        shapes,
        files,
        stem: find::stem(path),
        full_stem: full_stem(&shown, path),
        within,
        left: MOST_WEIGHT,
        secrets_files: HashMap::new(),
    };
    let cases = reader.cases(&root, &below);
    Ok(CaseFile {
        path: path.to_owned(),
        shown,
        cases: reader.finish(cases)?,
    })
}

/// The key of a request that comes back with its answer.
const ID: &str = "id";

/// Reads one case that a program wrote, as JSON on one line; `number` counts the lines. Paths are relative to
/// `working_folder`. Gives the case, and the request's `id`, if it has one.
///
/// # Errors
/// All mistakes.
pub fn read_request(
    text: &str,
    number: usize,
    working_folder: &Path,
) -> Result<(Value, Case), Mistakes> {
    let shown = format!("<stdin {number}>");
    let source = Arc::new(Source {
        path: absolute(working_folder).join(&shown),
        shown,
    });
    let mut root = parse_placed(text, Format::Json, &source).map_err(|error| vec![error])?;
    let mut id = Value::Null;
    if let NodeValue::Object(entries) = &mut root.value {
        entries.retain(|entry| {
            let is_id = entry.key == ID;
            if is_id {
                id = entry.value.to_value();
            }
            !is_id
        });
    }
    let stem = format!("request {number}");
    let mut reader = Reader {
        shapes: Shapes::default(),
        files: Vec::new(),
        full_stem: stem.clone(),
        within: Arc::new(Boundary::around(working_folder)),
        left: MOST_WEIGHT,
        stem,
        secrets_files: HashMap::new(),
    };
    for key in [CASES, "matrix"] {
        if let Some(entry) = root.entry(key) {
            let error = entry
                .place
                .error(format!("a request is one case: no `{key}`"));
            reader.shapes.refuse(error);
        }
    }
    let cases = reader.cases(&root, &[]);
    let mut cases = reader.finish(cases)?;
    match cases.pop() {
        Some(case) => Ok((id, case)),
        None => Err(vec![
            root.place
                .error("a request is an object with the keys of a case"),
        ]),
    }
}

fn parse(path: &Path, working_folder: &Path, within: &Boundary) -> Result<Node> {
    let shown = display_path(path, working_folder);
    let text = within.read_text(path, &shown)?;
    let source = Arc::new(Source {
        path: path.to_owned(),
        shown,
    });
    parse_placed(&text, Format::of(path), &source)
}

/// The name of the file without its ending, with its folder.
fn full_stem(shown: &str, path: &Path) -> String {
    let folder = shown.strip_suffix(&file_name(path)).unwrap_or_default();
    format!("{folder}{}", find::stem(path))
}

struct Reader {
    shapes: Shapes,
    files: Vec<PathBuf>,
    stem: String,
    full_stem: String,
    secrets_files: HashMap<PathBuf, Vec<Secret>>,
    within: Arc<Boundary>,
    /// How much memory is left for cases, in bytes.
    left: usize,
}

impl Reader {
    /// The cases, if nothing was wrong.
    fn finish(mut self, cases: Vec<Case>) -> Result<Vec<Case>, Mistakes> {
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

    fn cases(&mut self, root: &Node, below: &[Entry]) -> Vec<Case> {
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
        let mut joined = layers::node(layers::over(below, entries), item);
        let rows = rows(joined.get("matrix"), &mut self.shapes);
        if let NodeValue::Object(entries) = &mut joined.value {
            entries.retain(|entry| entry.key != "matrix");
        }
        let weight = joined.weight();
        let mut cases = Vec::new();
        for row in rows {
            self.left = self.left.saturating_sub(weight);
            if self.left > 0 {
                let mut filled = joined.clone();
                row.fill(&mut filled, &mut self.left, &mut self.shapes);
                cases.push(self.one(&filled, &row, item, number));
            }
            if self.left == 0 {
                self.shapes.refuse(too_heavy(&item.place));
                return Vec::new();
            }
        }
        cases
    }

    fn one(&mut self, node: &Node, row: &Row, item: &Node, number: Option<usize>) -> Case {
        let description = node
            .get("description")
            .and_then(|description| self.shapes.text(description, "`description`"));
        let name = match (description, number) {
            // A description with the row's values in it is a name already.
            (Some(text), _) if item.get("description").and_then(Node::as_text) != Some(&text) => {
                Some(text)
            }
            (Some(text), _) => Some(text + &row.suffix()),
            (None, Some(number)) => Some(format!("case {number}{}", row.suffix())),
            (None, None) => None,
        };
        let name = name.map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "));
        // The file's name says it all where it has one case and no description.
        let full_name = match &name {
            Some(name) => format!("{} {name}", self.full_stem),
            None => format!("{}{}", self.full_stem, row.suffix()),
        };
        let name = name.unwrap_or_else(|| format!("{}{}", self.stem, row.suffix()));
        let secrets = self.secrets(node);
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
        Case {
            full_name,
            name,
            place: item.place.clone(),
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
                        return Err(Error::new("it leaves Actions no time"));
                    }
                    Ok(time)
                })
            }),
            memory: node.get("memory").and_then(|node| {
                shapes.parsed(node, "`memory`", |text| match parse_size(text)? {
                    0 => Err(Error::new("it leaves Actions no memory")),
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
            skip: node.get("skip").and_then(|node| skip(node, shapes)),
            within: Arc::clone(&self.within),
            files: Arc::default(),
        }
    }

    fn secrets(&mut self, node: &Node) -> Vec<Secret> {
        let mut secrets = Vec::new();
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
            secrets.extend(self.secrets_files.get(&path).cloned().unwrap_or_default());
        }
        let given = node.get("secrets");
        let given = given.and_then(|node| self.shapes.object(node, "`secrets`"));
        for entry in given.unwrap_or_default() {
            let what = format!("the secret `{}`", entry.key);
            let Some(value) = self.shapes.text(&entry.value, &what) else {
                continue;
            };
            match parse_secret(&format!("{}={value}", entry.key)) {
                Ok(secret) => {
                    secrets.retain(|known: &Secret| known.name != secret.name);
                    secrets.push(secret);
                }
                Err(error) => self.shapes.refuse(entry.place.error(error.message)),
            }
        }
        secrets
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
