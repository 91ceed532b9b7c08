//! The table of all methods below `api`: the one source for the guest's `api` object, for `check`, and for dispatch.

/// What a method gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Returns {
    /// The `api` object.
    Api,
    /// `undefined`.
    Undefined,
    /// A value, at once.
    Value,
    /// A promise.
    Promise,
}

/// One method.
#[derive(Debug, Clone, Copy)]
pub struct MethodSpec {
    /// The object below `api`: `idToken`.
    pub namespace: &'static str,
    /// The method: `setCustomClaim`.
    pub name: &'static str,
    /// What it gives back.
    pub returns: Returns,
}

/// All methods, grouped by namespace.
pub fn method_names() -> &'static [MethodSpec] {
    &[]
}
