//! The words and numbers of the Actions themselves. A generated event that has `enterprise` where the Action compares with it finds more
//! than a thousand random ones.

/// Words, numbers and places that occur in the source of Actions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vocabulary {
    /// Literal texts: `enterprise`, `@example.com`.
    pub texts: Vec<String>,
    /// Literal numbers.
    pub numbers: Vec<f64>,
    /// Names of members: keys that metadata may have.
    pub keys: Vec<String>,
    /// The reads of the event, each a path below `event`: `["user", "app_metadata", "plan"]`.
    pub paths: Vec<Vec<String>>,
}

impl Vocabulary {
    /// Adds what another source speaks of; nothing stands twice.
    pub fn join(&mut self, other: Vocabulary) {
        add(&mut self.texts, other.texts);
        add(&mut self.numbers, other.numbers);
        add(&mut self.keys, other.keys);
        add(&mut self.paths, other.paths);
    }
}

fn add<T: PartialEq>(known: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !known.contains(&item) {
            known.push(item);
        }
    }
}
