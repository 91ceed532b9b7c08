//! Actions that are there and cannot be read: their cases fail, and the others run.

use postlogin_project::document::node::Place;
use postlogin_project::{ActionSource, Error, NotRead};

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

    /// Returns why one of the Actions cannot be read.
    pub fn reason(&self, source: &ActionSource) -> Option<LoadError> {
        let mut unreadable = self.unreadable.iter();
        let found = unreadable.find(|(index, _)| {
            let known = self.actions.get(**index);
            project::is_unreadable(source) && known.is_some_and(|known| known.name == source.name)
        });
        found.map(|(_, error)| LoadError::unreadable(error))
    }
}

impl Planner<'_> {
    /// A part of a binding that cannot be read: the same one for all cases that the project binds it to.
    pub(super) fn add_not_read(
        &mut self,
        place: &Place,
        project: Option<&project::Surroundings>,
        part: NotRead,
    ) -> usize {
        let root = project.map(|it| it.project.root.clone());
        let key = (root.unwrap_or_default(), format!("bound {}", part.name));
        if let Some(known) = self.named.get(&key) {
            return *known;
        }
        let index = self.add_unreadable(&part.name, project::at(place, part.error));
        self.named.insert(key, index);
        index
    }

    /// An Action that cannot be read. It has no text, so nothing that is said about its text is about it.
    pub(super) fn add_unreadable(&mut self, name: &str, error: Error) -> usize {
        self.actions.push(project::unreadable(name));
        let index = self.actions.len() - 1;
        self.unreadable.insert(index, error);
        index
    }
}
