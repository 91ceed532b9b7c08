//! The sources of Actions and Rules for people: as texts, and the places in them that set claims.

use std::collections::HashSet;
use std::sync::Arc;

use postlogin_core::Trigger;
use postlogin_core::explanation::ClaimSites;
use postlogin_js::{source::claims::claim_sites, source_of_component};
use postlogin_page::SourceText;
use postlogin_project::{ActionKind, ActionSource};

use crate::load::SourceMaps;
use crate::load::dependencies::local_texts;

/// The most names of claims that the sources of one login are asked for.
const MOST_NAMES: usize = 200;

/// Returns where the text of an Action sets claims. A component has a text when it was built by us.
fn claim_sites_of(source: &ActionSource, maps: &mut SourceMaps) -> ClaimSites {
    match &source.kind {
        ActionKind::Script { text, .. } => {
            let built_from = maps.of(source).map;
            claim_sites(
                &source.name,
                &source.display_path,
                text,
                built_from.as_deref(),
            )
        }
        ActionKind::Component { bytes, .. } => source_of_component(bytes)
            .map(|(file, text)| claim_sites(&source.name, &file, &text, None))
            .unwrap_or_default(),
        ActionKind::CargoPackage { .. } => ClaimSites::default(),
    }
}

/// Returns those of several Actions, in their order.
pub fn claim_sites_of_all<'a>(sources: impl IntoIterator<Item = &'a ActionSource>) -> ClaimSites {
    let mut all = ClaimSites::default();
    let mut maps = SourceMaps::default();
    let found = sources
        .into_iter()
        .map(|source| claim_sites_of(source, &mut maps));
    for ClaimSites { sites, omitted } in found {
        all.sites.extend(sites);
        all.omitted += omitted;
    }
    all
}

/// Returns the names of claims that sources certainly set, each once, in their order.
#[must_use]
pub fn names_of(sites: &ClaimSites) -> Vec<String> {
    let mut seen = HashSet::new();
    let whole = sites
        .sites
        .iter()
        .filter_map(|site| match site.name.as_slice() {
            [whole] => Some(whole),
            _ => None,
        });
    let names = whole.filter(|name| seen.insert(name.as_str()));
    names.take(MOST_NAMES).cloned().collect()
}

/// Returns the texts of Actions and Rules with their triggers, of their modules, and of the files that they import or were built
/// from. Each file comes once.
pub fn texts_of<'a>(
    sources: impl IntoIterator<Item = (Option<Trigger>, &'a ActionSource)>,
) -> Vec<SourceText> {
    let mut texts: Vec<SourceText> = Vec::new();
    let mut add = |action: &str, trigger: Option<Trigger>, file: String, text: Arc<str>| {
        match texts.iter_mut().find(|known| known.file == file) {
            // Several parts of one file: each has empty lines where the others are.
            Some(known) if known.text != *text => known.text = overlaid(&known.text, &text),
            Some(_) => {}
            None => texts.push(SourceText {
                action: action.to_owned(),
                trigger,
                file,
                text: text.to_string(),
            }),
        }
    };
    let mut maps = SourceMaps::default();
    // As long as they are kept, their texts have a limit together.
    let mut kept = Vec::new();
    for (trigger, source) in sources {
        let name = source.name.as_str();
        match &source.kind {
            ActionKind::Script { text, .. } => {
                add(name, trigger, source.display_path.clone(), text.clone());
            }
            ActionKind::Component { bytes, .. } => {
                if let Some((file, text)) = source_of_component(bytes) {
                    add(name, trigger, file, text);
                }
            }
            ActionKind::CargoPackage { .. } => {}
        }
        let map = maps.of(source).map;
        for (file, text) in local_texts(source, map.as_deref()) {
            add(name, None, file, text);
        }
        kept.extend(map);
        for module in &source.modules {
            add(name, None, module.display_path.clone(), module.text.clone());
        }
    }
    texts
}

/// One text with the lines of another where it has none.
#[must_use]
pub fn overlaid(one: &str, other: &str) -> String {
    let mut lines: Vec<&str> = one.split('\n').collect();
    for (index, line) in other.split('\n').enumerate() {
        match lines.get_mut(index) {
            Some(own) if own.is_empty() => *own = line,
            Some(_) => {}
            None => lines.push(line),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use postlogin_core::Location;
    use postlogin_core::explanation::{ClaimSite, ClaimSites};

    use super::{names_of, overlaid};

    #[test]
    fn parts_of_a_file_lie_beside_each_other() {
        assert_eq!(overlaid("a\n\n", "\nb\nc\nd"), "a\nb\nc\nd");
        assert_eq!(overlaid("a", "b"), "a");
    }

    #[test]
    fn only_whole_names_are_asked_about_and_each_once() {
        let site = |name: &[&str]| ClaimSite {
            action: "a".into(),
            method: "idToken.setCustomClaim".into(),
            name: name.iter().map(|part| (*part).to_owned()).collect(),
            location: Location {
                file: "a.js".into(),
                line: 1,
                column: 1,
            },
            conditions: Vec::new(),
            routes: Vec::new(),
            omitted_routes: 0,
            end: None,
            begun: None,
            idle_handler: None,
            value: None,
        };
        let sites = vec![site(&["b"]), site(&["a", ""]), site(&["a"]), site(&["b"])];
        let sites = ClaimSites { sites, omitted: 0 };
        assert_eq!(names_of(&sites), ["b", "a"]);
    }
}
