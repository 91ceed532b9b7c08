//! The trigger of an Action by the names of its exports, and the triggers that are known by name only.

use super::Trigger;
use crate::EntryPoint;

/// Triggers that the vendor lists and for which there is no public contract: neither an event, nor an `api`, nor the name of
/// a handler that all sources agree on. They do not run here.
///
/// Source: the triggers that the vendor's Management API lists, and its published typings and test exports.
pub const WITHOUT_CONTRACT: &[&str] = &[
    "login-post-identifier",
    "mcp-tool",
    "password-hash-migration",
    "signup-post-identifier",
];

/// The trigger of an Action, as far as the name of an export determines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exported {
    /// It is a handler of a trigger that runs here.
    Handler(Trigger, EntryPoint),
    /// It can only be a handler of a trigger without public contract, whose id this is.
    WithoutContract(&'static str),
    /// It has the form of a handler, and belongs to no trigger.
    UnknownHandler,
    /// It is not a handler.
    Other,
}

impl Exported {
    /// Returns what a name says.
    ///
    /// No source names the handlers of triggers without contract. All others are `onExecute` and the id in Pascal case, so a
    /// name that is so for one of them, in any case of its letters (`onExecuteMCPTool`), is its handler.
    #[must_use]
    pub fn of(name: &str) -> Self {
        if let Some((trigger, entry)) = Trigger::of_export(name) {
            return Self::Handler(trigger, entry);
        }
        let prefixes = ["onExecute", "onContinue"].iter();
        let mut rests = prefixes.filter_map(|prefix| name.strip_prefix(prefix));
        let Some(rest) = rests.find(|rest| rest.starts_with(|first: char| first.is_uppercase()))
        else {
            return Self::Other;
        };
        let is_of = |id: &&&str| id.replace('-', "").eq_ignore_ascii_case(rest);
        match WITHOUT_CONTRACT.iter().find(is_of) {
            Some(id) => Self::WithoutContract(id),
            None => Self::UnknownHandler,
        }
    }
}

/// Returns the handler that a name was certainly meant to be: `onExecutePostLogn`. A name of another word, such as that of
/// another trigger, is near none, nor is the name of a handler.
#[must_use]
pub fn near_handler(name: &str) -> Option<&'static str> {
    /// The most letters that a slip adds, drops, changes or swaps. The names of triggers differ by three and more.
    const SLIP: usize = 2;
    if Exported::of(name) != Exported::UnknownHandler && Exported::of(name) != Exported::Other {
        return None;
    }
    let entries = [EntryPoint::Execute, EntryPoint::Continue];
    let all = Trigger::ALL.iter().flat_map(|trigger| {
        let exports = entries.map(|entry| trigger.export(entry));
        exports.into_iter().flatten()
    });
    let folded = name.to_lowercase();
    let distance = |handler: &str| strsim::damerau_levenshtein(&folded, &handler.to_lowercase());
    let near = all.map(|handler| (distance(handler), handler));
    let near = near.filter(|(distance, _)| *distance <= SLIP);
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, handler)| handler)
}

/// Returns whether a trigger is known by its id and has no public contract.
#[must_use]
pub fn is_without_contract(id: &str) -> bool {
    WITHOUT_CONTRACT.contains(&id)
}
