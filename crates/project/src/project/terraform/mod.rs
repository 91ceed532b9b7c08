//! Terraform: the tenant as resources of the provider `auth0/auth0` in `*.tf` and `*.tf.json`.
//!
//! Nothing is run and no provider is asked: what is written is evaluated, as far as it can be without state. What cannot be
//! resolved is named with its file and line.
//!
//! Source: <https://registry.terraform.io/providers/auth0/auth0/latest/docs>.

mod budget;
mod code;
mod evaluate;
mod functions;
mod overrides;
mod read;
mod reader;
mod references;
mod relations;
mod resources;
mod shapes;
mod tenant;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Attribute, Body};
use serde_json::{Map, Value};

use super::remarks::Remarks;
use super::{Project, TestConfiguration};
use crate::door::Boundary;
use crate::files::{Marks, entries, file_name};
use crate::keywords::KeywordMappings;
use budget::Budget;
use evaluate::Scope;

/// The beginning of the types of all resources of the provider.
const PROVIDER: &str = "auth0_";

/// A folder of files, as Terraform reads it.
#[derive(Default)]
struct Module {
    folder: PathBuf,
    files: Vec<File>,
    locals: HashMap<String, Written>,
    /// The variables with their defaults.
    variables: HashMap<String, Option<Written>>,
    outputs: HashMap<String, Written>,
    resources: Vec<Resource>,
    /// Calls of other modules.
    calls: Vec<Resource>,
    /// The modules that were called, by label.
    children: HashMap<String, usize>,
    /// The arguments of the call of this module, and the module that calls.
    given: Option<(usize, Resource)>,
}

/// A file of a module.
struct File {
    path: PathBuf,
    shown: String,
    text: String,
    marks: Marks,
}

/// An expression, and the file that it is in.
#[derive(Clone)]
struct Written {
    file: usize,
    expression: Expression,
}

/// A block with two labels (one, for a call of a module).
#[derive(Clone)]
struct Resource {
    file: usize,
    kind: String,
    label: String,
    body: Body,
    /// Where the block begins, in bytes.
    at: usize,
    /// The parts of override files, each with its file. No two parts name the same argument or block.
    overrides: Vec<(usize, Body)>,
}

impl Resource {
    /// The parts of the block, each with the file that it is in.
    fn parts(&self) -> impl Iterator<Item = (usize, &Body)> {
        let overrides = self.overrides.iter().map(|(file, body)| (*file, body));
        std::iter::once((self.file, &self.body)).chain(overrides)
    }

    /// An argument, and the file that it is in.
    fn argument(&self, name: &str) -> Option<(usize, &Attribute)> {
        let mut parts = self.parts();
        parts.find_map(|(file, body)| Some((file, body.get_attribute(name)?)))
    }
}

impl File {
    /// The line and column, both from 1, of a byte of the file.
    fn place(&self, at: usize) -> (u32, u32) {
        self.marks.at(&self.text, at)
    }
}

/// A folder with a Terraform file that names the provider's resources.
pub(super) fn is_root(folder: &Path) -> bool {
    let within = Boundary::around(folder);
    let mut files = files(folder).into_iter().take(read::MOST_FILES);
    files.any(|path| within.mentions(&path, "\"auth0_"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = entries(folder);
    files.retain(|path| is_file(path));
    files
}

/// Whether Terraform reads a file, by its name.
pub(crate) fn is_file(path: &Path) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    !name.starts_with('.') && (name.ends_with(".tf") || name.ends_with(".tf.json"))
}

/// Reads the resources of a folder and of the local modules that it calls. A file that does not parse is left out.
pub(super) fn load(root: &Path, mappings: KeywordMappings) -> Project {
    let mut remarks = Remarks::default();
    let modules = read::modules(root, &mut remarks);
    let mut configuration_files = Vec::new();
    for module in &modules {
        configuration_files.extend(module.files.iter().map(|file| file.path.clone()));
    }
    let mut project = Project {
        root: root.to_owned(),
        mappings,
        actions: Vec::new(),
        modules: Vec::new(),
        rules: Vec::new(),
        rules_configs: Map::new(),
        triggers: Vec::new(),
        tenant: super::tenant::TenantData::default(),
        test: TestConfiguration::default(),
        home: root.to_owned(),
        configuration_files,
        remarks,
    };
    let budget = Budget::default();
    let configuration = resources::Configuration {
        modules: &modules,
        root,
        budget: &budget,
    };
    let mut bound = resources::Bound::default();
    for relations in [false, true] {
        for index in 0..modules.len() {
            resources::add(configuration, index, relations, &mut bound, &mut project);
        }
    }
    relations::settle(&modules, &mut project.tenant);
    // A module that is called twice says everything twice.
    let mut known = HashSet::new();
    let notices = &mut project.remarks.notices;
    notices.retain(|notice| known.insert(notice.to_string()));
    project
}

/// The instances of a resource: one without `for_each` and `count`. What cannot be resolved counts as one, with a notice.
fn instances<'m>(resource: &Resource, scope: &Scope<'m>, remarks: &mut Remarks) -> Vec<Scope<'m>> {
    let value = |name: &str| {
        let (file, attribute) = resource.argument(name)?;
        Some(scope.in_file(file).value(&attribute.value))
    };
    if let Some(items) = value("for_each") {
        return match items {
            Ok(Value::Object(items)) => items
                .into_iter()
                .map(|(key, value)| scope.with_each(&key, value))
                .collect(),
            Ok(Value::Array(items)) => items
                .into_iter()
                .map(|item| scope.with_each(&evaluate::text_of(&item), item))
                .collect(),
            Ok(_) => Vec::new(),
            Err(stop) => {
                remarks.notices.push(stop.about(&format!(
                    "`for_each` of {}.{}",
                    resource.kind, resource.label
                )));
                Vec::new()
            }
        };
    }
    match value("count") {
        // A count that is not known is hardly 0.
        None | Some(Err(_)) => vec![scope.clone()],
        Some(Ok(count)) => (0..count.as_u64().unwrap_or(1).min(budget::MOST_INSTANCES))
            .map(|index| scope.with("count", serde_json::json!({ "index": index })))
            .collect(),
    }
}

#[cfg(test)]
mod tests;
