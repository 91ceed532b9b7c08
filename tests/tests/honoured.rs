//! The local tenant lists the keys of an export that it honours. For each of them, some code reads the key: one that is only
//! listed would be dropped without a word.

use std::collections::BTreeSet;

use postlogin_tests::sources;

const LISTS: &str = "crates/tenant/src/unhonoured.rs";
/// Files that name keys because they check or convert whole files, and read no setting.
const READ_NOTHING: &[&str] = &[
    LISTS,
    "crates/project/src/project/sections.rs",
    "crates/tenant/src/management/schema.rs",
    "crates/tenant/src/management/schema/nested.rs",
    "crates/tenant/src/management/schema/parts.rs",
    "crates/tenant/src/management/schema/words.rs",
    "crates/tenant/src/seed/sections.rs",
    "crates/tenant/src/seed/sections/references.rs",
    "crates/tenant/src/seed/sections/values.rs",
];
/// The crates that read an export.
const READERS: &[&str] = &[
    "crates/core/",
    "crates/project/src/project/",
    "crates/tenant/",
];

/// Returns the lists: names of constants and their keys.
fn lists(text: &str) -> Vec<(&str, Vec<&str>)> {
    let constants = text.split("const ").skip(1);
    let lists = constants.filter_map(|rest| {
        let (name, rest) = rest.split_once(": &[&str] = &[")?;
        let (items, _) = rest.split_once("];")?;
        let is_name = name
            .bytes()
            .all(|sign| sign.is_ascii_uppercase() || sign == b'_');
        let keys = items.split('"').skip(1).step_by(2).collect();
        is_name.then_some((name, keys))
    });
    lists.collect()
}

/// Whether a text names a key: as a literal, or as a part of a JSON pointer.
fn names(text: &str, key: &str) -> bool {
    let ends = |rest: &str| rest.starts_with(['"', '/']);
    let begins = |before: &str| before.ends_with(['"', '/']);
    text.match_indices(key).any(|(at, _)| {
        let (before, rest) = text.split_at(at);
        begins(before) && rest.get(key.len()..).is_some_and(ends)
    })
}

#[test]
fn keys_are_found_as_literals_and_in_pointers() {
    for (text, expected) in [
        (r#"get("sso")"#, true),
        (r#"pointer("/a/sso/b")"#, true),
        (r#"pointer("/a/sso")"#, true),
        (r#"get("sso_disabled")"#, false),
        ("sso", false),
    ] {
        assert_eq!(names(text, "sso"), expected, "{text}");
    }
}

#[test]
fn some_code_reads_every_key_that_is_honoured() {
    let sources = sources();
    let of_lists = sources.iter().find(|source| source.path == LISTS);
    let lists = lists(&of_lists.expect("the file of the lists").text);
    assert!(lists.len() >= 9, "{lists:?}");
    let readers: Vec<&str> = sources
        .iter()
        .filter(|source| {
            READERS.iter().any(|of| source.path.starts_with(of))
                && !source.path.contains("tests")
                && !READ_NOTHING.contains(&source.path.as_str())
        })
        .map(|source| source.text.split("#[cfg(test)]").next().unwrap_or_default())
        .collect();
    let unread: BTreeSet<String> = lists
        .iter()
        .flat_map(|(list, keys)| keys.iter().map(move |key| (list, key)))
        .filter(|(_, key)| !readers.iter().any(|text| names(text, key)))
        .map(|(list, key)| format!("{list}: {key}"))
        .collect();
    assert_eq!(
        unread,
        BTreeSet::new(),
        "no code reads these keys: take them out of the list, so that they are named at the start"
    );
}
