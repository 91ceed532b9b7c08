//! From files to modules.

use std::collections::HashSet;
use std::path::Path;

use hcl_edit::Span;
use hcl_edit::expr::{Array, Expression, Object, ObjectKey, ObjectValue};
use hcl_edit::structure::{Attribute, Block, BlockLabel, Body};
use hcl_edit::{Decorated, Ident};
use serde_json::Value;

use super::{File, Module, Resource, Written, files, overrides};
use crate::document::{Format, parse_document};
use crate::door::Boundary;
use crate::files::{Marks, configured_path, display_path, extension};
use crate::project::remarks::{Broken, Part, Remarks};
use crate::{Error, Result};

/// The longest file, in bytes.
const LONGEST: usize = 2 << 20;
/// So many modules are read, and so deep are calls followed.
const MOST_MODULES: usize = 64;
/// So many files of a folder are read.
pub(super) const MOST_FILES: usize = 500;
/// So many values of a document take the memory of what comes with one sign of an expression or a block.
const VALUES_OF_A_SIGN: usize = 6;

/// Reads a folder, and the local modules that are called from there.
pub(super) fn modules(root: &Path, remarks: &mut Remarks) -> Vec<Module> {
    let mut modules = vec![module(root, root, remarks)];
    let mut next = 0;
    while next < modules.len() {
        let calls = modules.get(next).map(|module| module.calls.clone());
        for call in calls.unwrap_or_default() {
            let Some(folder) = modules
                .get(next)
                .and_then(|caller| source(&call, &caller.folder))
            else {
                continue;
            };
            let admitted = Boundary::around(root).admit(&folder, &display_path(&folder, root));
            let is_refused = admitted.is_err() || calls_itself(&modules, next, &folder);
            if modules.len() >= MOST_MODULES || is_refused || !folder.is_dir() {
                continue;
            }
            let index = modules.len();
            let mut called = module(&folder, root, remarks);
            if let Some(caller) = modules.get_mut(next) {
                caller.children.insert(call.label.clone(), index);
            }
            called.given = Some((next, call));
            modules.push(called);
        }
        next += 1;
    }
    modules
}

/// Whether a module, or one that called it, is in this folder. Terraform refuses that, and it has no end.
fn calls_itself(modules: &[Module], caller: usize, folder: &Path) -> bool {
    let mut callers = std::iter::successors(modules.get(caller), |module| {
        modules.get(module.given.as_ref()?.0)
    });
    callers.any(|module| module.folder == folder)
}

/// The folder of a local module.
fn source(call: &Resource, folder: &Path) -> Option<std::path::PathBuf> {
    let source = call.argument("source")?.1.value.as_str()?;
    let is_local = source.starts_with("./") || source.starts_with("../");
    is_local.then(|| configured_path(folder, source))
}

fn module(folder: &Path, root: &Path, remarks: &mut Remarks) -> Module {
    let mut module = Module {
        folder: folder.to_owned(),
        ..Module::default()
    };
    let mut all = files(folder);
    // A stable sort: Terraform reads override files after all others, in the order of their names.
    all.sort_by_key(|path| overrides::is_one(path));
    if let Some(beyond) = all.get(MOST_FILES) {
        let error = Error::new(format!(
            "the folder has more than {MOST_FILES} files of Terraform; those from here on are not read"
        ));
        let shown = display_path(beyond, root);
        remarks.notices.push(error.in_file(&shown));
    }
    let mut is_settled = false;
    for path in all.into_iter().take(MOST_FILES) {
        let read = read(&path, root);
        let Some((file, body)) = remarks.keep(Part::Other, &path, read) else {
            continue;
        };
        let index = module.files.len();
        module.files.push(file);
        let overrides = overrides::is_one(&path);
        if overrides && !is_settled {
            leave_out_duplicates(&mut module, remarks);
            is_settled = true;
        }
        for structure in body {
            let Ok(block) = structure.into_block() else {
                continue;
            };
            if !overrides {
                add(block, index, &mut module);
                continue;
            }
            // The same reading, then the merge.
            let mut over = Module::default();
            add(block, index, &mut over);
            overrides::merge(&mut module, over, remarks);
        }
    }
    if !is_settled {
        leave_out_duplicates(&mut module, remarks);
    }
    module
}

/// Leaves out resources with the type and the label of another one, which Terraform refuses.
fn leave_out_duplicates(module: &mut Module, remarks: &mut Remarks) {
    let mut known = HashSet::new();
    let resources = std::mem::take(&mut module.resources);
    for resource in resources {
        let name = format!("{}.{}", resource.kind, resource.label);
        if known.insert(name.clone()) {
            module.resources.push(resource);
            continue;
        }
        let Some(file) = module.files.get(resource.file) else {
            continue;
        };
        let (line, column) = file.place(resource.at);
        let message = format!("Terraform refuses a second {name}: this one is left out");
        remarks.broken.push(Broken {
            part: Part::Other,
            name,
            path: file.path.clone(),
            error: Error::new(message).in_file(&file.shown).at(line, column),
        });
    }
}

fn read(path: &Path, root: &Path) -> Result<(File, Body)> {
    let shown = display_path(path, root);
    let text = Boundary::of_file(path, root).read_text(path, &shown)?;
    if text.len() > LONGEST {
        let error = Error::new(format!("the file has more than {} MiB", LONGEST >> 20));
        return Err(error.in_file(&shown));
    }
    crate::amount::values(signs(&text).saturating_mul(VALUES_OF_A_SIGN), &shown)?;
    let body = match extension(path).as_str() {
        "json" => of_json(parse_document(&text, Format::Json, &shown)?),
        _ => hcl_edit::parser::parse_body(&text).map_err(|error| {
            let place = error.location();
            let at = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            Error::new(format!("this is not Terraform: {}", error.message()))
                .in_file(&shown)
                .at(at(place.line()), at(place.column()))
        })?,
    };
    let file = File {
        path: path.to_owned(),
        shown,
        marks: Marks::of(&text),
        text,
    };
    Ok((file, body))
}

/// The number of signs that separate the parts of expressions and blocks; those in strings and comments count as well.
fn signs(text: &str) -> usize {
    let is_sign = |byte: &u8| byte.is_ascii_punctuation() && !matches!(byte, b'_' | b'"' | b'\'');
    let signs = text.bytes().filter(|byte| is_sign(byte) || *byte == b'\n');
    signs.count()
}

/// Puts a block of a file where it belongs.
fn add(block: Block, file: usize, module: &mut Module) {
    let at = block.span().map_or(0, |span| span.start);
    let mut labels = block.labels.iter().map(|label| label.as_str().to_owned());
    let (first, second) = (labels.next(), labels.next());
    let mut body = block.body;
    let written = |expression: Expression| Written { file, expression };
    let mut value = |name: &str| body.remove_attribute(name);
    match (block.ident.as_str(), first, second) {
        ("locals", ..) => {
            for structure in body {
                if let Ok(attribute) = structure.into_attribute() {
                    let name = attribute.key.as_str().to_owned();
                    module.locals.insert(name, written(attribute.value));
                }
            }
        }
        ("variable", Some(name), _) => {
            let default = value("default").map(|attribute| written(attribute.value));
            module.variables.insert(name, default);
        }
        ("output", Some(name), _) => {
            if let Some(attribute) = value("value") {
                module.outputs.insert(name, written(attribute.value));
            }
        }
        ("module", Some(label), _) => module.calls.push(Resource {
            file,
            kind: "module".to_owned(),
            label,
            body,
            at,
            overrides: Vec::new(),
        }),
        ("resource", Some(kind), Some(label)) => module.resources.push(Resource {
            file,
            kind,
            label,
            body,
            at,
            overrides: Vec::new(),
        }),
        _ => {}
    }
}

/// The JSON form of a file: `{"resource": {"auth0_action": {"label": {…}}}}`. Source: <https://developer.hashicorp.com/terraform/language/syntax/json>.
fn of_json(value: Value) -> Body {
    let mut body = Body::new();
    let depth = |kind: &str| match kind {
        "resource" => 2,
        "variable" | "output" | "module" => 1,
        _ => 0,
    };
    for (kind, value) in objects(value) {
        blocks(&kind, depth(&kind), value, &mut Vec::new(), &mut body);
    }
    body
}

/// Adds the blocks under a key, which has so many labels yet to come.
fn blocks(kind: &str, depth: usize, value: Value, labels: &mut Vec<String>, body: &mut Body) {
    if depth > 0 {
        for (label, value) in objects(value) {
            labels.push(label);
            blocks(kind, depth - 1, value, labels, body);
            labels.pop();
        }
        return;
    }
    let mut inner = Body::new();
    for (key, value) in objects(value) {
        if let Some(attribute) = attribute(&key, value) {
            inner.push(attribute);
        }
    }
    let Ok(ident) = Ident::try_new(kind) else {
        return;
    };
    let labels = labels
        .iter()
        .map(|label| BlockLabel::from(label.as_str()))
        .collect::<Vec<_>>();
    let block = Block::builder(Decorated::new(ident)).labels(labels);
    let mut block = block.build();
    block.body = inner;
    body.push(block);
}

/// The members of an object, or of all objects in a list.
fn objects(value: Value) -> Vec<(String, Value)> {
    match value {
        Value::Object(members) => members.into_iter().collect(),
        Value::Array(items) => items.into_iter().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

fn attribute(key: &str, value: Value) -> Option<Attribute> {
    let ident = Ident::try_new(key).ok()?;
    Some(Attribute::new(Decorated::new(ident), expression(value)))
}

/// Strings are templates.
fn expression(value: Value) -> Expression {
    match value {
        Value::Null => Expression::null(),
        Value::Bool(value) => Expression::from(value),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Expression::from(whole),
            (None, Some(float)) => {
                hcl_edit::Number::from_f64(float).map_or_else(Expression::null, Expression::from)
            }
            (None, None) => Expression::null(),
        },
        Value::String(text) => {
            // What is a template with one interpolation is that value, whatever its type.
            match hcl_edit::parser::parse_template(&text) {
                Ok(template) if text.contains("${") || text.contains("%{") => {
                    let elements = template.into_iter().collect::<Vec<_>>();
                    let mut string = hcl_edit::template::StringTemplate::new();
                    for element in elements {
                        string.push(element);
                    }
                    Expression::from(string)
                }
                _ => Expression::from(text),
            }
        }
        Value::Array(items) => {
            let mut array = Array::new();
            for item in items {
                array.push(expression(item));
            }
            Expression::from(array)
        }
        Value::Object(members) => {
            let mut object = Object::new();
            for (key, value) in members {
                let key = ObjectKey::from(Expression::from(key));
                object.insert(key, ObjectValue::new(expression(value)));
            }
            Expression::from(object)
        }
    }
}
