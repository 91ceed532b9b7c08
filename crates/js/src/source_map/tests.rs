//! Maps as tools write them, and broken ones.

use super::*;

/// A built file.
const BUILT: &str =
    "var f = (event, api) => {\n  api.idToken.setCustomClaim(\"x\", event.user.name);\n};\n";
/// The inputs that it was built from.
const SOURCE: &str = "import type { E } from './e';\n\nconst f = (event: E, api: any): void => {\n    api.idToken.setCustomClaim(\"x\", event.user.name);\n};\n";

fn map(mappings: &str, more: &str) -> String {
    let content = serde_json::to_string(SOURCE).unwrap_or_default();
    format!(
        r#"{{"version":3,"sources":["../src/a.ts"],"sourcesContent":[{content}],"mappings":"{mappings}"{more}}}"#
    )
}

#[track_caller]
fn check(mappings: &str, place: (u32, u32), expected: Option<(u32, u32)>) {
    let map = SourceMap::read(&map(mappings, ""), "dist", BUILT).expect("it is a map");
    let found = map.original(place.0, place.1);
    let found = found.map(|found| {
        assert_eq!(found.file, "src/a.ts");
        (found.line, found.column)
    });
    assert_eq!(found, expected, "{mappings} {place:?}");
}

#[test]
fn places_lead_back() {
    // Line 1: column 0 is line 3, column 0 of the source. Line 2: column 2 is line 4, column 4; column 29 has no origin.
    let mappings = "AAEA;EACI,2B";
    check(mappings, (1, 1), Some((3, 1)));
    // Both texts are the same from the place on, so columns behind it are exact.
    check(mappings, (2, 3), Some((4, 5)));
    check(mappings, (2, 15), Some((4, 17)));
    // Where they differ, a place is that of the token.
    check(mappings, (1, 7), Some((3, 1)));
    check(mappings, (2, 40), None);
    check(mappings, (2, 1), None);
    check(mappings, (3, 1), None);
    check(mappings, (99, 1), None);
}

#[test]
fn columns_out_of_order_and_long_numbers_are_read() {
    // Column 9, then column 2 of one line.
    check("SAEA,PAEA", (1, 3), Some((5, 1)));
    // 40 as two digits.
    check("wCAEA", (1, 41), Some((3, 1)));
}

#[test]
fn broken_maps_are_refused() {
    for (json, message) in [
        ("", "it is not a source map (line 1, column 0)"),
        ("[]", "it is not a source map (line 1, column 2)"),
        ("{}", "it is not a source map (line 1, column 2)"),
        (r#"{"version":2}"#, "its version is 2, not 3"),
        (
            r#"{"version":3,"sections":[{"offset":{"line":0,"column":0}}]}"#,
            "its section 1 has no map",
        ),
        (
            r#"{"version":3,"sections":[{"offset":{"line":0,"column":0},"map":{"version":3,"sections":[]}}]}"#,
            "its section 1 consists of sections",
        ),
        (
            r#"{"version":3,"sections":[{"offset":{"line":1,"column":0},"map":{"version":3}},{"offset":{"line":0,"column":9},"map":{"version":3}}]}"#,
            "its section 2 begins before the one in front of it ends",
        ),
        (
            r#"{"version":3,"sections":[{"offset":{"line":0,"column":0},"map":{"version":2}}]}"#,
            "its section 1 has the version 2, not 3",
        ),
        (
            r#"{"version":3,"sources":[],"mappings":"AAAA"}"#,
            "its mappings are broken (line 1 of the built file)",
        ),
        (
            &map("!", ""),
            "its mappings are broken (line 1 of the built file)",
        ),
        (
            &map("AAEA;AA", ""),
            "its mappings are broken (line 2 of the built file)",
        ),
        (
            &map("g", ""),
            "its mappings are broken (line 1 of the built file)",
        ),
        (
            &map("gggggggggggggggA", ""),
            "its mappings are broken (line 1 of the built file)",
        ),
        (
            &map("D", ""),
            "its mappings are broken (line 1 of the built file)",
        ),
        (
            &map("AADA", ""),
            "its mappings are broken (line 1 of the built file)",
        ),
        (
            &map("AAAD", ""),
            "its mappings are broken (line 1 of the built file)",
        ),
    ] {
        let broken = SourceMap::read(json, "dist", BUILT).map_err(|broken| broken.to_string());
        assert_eq!(broken.map(drop), Err(message.to_owned()), "{json}");
    }
    let many = "A,".repeat(MOST_TOKENS + 1);
    let broken =
        SourceMap::read(&map(&many, ""), "dist", BUILT).map_err(|broken| broken.to_string());
    assert_eq!(
        broken.map(drop),
        Err("it has more than 1000000 mappings".to_owned())
    );
}

#[test]
fn places_lead_back_through_index_maps() {
    let part = |line: u32, column: u32, source: &str, mappings: &str| {
        format!(
            r#"{{"offset":{{"line":{line},"column":{column}}},"map":{{"version":3,"sources":["{source}"],"mappings":"{mappings}"}}}}"#
        )
    };
    let sections = [
        part(0, 0, "a.ts", "AAAA"),
        // The column counts in the first line of the part only.
        part(0, 20, "b.ts", "EAEA;EACI"),
        part(2, 0, "c.ts", "AAAA"),
    ];
    let json = format!(r#"{{"version":3,"sections":[{}]}}"#, sections.join(","));
    let map = SourceMap::read(&json, "dist", BUILT).expect("it is a map");
    let found = |line, column| {
        let found = map.original(line, column)?;
        Some((found.file, found.line, found.column))
    };
    assert_eq!(found(1, 1), Some(("dist/a.ts".to_owned(), 1, 1)));
    assert_eq!(found(1, 20), Some(("dist/a.ts".to_owned(), 1, 1)));
    // The second part begins here, and maps nothing yet.
    assert_eq!(found(1, 21), None);
    assert_eq!(found(1, 23), Some(("dist/b.ts".to_owned(), 3, 1)));
    assert_eq!(found(2, 3), Some(("dist/b.ts".to_owned(), 4, 5)));
    assert_eq!(found(3, 1), Some(("dist/c.ts".to_owned(), 1, 1)));
    // Without parts there is nothing to lead back to.
    let empty = SourceMap::read(r#"{"version":3,"sections":[]}"#, "", BUILT).expect("a map");
    assert_eq!(empty.original(1, 1), None);
}

#[test]
fn links_of_all_kinds() {
    for (text, expected) in [
        (
            "x\n//# sourceMappingURL=a.js.map\n",
            Some(Link::File("a.js.map")),
        ),
        (
            "x\n//@ sourceMappingURL=a.js.map",
            Some(Link::File("a.js.map")),
        ),
        (
            "x\n//# sourceMappingURL=a.js.map\n// the end\n\n",
            Some(Link::File("a.js.map")),
        ),
        ("x //# sourceMappingURL=a.js.map\n", None),
        ("//# sourceMappingURL=a.js.map\nx\n", None),
        ("x\n", None),
        ("", None),
        ("é\n", None),
        (
            "x\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,e30=",
            Some(Link::Inline("e30=", true)),
        ),
        (
            "x\n//# sourceMappingURL=data:application/json,%7B%7D",
            Some(Link::Inline("%7B%7D", false)),
        ),
        (
            "x\n//# sourceMappingURL=https://a.com/a.map",
            Some(Link::Elsewhere("https://a.com/a.map")),
        ),
    ] {
        assert_eq!(link(text), expected, "{text:?}");
    }
}

#[test]
fn texts_that_the_map_lacks_can_be_added() {
    let json = r#"{"version":3,"sourceRoot":"../src","sources":["a.ts"],"mappings":";EAGI"}"#;
    let mut map = SourceMap::read(json, "dist", BUILT).expect("it is a map");
    let exact = |map: &SourceMap| map.original(2, 15).map(|place| (place.line, place.column));
    assert_eq!(exact(&map), Some((4, 5)));
    map.add_texts(|source| (source.written == "../src/a.ts").then(|| SOURCE.to_owned()));
    assert_eq!(exact(&map), Some((4, 17)));
}

#[test]
fn a_part_ends_where_the_next_one_begins_however_many_there_are() {
    // All mappings of the first part are before the second one, and the others have none.
    let mappings = vec!["AAAA"; 900_000].join(";");
    let first = format!(
        r#"{{"offset":{{"line":0,"column":0}},"map":{{"version":3,"sources":["a.ts"],"mappings":"{mappings}"}}}}"#
    );
    let others = (1..9_990).map(|number| {
        let line = 900_000 + number;
        format!(r#"{{"offset":{{"line":{line},"column":0}},"map":{{"version":3}}}}"#)
    });
    let sections: Vec<String> = std::iter::once(first).chain(others).collect();
    let json = format!(r#"{{"version":3,"sections":[{}]}}"#, sections.join(","));
    let map = SourceMap::read(&json, "", BUILT).expect("it is a map");
    // Each part begins with a mapping of its own that leads nowhere.
    assert_eq!(map.tokens.len(), 900_000 + 9_990);
    let line_of = |line: u32| map.original(line, 1).map(|place| (place.file, place.line));
    assert_eq!(line_of(900_000), Some(("a.ts".to_owned(), 1)));
    assert_eq!(line_of(900_002), None);
}

#[test]
fn lists_and_names_have_limits() {
    let read = |json: &str| {
        let read = SourceMap::read(json, "dist", BUILT);
        read.map(|map| map.sources.len())
            .map_err(|broken| broken.to_string())
    };
    let of_sources = |count: usize, root: &str| {
        let sources = vec!["\"\""; count].join(",");
        format!(r#"{{"version":3,"sourceRoot":"{root}","sources":[{sources}]}}"#)
    };
    assert_eq!(read(&of_sources(10_000, "src")), Ok(10_000));
    assert_eq!(
        read(&of_sources(10_001, "src")),
        Err("it has more than 10000 files".to_owned())
    );
    // 1,000 files below a root of 10,000 bytes have names of 10 MB.
    assert_eq!(
        read(&of_sources(1_000, &"x".repeat(10_000))),
        Err("the names of its files have more than 8 MiB".to_owned())
    );
    let part = r#"{"offset":{"line":0,"column":0},"map":{"version":3}}"#;
    let sections = vec![part; 10_001].join(",");
    assert_eq!(
        read(&format!(r#"{{"version":3,"sections":[{sections}]}}"#)),
        Err("it has more than 10000 sections".to_owned())
    );
    // What no file has is not kept.
    let contents = vec!["\"\""; 100_000].join(",");
    let json = format!(r#"{{"version":3,"sources":["a.ts"],"sourcesContent":[{contents}]}}"#);
    assert_eq!(read(&json), Ok(1));
}

#[test]
fn a_place_far_behind_its_mapping_is_that_of_the_mapping() {
    // One mapping for a line of 5,000 columns, in which both texts are the same.
    let line = "x".repeat(5_000);
    let json = format!(
        r#"{{"version":3,"sources":["a.ts"],"sourcesContent":["{line}"],"mappings":"AAAA"}}"#
    );
    let map = SourceMap::read(&json, "", &line).expect("it is a map");
    let column = |column: u32| map.original(1, column).map(|place| place.column);
    assert_eq!(column(4_097), Some(4_097));
    assert_eq!(column(4_098), Some(1));
}

#[test]
fn the_weight_counts_texts_and_their_lines() {
    let json = |text: &str| {
        format!(
            r#"{{"version":3,"sources":["a.ts"],"sourcesContent":["{text}"],"mappings":"AAAA"}}"#
        )
    };
    let weight = |text: &str| SourceMap::read(&json(text), "", "").map(|map| map.weight());
    let (Ok(none), Ok(letters), Ok(lines)) = (
        weight(""),
        weight(&"x".repeat(1 << 20)),
        weight(&"\\n".repeat(1 << 20)),
    ) else {
        panic!("they are maps");
    };
    assert!(none < 1_000, "{none}");
    assert!((1 << 20..3 << 19).contains(&letters), "{letters}");
    // Four bytes for each line.
    assert!((5 << 20..10 << 20).contains(&lines), "{lines}");
}
