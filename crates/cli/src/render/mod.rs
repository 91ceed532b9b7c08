//! The form of a login's outcome: for people ([`human()`]) and for programs ([`json()`]).
//!
//! Both read the [`Outcome`](postlogin_core::outcome::Outcome) and nothing else, so that the terminal, the web page
//! and a script can never disagree. Nothing here prints: the caller hands in the stream.

mod actions;
pub(crate) mod check;
mod claim_rules;
mod claim_table;
mod claims;
mod code_frame;
mod effects;
mod entry;
mod explanation;
mod explanation_sites;
mod failure;
mod headline;
mod human;
mod json;
mod messages;
mod metadata;
mod page;
mod style;
mod text;
mod userinfo;

#[cfg(test)]
mod tests;

pub(crate) use entry::entry;
pub use explanation::explanation;
pub use human::{HumanOptions, SourceLookup, human};
pub use json::json;
pub(crate) use text::counted;
