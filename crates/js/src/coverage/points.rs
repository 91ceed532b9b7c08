//! The places that are counted.

/// A counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) kind: Kind,
    /// The byte offset in the user's text.
    pub(super) offset: u32,
}

/// What a counter counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A statement.
    Statement,
    /// A function.
    Function { name: String },
    /// One of the ways of a fork.
    Way { fork: usize },
}
