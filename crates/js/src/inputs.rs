//! The values that a handler's run depends on, as far as its text shows all of it.
//!
//! For very many logins of the same Action: those whose events have the same values there do the same, see
//! [`postlogin_engine::Inputs`]. So everything here is refused unless it is certain: a name that is not known, a handler that is
//! not written as a function, an event that is passed on as a whole, `this`, a `constructor`. What is certain only as a whole counts
//! as a whole. TypeScript is read without its types, ES modules as they are written, and the files of the project that an Action
//! imports by the same rule.

mod closed;
mod files;
mod functions;
mod search;

use postlogin_engine::{Inputs, Reach};

use self::search::Search;
use crate::modules::Modules;

/// Returns the values of its event that decide what the post-login handler of a text does. `None` when the text and the files that
/// it imports do not show all of them, or the event counts as a whole.
#[must_use]
pub fn inputs(file: &str, text: &str, modules: &Modules) -> Option<Inputs> {
    let texts = files::texts(file, text, modules)?;
    files::with_parsed(&texts, |files| {
        let is_closed = files.iter().all(closed::is_closed);
        let found = is_closed.then(|| Search::new(files)?.inputs())??;
        Some(Inputs(without_parts(found)))
    })
}

/// Leaves out what is compared as a part of something else.
fn without_parts(mut found: Vec<postlogin_engine::Input>) -> Vec<postlogin_engine::Input> {
    let wholes: Vec<Vec<String>> = found
        .iter()
        .filter(|input| input.reach == Reach::Whole)
        .map(|input| input.path.clone())
        .collect();
    found.retain(|input| {
        wholes.iter().all(|whole| {
            let is_within = input.path.starts_with(whole);
            !is_within || (input.path == *whole && input.reach == Reach::Whole)
        })
    });
    found
}

#[cfg(test)]
mod tests;
