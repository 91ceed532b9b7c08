//! Names of files from the top of their repository.

use std::borrow::Cow;
use std::path::Path;

/// Where a folder is in its repository. Services that show findings beside a file know it by its path from the repository's top, which
/// is not that from the working folder of a project in a subfolder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Below {
    /// The folders from the top to the working folder.
    folders: Vec<String>,
    /// The top, as absolute names of files begin.
    top: Option<String>,
}

impl Below {
    /// The place of `folder` below `top`, both absolute and without links; at the top if it is not below it.
    #[must_use]
    pub fn top(top: &Path, folder: &Path) -> Self {
        let Ok(rest) = folder.strip_prefix(top) else {
            return Self::default();
        };
        let folders = rest.components();
        let folders = folders.map(|part| part.as_os_str().to_string_lossy().into_owned());
        Self {
            folders: folders.collect(),
            top: top
                .to_str()
                .map(|top| format!("{}/", top.trim_end_matches('/'))),
        }
    }

    /// Returns the name of a file from the top. `shown` is relative to the working folder, or absolute; one outside of the repository
    /// stays as it is.
    #[must_use]
    pub fn name<'a>(&self, shown: &'a str) -> Cow<'a, str> {
        if let Some(rest) = self.top.as_ref().and_then(|top| shown.strip_prefix(top)) {
            return Cow::Borrowed(rest);
        }
        if self.folders.is_empty() || shown.starts_with('/') {
            return Cow::Borrowed(shown);
        }
        let mut parts: Vec<&str> = self.folders.iter().map(String::as_str).collect();
        for part in shown.split('/') {
            match part {
                "." => {}
                ".." if parts.pop().is_none() => return Cow::Borrowed(shown),
                ".." => {}
                part => parts.push(part),
            }
        }
        Cow::Owned(parts.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_at_the_top_of_the_repository() {
        let below = Below::top(Path::new("/proj"), Path::new("/proj/svc/auth"));
        for (shown, expected) in [
            ("actions/a/code.js", "svc/auth/actions/a/code.js"),
            ("./a.js", "svc/auth/a.js"),
            ("../shared/b.ts", "svc/shared/b.ts"),
            ("../../../outside.js", "../../../outside.js"),
            ("/proj/svc/auth/a.js", "svc/auth/a.js"),
            ("/project/a.js", "/project/a.js"),
            ("/etc/a.js", "/etc/a.js"),
        ] {
            assert_eq!(below.name(shown), expected, "{shown}");
        }
        let at_top = Below::top(Path::new("/proj"), Path::new("/proj"));
        assert_eq!(at_top.name("a/b.js"), "a/b.js");
        let elsewhere = Below::top(Path::new("/proj"), Path::new("/other"));
        assert_eq!(elsewhere.name("a/b.js"), "a/b.js");
        assert_eq!(Below::default().name("/proj/a.js"), "/proj/a.js");
    }
}
