//! Names of files inside the sandbox, and the files that they stand for.

use std::path::{Component, Path, PathBuf};

/// Where the Action lies inside the sandbox. The guest names it, too.
const HOME: &str = "/home/action";

/// The folders that may be read, and the names that they have inside.
#[derive(Debug)]
pub(super) struct Places {
    /// A `node_modules` folder without symbolic links in its path, and its name inside.
    roots: Vec<(PathBuf, String)>,
}

impl Places {
    /// Finds the `node_modules` folders of `folder` and of those around it.
    pub(super) fn around(folder: &Path) -> Self {
        let found = folder
            .ancestors()
            .filter_map(|folder| folder.join("node_modules").canonicalize().ok());
        let roots = found.enumerate().map(|(index, root)| {
            let name = match index {
                0 => format!("{HOME}/node_modules"),
                index => format!("{HOME}/outer-{index}/node_modules"),
            };
            (root, name)
        });
        Self {
            roots: roots.collect(),
        }
    }

    /// The `node_modules` folders, innermost first.
    pub(super) fn roots(&self) -> impl Iterator<Item = &Path> {
        self.roots.iter().map(|(root, _)| root.as_path())
    }

    /// The name of a file, whose path has no symbolic links in it; `None` outside of all folders.
    pub(super) fn inside(&self, file: &Path) -> Option<String> {
        self.roots.iter().find_map(|(root, name)| {
            let rest = file.strip_prefix(root).ok()?;
            let mut path = name.clone();
            for part in rest.components() {
                let Component::Normal(part) = part else {
                    return None;
                };
                path.push('/');
                path.push_str(part.to_str()?);
            }
            Some(path)
        })
    }

    /// The file of a name. It need not exist; if it does, it lies in one of the folders even if symbolic links are followed.
    pub(super) fn outside(&self, path: &str) -> Option<PathBuf> {
        let (root, rest) = self.roots.iter().find_map(|(root, name)| {
            let rest = path.strip_prefix(name.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then_some((root, rest))
        })?;
        let relative = Path::new(rest.trim_start_matches('/'));
        let stays = relative
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        let file = root.join(relative);
        let leads_out = || {
            file.canonicalize()
                .is_ok_and(|real| self.inside(&real).is_none())
        };
        (stays && !leads_out()).then_some(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_folders_have_names() {
        let places = Places {
            roots: vec![
                (
                    "/p/a/node_modules".into(),
                    "/home/action/node_modules".into(),
                ),
                (
                    "/p/node_modules".into(),
                    "/home/action/outer-1/node_modules".into(),
                ),
            ],
        };
        #[track_caller]
        fn check(places: &Places, file: &str, path: &str) {
            assert_eq!(places.inside(Path::new(file)).as_deref(), Some(path));
            assert_eq!(places.outside(path).as_deref(), Some(Path::new(file)));
        }
        check(
            &places,
            "/p/a/node_modules/x/y.js",
            "/home/action/node_modules/x/y.js",
        );
        check(
            &places,
            "/p/node_modules/@s/x/y.js",
            "/home/action/outer-1/node_modules/@s/x/y.js",
        );
        for file in ["/p/a/x.js", "/p/a/node_modules_/x.js", "/etc/passwd"] {
            assert_eq!(places.inside(Path::new(file)), None, "{file}");
        }
        for path in [
            "/home/action/node_modules/../../x.js",
            "/home/action/node_modules_/x.js",
            "/p/a/node_modules/x/y.js",
            "/etc/passwd",
            "",
        ] {
            assert_eq!(places.outside(path), None, "{path}");
        }
    }
}
