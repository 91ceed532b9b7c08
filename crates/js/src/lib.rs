//! JavaScript and TypeScript Actions.

pub mod engine;
pub mod errors;
pub mod source;
