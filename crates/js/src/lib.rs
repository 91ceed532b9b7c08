//! JavaScript and TypeScript Actions.

pub mod errors;
pub mod source;
