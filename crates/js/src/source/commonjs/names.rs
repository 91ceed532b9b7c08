//! Names for what the rewriting adds, unlike any that the text uses.

use std::collections::{HashMap, HashSet};

use oxc::semantic::Scoping;

/// The names that are taken.
pub(super) struct Names {
    taken: HashSet<String>,
    /// The number that the last name of a stem got.
    last: HashMap<String, usize>,
}

impl Names {
    /// Every name that the text declares or refers to.
    pub(super) fn new(scoping: &Scoping) -> Self {
        let declared = scoping.symbol_names().map(str::to_owned);
        let unresolved = scoping
            .root_unresolved_references()
            .keys()
            .map(|name| name.as_str().to_owned());
        Self {
            taken: declared.chain(unresolved).collect(),
            last: HashMap::new(),
        }
    }

    /// A name for a module, after its last part as `tsc` does it: `node:fs/promises` → `promises_1`.
    pub(super) fn for_module(&mut self, specifier: &str) -> String {
        let last = specifier
            .rsplit(['/', ':'])
            .find(|part| !part.is_empty())
            .unwrap_or("module");
        let last = last.strip_suffix(".js").unwrap_or(last);
        let mut stem: String = last
            .chars()
            .map(|character| {
                if character.is_ascii_alphanumeric() {
                    character
                } else {
                    '_'
                }
            })
            .collect();
        if stem.starts_with(|character: char| character.is_ascii_digit()) {
            stem.insert(0, '_');
        }
        self.fresh(&stem)
    }

    /// `stem_1`, `stem_2`, …
    pub(super) fn fresh(&mut self, stem: &str) -> String {
        let number = self.last.entry(stem.to_owned()).or_default();
        loop {
            *number += 1;
            let name = format!("{stem}_{number}");
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}
