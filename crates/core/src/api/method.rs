//! Methods below `api`: what a row of a trigger's table is. The tables are the one source for the guest's `api` object, for
//! `check`, and for dispatch.

use super::{Call, Outcome};
use crate::reply::Failure;
use crate::value::Argument;

/// The kind of result of a method.
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
    /// The kind of its result.
    pub returns: Returns,
    /// Whether the vendor documents it.
    pub documented: bool,
    pub(crate) run: Run,
}

/// The function behind a method.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Run {
    /// Answers at once, or throws.
    Now(fn(&mut Call<'_>) -> Outcome),
    /// Answers with a promise.
    Later(fn(&mut Call<'_>) -> Result<Argument, Failure>),
}

pub(crate) type Now = fn(&mut Call<'_>) -> Outcome;

pub(crate) const fn chained(namespace: &'static str, name: &'static str, run: Now) -> MethodSpec {
    MethodSpec {
        namespace,
        name,
        returns: Returns::Api,
        documented: true,
        run: Run::Now(run),
    }
}

pub(crate) const fn silent(namespace: &'static str, name: &'static str, run: Now) -> MethodSpec {
    MethodSpec {
        namespace,
        name,
        returns: Returns::Undefined,
        documented: true,
        run: Run::Now(run),
    }
}

pub(crate) const fn valued(namespace: &'static str, name: &'static str, run: Now) -> MethodSpec {
    MethodSpec {
        namespace,
        name,
        returns: Returns::Value,
        documented: true,
        run: Run::Now(run),
    }
}

pub(crate) const fn promised(
    namespace: &'static str,
    name: &'static str,
    run: fn(&mut Call<'_>) -> Result<Argument, Failure>,
) -> MethodSpec {
    MethodSpec {
        namespace,
        name,
        returns: Returns::Promise,
        documented: true,
        run: Run::Later(run),
    }
}

/// A method that the vendor's layer has and its documentation does not.
pub(crate) const fn hidden(namespace: &'static str, name: &'static str, run: Now) -> MethodSpec {
    MethodSpec {
        namespace,
        name,
        returns: Returns::Undefined,
        documented: false,
        run: Run::Now(run),
    }
}
