//! The imports and exports of a file, with the way back to the user's text.

use std::sync::Arc;

use postlogin_core::location::Location;

use super::text::LineIndex;
use super::{Language, Mapping, Plain, commonjs, plain_with};

/// The names that a file imports and exports.
pub(crate) struct Names {
    pub(crate) links: commonjs::links::Links,
    code: Arc<str>,
    map: Mapping,
}

impl Names {
    /// Returns where a byte offset of the text without types was written.
    pub(crate) fn location(&self, offset: usize) -> Location {
        let place = LineIndex::new(&self.code).position(&self.code, offset);
        self.map.original(place.line, place.column)
    }
}

/// Returns the names of a file; `None` for one that does not compile or is no ES module. `is_imported` is true of a file that an
/// Action imports.
pub(crate) fn names(file: &str, text: &str, is_imported: bool) -> Option<Names> {
    if file.ends_with(".json") {
        return None;
    }
    let mut map = Mapping::identity(file);
    let Plain { code, is_module } = plain_with(file, text, is_imported, &mut map)?;
    if !is_module {
        return None;
    }
    let is_typescript = Language::of(file) == Language::TypeScript;
    let links = super::parse::on_deep_stack(&code, || commonjs::links::of(&code, is_typescript))?;
    Some(Names { links, code, map })
}
