//! Actions that are there and cannot be read: their cases fail, and the others run.

use postlogin_project::Error;

use super::{Plan, Planner, project};
use crate::load::{Compiler, LoadError, Loaded};

impl Plan {
    /// Loads one of the Actions.
    ///
    /// # Errors
    /// When it cannot be read, built or loaded.
    pub fn load(&self, index: usize, compiler: &mut Compiler<'_>) -> Result<Loaded, LoadError> {
        match (self.unreadable.get(&index), self.actions.get(index)) {
            (Some(error), _) => Err(LoadError::unreadable(error)),
            (None, Some(source)) => compiler.action(source),
            (None, None) => Err(LoadError::not_loaded("")),
        }
    }
}

impl Planner<'_> {
    /// An Action that cannot be read. It has no text, so nothing that is said about its text is about it.
    pub(super) fn add_unreadable(&mut self, name: &str, error: Error) -> usize {
        self.actions.push(project::unreadable(name));
        let index = self.actions.len() - 1;
        self.unreadable.insert(index, error);
        index
    }
}
