//! One module for each command.

mod again;
pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod email;
pub(crate) mod explain;
pub(crate) mod generate;
pub(crate) mod init;
pub(crate) mod install;
pub(crate) mod man;
pub(crate) mod mcp;
pub(crate) mod page;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod test;
pub(crate) mod ui;

/// A name as a file name on every system.
pub(crate) fn file_stem(name: &str) -> String {
    let allowed = |letter: char| {
        if letter.is_alphanumeric() || "-_. ".contains(letter) {
            letter
        } else {
            '-'
        }
    };
    let stem: String = name.chars().map(allowed).collect();
    // A name with a dot in front is hidden, and one with a dash looks like an option.
    match stem.trim_start_matches(['.', '-', ' ']) {
        "" => "action".into(),
        stem => stem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::file_stem;

    #[test]
    fn names_become_file_names() {
        for (name, stem) in [
            ("copy-user-metadata", "copy-user-metadata"),
            ("a/b\\c:d", "a-b-c-d"),
            ("..", "action"),
            (".hidden", "hidden"),
            ("../../x", "x"),
            ("--flag", "flag"),
            (" . ", "action"),
            ("", "action"),
        ] {
            assert_eq!(file_stem(name), stem);
        }
    }
}
