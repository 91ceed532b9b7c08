//! Where in the source an `api` method was called.

use std::panic::Location;

/// A place in a source file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// Relative to the package, with `/` between its parts: `src/lib.rs`.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
}

impl Place {
    /// The place of the caller of the function that calls this, if that function is `#[track_caller]`.
    #[must_use]
    #[track_caller]
    pub fn of_caller() -> Place {
        Place::from(Location::caller())
    }
}

impl From<&Location<'_>> for Place {
    fn from(location: &Location<'_>) -> Place {
        Place {
            file: within_package(location.file()),
            line: location.line(),
            column: location.column(),
        }
    }
}

/// Tells the host where the next `api` call stands.
#[track_caller]
pub(crate) fn announce() {
    let place = Place::of_caller();
    #[cfg(target_arch = "wasm32")]
    crate::bindings::postlogin::actions::source_position::at(&place.file, place.line, place.column);
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::announce(place);
}

/// The path without what only holds on the machine that built the Action.
///
/// The compiler names files of the package relative to it, but files of a dependency by their full path: of
/// those, the folder with the package's `src` stays (`helper-1.2.0/src/lib.rs`).
fn within_package(file: &str) -> String {
    let file = file.replace('\\', "/");
    let is_absolute = file.starts_with('/') || file.as_bytes().get(1) == Some(&b':');
    if !is_absolute {
        return file.trim_start_matches("./").to_owned();
    }
    let parts: Vec<&str> = file.split('/').collect();
    let package = match parts.iter().rposition(|part| *part == "src") {
        Some(source_folder) => source_folder.saturating_sub(1),
        None => parts.len().saturating_sub(2),
    };
    // The first part of an absolute path is the root.
    parts.get(package.max(1)..).unwrap_or_default().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_the_machine() {
        #[track_caller]
        fn check(file: &str, expected: &str) {
            assert_eq!(within_package(file), expected, "{file}");
        }
        check("src/lib.rs", "src/lib.rs");
        check("./src/lib.rs", "src/lib.rs");
        check(r"src\tiers\mod.rs", "src/tiers/mod.rs");
        check("/home/jane/work/action/src/lib.rs", "action/src/lib.rs");
        check(
            "/home/jane/.cargo/registry/src/index.crates.io-1/helper-1.2.0/src/a/b.rs",
            "helper-1.2.0/src/a/b.rs",
        );
        check("/src/lib.rs", "src/lib.rs");
        check(r"C:\Users\jane\action\src\lib.rs", "action/src/lib.rs");
        check("/home/jane/action/build/generated.rs", "build/generated.rs");
        check("/lib.rs", "lib.rs");
        check("/", "");
        check("", "");
    }

    #[test]
    fn caller_is_the_user() {
        #[track_caller]
        fn method() -> Place {
            Place::of_caller()
        }
        let (place, line) = (method(), line!());
        assert_eq!((place.line, place.column), (line, 30));
        assert!(place.file.ends_with("src/place.rs"), "{}", place.file);
    }
}
