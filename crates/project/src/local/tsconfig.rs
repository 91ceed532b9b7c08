//! `paths` and `baseUrl` of a tsconfig.json, as TypeScript resolves them: one pattern decides, and a configuration replaces what it
//! extends (<https://www.typescriptlang.org/docs/handbook/modules/reference.html#paths>).

use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::Value;

use super::json::best;
use super::{Finder, MOST_PATTERNS, MOST_TARGETS};
use crate::files::normalize;

/// So many configurations are followed from one to those that it extends.
const MOST_EXTENDED: usize = 20;

/// The options of a configuration that say where modules are.
#[derive(Default)]
struct Places {
    /// The folder of `baseUrl`.
    base: Option<PathBuf>,
    /// The configuration with `paths`, and its folder.
    paths: Option<(Rc<Value>, PathBuf)>,
}

impl Finder {
    /// The file that a specifier means by the nearest tsconfig.json.
    pub(super) fn by_paths(&self, folder: &Path, specifier: &str) -> Option<PathBuf> {
        let mut above = self.folders_above(folder);
        let home = above.find(|folder| folder.join("tsconfig.json").is_file())?;
        let mut places = Places::default();
        let mut left = MOST_EXTENDED;
        self.options(&home.join("tsconfig.json"), &mut places, &mut left);
        let found = places.paths.and_then(|(config, home)| {
            let from = places.base.as_ref().unwrap_or(&home);
            self.by_pattern(config.pointer("/compilerOptions/paths")?, from, specifier)
        });
        found.or_else(|| self.script(&normalize(&places.base?.join(specifier))))
    }

    /// Adds the options of a file, and of those that it extends, unless they are known: the last one of a list counts most.
    fn options(&self, file: &Path, places: &mut Places, left: &mut usize) {
        let (Some(home), Some(config)) = (file.parent(), self.json(file)) else {
            return;
        };
        let option = |key: &str| config.get("compilerOptions")?.get(key);
        if places.base.is_none() {
            let base = option("baseUrl").and_then(Value::as_str);
            places.base = base.map(|base| normalize(&home.join(base)));
        }
        if places.paths.is_none() && option("paths").is_some_and(Value::is_object) {
            places.paths = Some((Rc::clone(&config), home.to_owned()));
        }
        let extended = match config.get("extends") {
            Some(Value::Array(all)) => all.iter().rev().filter_map(Value::as_str).collect(),
            one => one.and_then(Value::as_str).into_iter().collect::<Vec<_>>(),
        };
        // Those of packages are not followed.
        for extended in extended.into_iter().filter(|path| path.starts_with('.')) {
            let Some(next) = left.checked_sub(1) else {
                return;
            };
            *left = next;
            let path = normalize(&home.join(extended));
            let path = match path.is_file() {
                true => path,
                false => path.with_extension("json"),
            };
            self.options(&path, places, left);
        }
    }

    /// The first target that exists of the pattern that fits best.
    fn by_pattern(&self, paths: &Value, from: &Path, specifier: &str) -> Option<PathBuf> {
        let patterns = paths.as_object()?.iter().take(MOST_PATTERNS);
        let (targets, star) = best(patterns, specifier)?;
        let mut targets = targets.as_array()?.iter().take(MOST_TARGETS);
        targets.find_map(|target| {
            let target = target.as_str()?.replacen('*', star, 1);
            self.script(&normalize(&from.join(target)))
        })
    }
}
