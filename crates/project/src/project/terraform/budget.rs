//! The budget for evaluating the configuration of a project, all of it together: a pull request can write a few lines that multiply.

use std::cell::Cell;

use serde_json::Value;

/// So many instances of one resource are made.
pub(super) const MOST_INSTANCES: u64 = 1_000;
/// So many instances of all resources are read.
const MOST_RESOURCES: usize = 10_000;
/// So many expressions are evaluated.
const MOST_STEPS: usize = 500_000;
/// So much text is made, in bytes: locals can multiply it.
const MOST_TEXT: usize = 64 << 20;
/// So many parts of values are made, of some 80 bytes each. Every expression makes its value anew.
const MOST_PARTS: usize = 1_500_000;
/// So many bytes of a string count as a part.
const BYTES_OF_A_PART: usize = 128;

/// The rest of the budget.
pub(super) struct Budget {
    resources: Cell<usize>,
    steps: Cell<usize>,
    text: Cell<usize>,
    parts: Cell<usize>,
    is_spent: Cell<bool>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            resources: Cell::new(MOST_RESOURCES),
            steps: Cell::new(MOST_STEPS),
            text: Cell::new(MOST_TEXT),
            parts: Cell::new(MOST_PARTS),
            is_spent: Cell::new(false),
        }
    }
}

impl Budget {
    /// Whether something was refused. Nothing is evaluated any more.
    pub(super) fn is_spent(&self) -> bool {
        self.is_spent.get()
    }

    /// Takes an instance of a resource; false when there are too many.
    pub(super) fn resource(&self) -> bool {
        self.take(&self.resources, 1)
    }

    /// Takes an expression.
    pub(super) fn step(&self) -> bool {
        self.take(&self.steps, 1)
    }

    /// Takes a text of so many bytes that is made.
    pub(super) fn text(&self, bytes: usize) -> bool {
        self.take(&self.text, bytes)
    }

    /// Takes so many parts of a value that will be made.
    pub(super) fn parts(&self, count: usize) -> bool {
        self.take(&self.parts, count)
    }

    /// Takes a value that was made.
    pub(super) fn value(&self, value: &Value) -> bool {
        self.parts(parts_of(value))
    }

    fn take(&self, of: &Cell<usize>, count: usize) -> bool {
        match of.get().checked_sub(count) {
            Some(left) if !self.is_spent() => {
                of.set(left);
                true
            }
            _ => {
                self.is_spent.set(true);
                false
            }
        }
    }
}

/// The parts of a value: itself, and those of its members.
fn parts_of(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len() / BYTES_OF_A_PART,
        Value::Array(items) => 1 + items.iter().map(parts_of).sum::<usize>(),
        Value::Object(members) => {
            let of =
                |(key, value): (&String, &Value)| 1 + key.len() / BYTES_OF_A_PART + parts_of(value);
            1 + members.iter().map(of).sum::<usize>()
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Budget, MOST_RESOURCES, MOST_TEXT, parts_of};

    #[test]
    fn what_is_refused_once_ends_everything() {
        let budget = Budget::default();
        assert!(budget.text(MOST_TEXT) && budget.step());
        assert!(!budget.text(1) && budget.is_spent());
        assert!(!budget.step() && !budget.resource() && !budget.parts(0));
        let budget = Budget::default();
        let taken = (0..MOST_RESOURCES + 1)
            .filter(|_| budget.resource())
            .count();
        assert_eq!(taken, MOST_RESOURCES);
    }

    #[test]
    fn parts_are_counted_at_every_depth() {
        assert_eq!(parts_of(&json!(1)), 1);
        assert_eq!(parts_of(&json!([1, [2, 3]])), 5);
        assert_eq!(parts_of(&json!({"a": {"b": 1}})), 5);
        assert_eq!(parts_of(&json!("x".repeat(1280))), 11);
    }
}
