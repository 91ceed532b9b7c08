//! The places that are counted.

/// A counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) kind: Kind,
    /// The byte offset in the user's text.
    pub(super) offset: u32,
}

/// The thing that a counter counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A statement.
    Statement,
    /// A function.
    Function { name: String },
    /// One of the ways of a fork.
    Way { fork: usize },
    /// The body of a loop or of a `catch`. Only for [`Trace`](super::trace::Trace), as the next two.
    Entry,
    /// A value that ends at this offset and is true, or is there. The next counter is that of [`Kind::False`].
    True { end: u32 },
    /// The same, false or missing.
    False { end: u32 },
}
