//! The counters are in their places, and the text still parses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::{Coverage, Detail, FileCoverage, Probe, html, instrumented, lcov, text};

fn covered(file: &str, source: &str) -> (String, Coverage) {
    let (prepared, coverage) =
        instrumented(file, source, None, Detail::Coverage).expect("it compiles");
    (prepared.code.to_string(), coverage)
}

/// The text with `#n` for the counters, without what stands in front.
#[track_caller]
fn check(source: &str, expected: &str) {
    let (code, _) = covered("code.js", source);
    let body = code
        .split_once("(()=>console.log,[]);")
        .expect("a prologue")
        .1;
    let short = body.replace("__covered(", "#(");
    assert_eq!(short, expected);
}

#[test]
fn counters_stand_where_they_change_nothing() {
    check("a();b()", "#(0);a();#(1);b()");
    check("a\nb", "#(0);a\n#(1);b");
    check(
        "if (a) b(); else c()",
        "#(0);if (a) {#(1);#(2);b();} else {#(3);#(4);c()}",
    );
    check("if (a) { b() }", "#(0);if (a) {#(1); #(2);b() }else{#(3);}");
    check(
        "if (a) if (b) c();",
        "#(0);if (a) {#(1);#(2);if (b) {#(3);#(4);c();}else{#(5);}}else{#(6);}",
    );
    check("for (;;) a()", "#(0);for (;;) {#(1);a()}");
    check(
        "do a(); while (b) c",
        "#(0);do {#(1);a();} while (b) #(2);c",
    );
    check("x = a ? b : c", "#(0);x = a ? (#(1),b) : (#(2),c)");
    check("x = a && b || c", "#(0);x = a && (#(1),b) || (#(2),c)");
    check(
        "f = async (x) => x.y",
        "#(0);f = async (x) => (#(1),#(2),x.y)",
    );
    check(
        "f = () => ({ a: 1 })",
        "#(0);f = () => (#(1),#(2),({ a: 1 }))",
    );
    check(
        "b(); function f() { 'use strict'; a() }",
        "#(0);b(); function f() { 'use strict';#(1); #(2);a() }",
    );
    check(
        "b(); function f() { 'use strict'\na() }",
        "#(0);b(); function f() { 'use strict';#(1);\n#(2);a() }",
    );
    check(
        "switch (a) { case 1: case 2: b(); break; default: c() }",
        "#(0);switch (a) { case 1:#(1); case 2: #(2);#(3);b(); #(4);break; default: #(5);#(6);c() }",
    );
    check(
        "l: for (const a of b) continue l",
        "#(0);l: for (const a of b) {#(1);continue l}",
    );
    check(
        "class A { m() { a() } static { b() } }",
        "#(0);class A { m() {#(1); #(2);a() } static { #(3);b() } }",
    );
}

/// With conditions: `#n` counts, `?n(…)` counts whether a value is true, `!n(…)` whether it is there.
#[track_caller]
fn check_conditions(source: &str, expected: &str) {
    let (prepared, _) =
        instrumented("code.js", source, None, Detail::Conditions).expect("it compiles");
    let body = prepared.code.split_once("(()=>console.log,[]);");
    let short = body
        .expect("a prologue")
        .1
        .replace(",1,(", "?(")
        .replace(",2,(", "!(");
    assert_eq!(short.replace("__covered(", "#("), expected);
}

#[test]
fn values_that_decide_are_counted_as_they_are() {
    check_conditions(
        "if (a) b();",
        "#(0);if (#(1?(a))) {#(3);#(4);b();}else{#(5);}",
    );
    // Each part for itself, and none twice.
    check_conditions(
        "x = a && b || c",
        "#(0);x = #(1?(a)) && (#(3),#(4?(b))) || (#(6),c)",
    );
    check_conditions("x = a ?? b", "#(0);x = #(1!(a)) ?? (#(3),b)");
    check_conditions(
        "x = (a && b) ? c : d",
        "#(0);x = (#(1?(a)) && (#(3),#(4?(b)))) ? (#(6),c) : (#(7),d)",
    );
    check_conditions(
        "for (const a of b) c()",
        "#(0);for (const a of #(1?(b))) {#(3);#(4);c()}",
    );
    check_conditions(
        "while (a?.b) c()",
        "#(0);while (#(1?(a?.b))) {#(3);#(4);c()}",
    );
    check_conditions("a?.b((c) => c)", "#(0);a?.b(#(1?((c) => (#(3),#(4),c))))");
    check_conditions(
        "try { a() } catch { b() }",
        "#(0);try { #(1);a() } catch {#(2); #(3);b() }",
    );
    check_conditions(
        "switch (a) { case b: c() }",
        "#(0);switch (#(1?(a))) { case b: #(3);#(4);c() }",
    );
}

/// Sizes at which work that grows with the square of the text takes minutes, and text that is put around it too deep for the parser.
#[test]
fn conditions_of_any_size_are_counted() {
    for operator in ["&&", "||", "??"] {
        let chain = vec!["a"; 6_000].join(operator);
        for source in [
            format!("if ({chain}) b();"),
            format!("x = ({chain}) ? 1 : 2"),
        ] {
            let done = instrumented("a.js", &source, None, Detail::Conditions);
            assert!(done.is_ok_and(|(_, coverage)| !coverage.points.is_empty()));
        }
    }
    let nested = "if (a) ".repeat(1_000) + "b();";
    assert!(instrumented("a.js", &nested, None, Detail::Conditions).is_ok());
}

#[test]
fn a_rule_has_its_counters_inside() {
    for (source, expected) in [
        (
            "function (user, context, callback) {\n  if (user.a) context.b = 1;\n  callback(null, user, context);\n}",
            "#(0);\n  #(1);if (user.a) {#(2);#(3);context.b = 1;}else{#(4);}\n  #(5);callback(null, user, context);\n}\n); })",
        ),
        (
            "(user, context, callback) => callback(null, user, context)",
            "#(0);#(1);return callback(null, user, context)}\n); })",
        ),
        (
            "async (user, context, callback = () => 1) => { callback() };",
            "#(0); #(1);callback() }\n); })",
        ),
        (
            "function (user, context, callback) { 'use strict'\ncallback() }",
            "#(0);\n#(1);callback() }\n); })",
        ),
    ] {
        check(source, expected);
        let (prepared, coverage) =
            instrumented("rules/a.js", source, None, Detail::Coverage).expect("it compiles");
        let functions = coverage.files().remove(0).functions;
        assert_eq!(functions, [("rule".to_owned(), 1, 0)], "{source}");
        let (line, text) = (1..)
            .zip(prepared.code.lines())
            .find(|(_, line)| line.contains("callback("))
            .expect("there");
        let column = u32::try_from(text.find("callback(").expect("there") + 1).expect("small");
        let place = prepared.map.original(line, column);
        let original = source.lines().nth(place.line as usize - 1).expect("a line");
        let rest = &original[place.column as usize - 1..];
        assert!(rest.starts_with("callback("), "{place:?} {source}");
    }
}

#[test]
fn directives_stay_first_and_names_stay_free() {
    let (code, _) = covered("code.js", "'use strict'\nlet __covered;");
    assert!(code.starts_with("'use strict';const __covered_="), "{code}");
}

#[test]
fn places_lead_back() {
    for (file, source) in [
        ("a.js", "if (a) b(x.y.z);"),
        ("a.mjs", "import x from 'x';\nif (a) b(x.y.z);"),
        (
            "a.ts",
            "interface A { b: string }\nif ((a as any)) b(x.y.z);",
        ),
    ] {
        let (prepared, _) =
            instrumented(file, source, None, Detail::Coverage).expect("it compiles");
        let index = crate::source::text::LineIndex::new(&prepared.code);
        let at = prepared.code.find("z)").expect("there");
        let place = index.position(&prepared.code, at);
        let found = prepared.map.original(place.line, place.column);
        let original = crate::source::text::LineIndex::new(source);
        let expected = original.position(source, source.find("z)").expect("there"));
        assert_eq!(
            (found.line, found.column),
            (expected.line, expected.column),
            "{file}: {}",
            prepared.code
        );
    }
}

const SOURCE: &str = "// what is covered\nexports.onExecutePostLogin = async (event) => {\n  if (event.a) {\n    one();\n    two();\n  }\n  three(event.b ? 1 : 2);\n};\n";

/// As if these counters had been reached.
fn reached(numbers: &[u32]) -> FileCoverage {
    let (_, coverage) = covered("code.js", SOURCE);
    for number in numbers {
        assert!(coverage.takes(&format!("  {}0:{number}", super::MARK)));
    }
    assert!(!coverage.takes("a message"));
    coverage.files().remove(0)
}

#[test]
fn reports() {
    // The export, the handler, the `if`, its other way, the last statement, one way of it.
    let file = reached(&[0, 1, 2, 6, 7, 8]);
    assert_eq!(file.lines, [(2, 1), (3, 1), (4, 0), (5, 0), (7, 1)]);
    assert_eq!(file.functions, [("onExecutePostLogin".to_owned(), 2, 1)]);
    assert_eq!(file.branches, [(3, vec![0, 1]), (7, vec![1, 0])]);
    assert_eq!(
        text(std::slice::from_ref(&file)),
        "coverage  lines       branches    uncovered lines\ncode.js   60.0 % 3/5  50.0 % 2/4  4-5\n"
    );
    assert_eq!(
        lcov(std::slice::from_ref(&file)),
        "TN:\nSF:code.js\nFN:2,onExecutePostLogin\nFNDA:1,onExecutePostLogin\nFNF:1\nFNH:1\n\
         BRDA:3,0,0,0\nBRDA:3,0,1,1\nBRDA:7,1,0,1\nBRDA:7,1,1,0\nBRF:4\nBRH:2\n\
         DA:2,1\nDA:3,1\nDA:4,0\nDA:5,0\nDA:7,1\nLF:5\nLH:3\nend_of_record\n"
    );
    let page = html(std::slice::from_ref(&file));
    assert!(
        page.contains("class=\"l miss\"><b>   4 0×</b>    one();"),
        "{page}"
    );
    assert!(page.contains("class=\"l part\"><b>   3 1×</b>"), "{page}");
    assert!(page.contains("async (event) =&gt; {"), "{page}");
}

#[test]
fn the_page_has_a_ceiling() {
    let long = |lines: usize, line: &str| FileCoverage {
        text: format!("{line}\n").repeat(lines),
        ..reached(&[0])
    };
    let page = html(&[long(20_001, "x"), long(3, "short")]);
    assert!(page.contains("The 20001 lines of this file are too many"));
    assert!(page.contains("short") && page.len() < 100_000);
    let many: Vec<FileCoverage> = (0..20).map(|_| long(20_000, &"<".repeat(50))).collect();
    let page = html(&many);
    assert!(page.len() < 20 << 20, "{}", page.len());
    assert!(page.contains("&lt;&lt;") && page.contains("too many to be shown"));
}

#[test]
fn runs_are_merged() {
    let mut file = reached(&[0, 1, 2, 6, 7, 8]);
    file.merge(&reached(&[0, 1, 2, 3, 4, 5, 7, 9]));
    assert_eq!(file.lines, [(2, 2), (3, 2), (4, 1), (5, 1), (7, 2)]);
    assert_eq!(file.branches, [(3, vec![1, 1]), (7, vec![1, 1])]);
}

/// Every snippet of the tables that compiles still compiles with counters.
#[test]
fn what_compiles_still_compiles() {
    let tables = [
        include_str!("../../tests/data/runtime-errors.jsonl"),
        include_str!("../../../../fixtures/conformance/handler-shapes.jsonl"),
    ];
    let mut count = 0;
    for line in tables.iter().flat_map(|table| table.lines()) {
        let row: serde_json::Value = serde_json::from_str(line).expect("a row is JSON");
        let source = row["source"].as_str().unwrap_or_default();
        let is_sound = |text: &str| {
            crate::source::prepare("code.js", text).is_ok_and(|done| done.suspected.is_none())
        };
        if is_sound(source) {
            let (code, _) = covered("code.js", source);
            assert!(is_sound(&code), "{source}\n---\n{code}");
            count += 1;
        }
    }
    assert!(count > 300, "{count}");
}

/// A reader of LCOV: the file and the functions of each record.
fn records(text: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut open = false;
    for line in text.split('\n').filter(|line| !line.is_empty()) {
        if line == "end_of_record" {
            open = false;
            continue;
        }
        let (key, value) = line.split_once(':').expect("a key");
        match key {
            "SF" => {
                assert!(!open, "{text}");
                open = true;
                found.push((value.to_owned(), Vec::new()));
            }
            "FN" => {
                let (_, name) = value.split_once(',').expect("a line and a name");
                found.last_mut().expect("a file").1.push(name.to_owned());
            }
            "TN" | "FNDA" | "FNF" | "FNH" | "BRDA" | "BRF" | "BRH" | "DA" | "LF" | "LH" => {}
            other => panic!("{other}: {text}"),
        }
    }
    assert!(!open, "{text}");
    found
}

/// Names of files and functions, and the source, stay text in every report.
#[test]
fn names_forge_nothing() {
    for name in [
        "a.js\nend_of_record\nSF:/etc/passwd\nDA:1,1",
        "a.js\rSF:b.js",
        "::error::x.js",
        "##[add-mask]x.js",
        "\u{1b}[2Jx\u{202e}.js",
        "<img src=x onerror='alert(1)'>\"&.js",
        "</pre></style><script>alert(1)</script>",
    ] {
        let file = FileCoverage {
            file: name.to_owned(),
            text: format!("// {name}\n"),
            lines: vec![(1, 1)],
            functions: vec![(name.to_owned(), 1, 1)],
            branches: vec![(1, vec![0, 1])],
        };
        let files = [file.clone(), file];
        let shown = postlogin_core::escape::lcov(name).into_owned();
        let record = (shown.clone(), vec![shown]);
        assert_eq!(records(&lcov(&files)), [record.clone(), record]);
        let table = text(&files);
        assert_eq!(table.lines().count(), 4, "{table}");
        let is_bad = |letter: char| letter.is_control() && letter != '\n' || letter == '\u{202e}';
        assert!(!table.contains(is_bad), "{table}");
        let command = |line: &str| line.starts_with("::") || line.contains("##[");
        assert!(!table.lines().any(command), "{table}");
        let page = html(&files);
        let (_, body) = page.split_once("</style>").expect("a style");
        // The script is the last thing of the page, the same for all.
        let (body, script) = body.rsplit_once("<script>").expect("a script");
        assert_eq!(
            script,
            &html(&[])[html(&[]).rfind("<script>").unwrap_or(0) + 8..]
        );
        let tags = body.split('<').skip(1).map(|tag| {
            let name = tag.trim_start_matches('/');
            name.split(|letter: char| !letter.is_ascii_alphanumeric())
                .next()
                .unwrap_or_default()
        });
        for tag in tags {
            let ours = [
                "a", "b", "body", "dd", "div", "dl", "dt", "form", "h1", "h2", "head", "html",
                "input", "label", "meter", "output", "pre", "section", "span", "table", "tbody",
                "td", "th", "thead", "tr",
            ];
            assert!(ours.contains(&tag), "{tag}: {page}");
        }
        assert!(!page.contains(is_bad), "{page}");
        assert!(page.contains("Content-Security-Policy"), "{page}");
        // Attributes are ours: no value of one comes from a name.
        assert_eq!(
            page.matches("onerror=").count(),
            page.matches("onerror=&#39;").count()
        );
    }
}

#[test]
fn the_page_has_a_summary_and_links_to_what_did_not_run() {
    let file = |name: &str, counts: &[u32]| FileCoverage {
        file: name.to_owned(),
        text: "x\n".repeat(counts.len()),
        lines: (1..).zip(counts.iter().copied()).collect(),
        functions: vec![("f".to_owned(), 1, counts[0])],
        branches: vec![(1, vec![1, 0])],
    };
    let page = html(&[file("a.js", &[1, 0, 0, 2]), file("rules/b.js", &[0, 0])]);
    let has = |part: &str| assert!(page.contains(part), "{part}: {page}");
    has("<dt>lines</dt><dd class=\"bad\">33.3 % 2/6</dd>");
    has("<dt>branches</dt><dd class=\"some\">50.0 % 2/4</dd>");
    has("<dt>functions</dt><dd class=\"some\">50.0 % 1/2</dd>");
    has("<dt>files</dt><dd>2</dd>");
    has("<td data-value=\"2\"><a href=\"#f0L2\">2-3</a></td>");
    has("id=\"f0L2\" class=\"l miss\"><b>   2 0×</b>");
    has("prefers-color-scheme: dark");
    // The script that the policy allows is the one of the page.
    let script = page
        .split("<script>")
        .nth(1)
        .and_then(|rest| rest.split("</script>").next());
    let hash = STANDARD.encode(Sha256::digest(script.expect("a script")));
    has(&format!("script-src 'sha256-{hash}'"));
}
