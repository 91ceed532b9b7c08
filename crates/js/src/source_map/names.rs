//! The names of the files of a source map.

/// The path of a file as the map has it, with its `sourceRoot`.
pub(super) fn with_root(root: Option<&str>, source: &str) -> String {
    match root {
        Some(root) if !root.is_empty() && !is_absolute(source) => {
            format!("{}/{source}", root.trim_end_matches('/'))
        }
        _ => source.to_owned(),
    }
}

/// The name of a file in messages: relative to where the map is, except where the map says more.
pub(super) fn shown(base: &str, written: &str) -> String {
    // Bundlers put a hash behind the name of a part of a file.
    let path = written.split('?').next().unwrap_or_default();
    if let Some((scheme, rest)) = path.split_once("://") {
        return match scheme {
            // The rest is a name of the bundle, and a path from the folder in which it was built.
            "webpack" | "webpack-internal" | "rspack" | "turbopack" => {
                let path = rest.split_once('/').map_or(rest, |(_, path)| path);
                normal("", path)
            }
            "file" => normal("", rest),
            _ => path.to_owned(),
        };
    }
    match is_absolute(path) {
        true => normal("", path),
        false => normal(base, path),
    }
}

fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || path.contains("://")
}

/// `base/path` without `.`, and with `..` resolved as far as that goes.
fn normal(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let path_parts = path.split(['/', '\\']);
    for part in base.split('/').chain(path_parts) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let is_absolute = match base.is_empty() {
        true => path.starts_with('/'),
        false => base.starts_with('/'),
    };
    let joined = parts.join("/");
    match (is_absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => "(unnamed)".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_a_reader_finds_them() {
        for (base, root, source, expected) in [
            ("dist", None, "../src/a.ts", "src/a.ts"),
            ("dist", Some("../src/"), "a.ts", "src/a.ts"),
            ("", None, "./a.ts", "a.ts"),
            ("packages/x/dist", None, "../../../../b.ts", "../b.ts"),
            ("dist", None, "webpack://name/./src/a.ts?1a2b", "src/a.ts"),
            ("dist", None, "webpack:///./src/a.ts", "src/a.ts"),
            ("dist", None, "/home/me/a.ts", "/home/me/a.ts"),
            ("dist", Some("/root"), "a.ts", "/root/a.ts"),
            ("dist", None, "file:///home/me/a.ts", "/home/me/a.ts"),
            (
                "dist",
                None,
                "https://example.com/a.ts",
                "https://example.com/a.ts",
            ),
            ("dist", None, "src\\a.ts", "dist/src/a.ts"),
            ("", None, "", "(unnamed)"),
        ] {
            assert_eq!(shown(base, &with_root(root, source)), expected, "{source}");
        }
    }
}
