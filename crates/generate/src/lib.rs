//! Events that production could send, made up from a seed, and made smaller again.
//!
//! A [`Generator`] turns a seed and a number into an event: the same two always give the same event, whatever was
//! made before. [`shrink`] takes an event that shows something and takes away what does not matter, towards an event
//! that everybody knows (the built-in sample). [`difference`] and [`patch`] say what is left.
//!
//! [`users`] are those of a tenant that does not exist, as an export has them.
//!
//! Everything here is plain JSON. Nothing runs an Action, reads a file or knows a clock.
//!
//! No part of it is API: the workspace is its only user, and public items change in any version.

mod changes;
mod event;
mod flows;
mod format;
mod members;
mod plausible;
mod random;
mod shrink;
mod texts;
pub mod users;
mod vocabulary;

pub use changes::{Change, difference, patch};
pub use event::Generator;
pub use plausible::is_plausible;
pub use shrink::{Shrunk, shrink};
pub use vocabulary::Vocabulary;
