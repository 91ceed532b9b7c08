//! From Actions on disk to outcomes: loading ([`load`]) and running one prepared login ([`login`]).
//!
//! Nothing here prints or reads the command line: what a user should be told while Actions are loaded goes to a
//! callback, and results are values.

pub mod load;
pub mod login;

pub use load::{Compiler, LoadError, LoadNotice, LoadProblem};
pub use login::{PreparedLogin, run_prepared, secrets_of};
