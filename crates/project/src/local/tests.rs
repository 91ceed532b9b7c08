use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;

fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join(".git")).expect("a repository");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
    }
    folder
}

/// One specifier for each line.
fn lines(_: &str, text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// The files that an Action reaches, in the order in which they are found.
fn found(folder: &Path, action: &str) -> Vec<String> {
    let path = folder.join(action);
    let text = fs::read_to_string(&path).expect("the Action");
    let found = local_sources(&path, action, &text, &lines);
    found.files.into_iter().map(|file| file.shown).collect()
}

#[test]
fn files_are_found_as_typescript_finds_them() {
    let folder = repository(&[
        (
            "a/code.ts",
            "./one\n../lib/two.js\n@lib/three\nlodash\nnode:fs\n./types\n./gone\n../../out\n./.env\n/etc/passwd",
        ),
        ("a/one.ts", "./sub\n./one"),
        ("a/sub/index.ts", "../data.json"),
        ("a/data.json", ""),
        ("a/types.d.ts", ""),
        ("a/.env.ts", ""),
        ("lib/two.ts", ""),
        ("lib/deep/three.mts", ""),
        (
            "base.json",
            "{\"compilerOptions\": {\"baseUrl\": \".\", \"paths\": {\"@lib/*\": [\"nowhere/*\", \"lib/deep/*\"]}}}",
        ),
        (
            "tsconfig.json",
            "{\n  // \"paths\": of ours\n  \"extends\": \"./base\", /* x */\n  \"compilerOptions\": {\"types\": [\"a//b\",],},\n}",
        ),
    ]);
    fs::write(folder.path().parent().expect("a parent").join("out.ts"), "").ok();
    assert_eq!(
        found(folder.path(), "a/code.ts"),
        [
            "a/one.ts",
            "lib/two.ts",
            "lib/deep/three.mts",
            "a/sub/index.ts",
            "a/data.json"
        ]
    );
}

/// The answers are those of esbuild 0.28.
#[test]
fn the_best_pattern_decides_and_a_configuration_replaces_what_it_extends() {
    let files = [
        (
            "a.ts",
            "@app/x/one\n@app/two\n@app/three\nexact\nfour\n@old/five",
        ),
        (
            "tsconfig.json",
            r#"{"extends": ["./first.json", "./last"], "compilerOptions": {"paths": {
                "*": ["any/*"], "@app/*": ["wide/*"], "@app/x/*": ["narrow/*"], "exa*": ["any/no"], "exact": ["any/exact.ts"]
            }}}"#,
        ),
        // Its paths do not count, since there are others. Its baseUrl does, and that of the last one more.
        (
            "first.json",
            r#"{"compilerOptions": {"baseUrl": "./nowhere"}}"#,
        ),
        (
            "last.json",
            r#"{"compilerOptions": {"baseUrl": "./src", "paths": {"@old/*": ["../old/*"]}}}"#,
        ),
        ("src/wide/x/one.ts", ""),
        ("src/narrow/one.ts", ""),
        ("src/wide/two.ts", ""),
        // Only what the best pattern names is looked for.
        ("src/any/@app/three.ts", ""),
        ("src/any/exact.ts", ""),
        ("src/four.ts", ""),
        ("old/five.ts", ""),
    ];
    let folder = repository(&files);
    assert_eq!(
        found(folder.path(), "a.ts"),
        [
            "src/narrow/one.ts",
            "src/wide/two.ts",
            "src/any/exact.ts",
            "src/four.ts"
        ]
    );
}

#[test]
fn a_file_outside_is_as_absent_as_one_that_is_not_there() {
    for outside in ["there.json", "gone.json"] {
        let around = tempfile::tempdir().expect("a folder");
        fs::write(around.path().join("there.json"), "{}").expect("a file");
        let files = [
            ("a.ts", "probe\n./link\n@acme/linked"),
            ("fallback.ts", ""),
            ("link.js", ""),
            ("pnpm-workspace.yaml", "packages: ['packages/*']\n"),
            ("packages/linked/index.ts", ""),
        ];
        let folder = around.path().join("project");
        let config = format!(
            r#"{{"compilerOptions": {{"paths": {{"probe": ["../{outside}", "./fallback.ts"]}}}}}}"#
        );
        let manifest = format!(r#"{{"name": "@acme/linked", "main": "../../../{outside}"}}"#);
        let more = [
            ("tsconfig.json", config.as_str()),
            ("packages/linked/package.json", manifest.as_str()),
            (".git/HEAD", ""),
        ];
        for (path, text) in files.into_iter().chain(more) {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, text).expect("a file");
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(format!("../{outside}"), folder.join("link.ts"))
            .expect("a link");
        assert_eq!(
            found(&folder, "a.ts"),
            ["fallback.ts", "link.js", "packages/linked/index.ts"],
            "{outside}"
        );
    }
}

/// Before each import was looked for by one pattern, and all of an Action in so many places, this took hours.
#[test]
fn patterns_that_all_fit_are_bounded() {
    let targets: Vec<String> = (0..20).map(|index| format!("\"t{index}/*\"")).collect();
    let targets = targets.join(",");
    let patterns: Vec<String> = (0..200)
        .map(|index| format!("\"m*{}\": [{targets}]", "n".repeat(index)))
        .collect();
    let config = |extended: &str| {
        let patterns = patterns.join(",");
        format!(
            r#"{{"extends": "{extended}", "compilerOptions": {{"baseUrl": ".", "paths": {{{patterns}}}}}}}"#
        )
    };
    let configs: Vec<String> = (1..6)
        .map(|index| config(&format!("./{index}.json")))
        .collect();
    let all: Vec<String> = (0..9_999)
        .map(|index| format!("m{index}{}\n", "n".repeat(200)))
        .collect();
    let action = format!("{}./last", all.concat());
    let mut files = vec![("a.ts", action.as_str()), ("last.ts", "")];
    let names = ["tsconfig.json", "1.json", "2.json", "3.json", "4.json"];
    files.extend(names.into_iter().zip(configs.iter().map(String::as_str)));
    let folder = repository(&files);
    // After so many places nothing is found any more, and that is said.
    let sources = local_sources(&folder.path().join("a.ts"), "a.ts", &action, &lines);
    assert!(sources.files.is_empty());
    assert_eq!(sources.limit, Some("20,000 places where imports may be"));
}

#[test]
fn packages_of_the_workspace() {
    let folder = repository(&[
        ("pnpm-workspace.yaml", "packages: ['packages/*']\n"),
        (
            "packages/actions/code.ts",
            "@acme/shared\n@acme/shared/more\n@acme/built\n@acme/unbuilt\nreal",
        ),
        ("packages/actions/package.json", "{\"name\": \"actions\"}"),
        (
            "packages/shared/package.json",
            "{\"name\": \"@acme/shared\", \"main\": \"./src/index.ts\"}",
        ),
        ("packages/shared/src/index.ts", ""),
        ("packages/shared/src/more.ts", ""),
        (
            "packages/built/package.json",
            "{\"name\": \"@acme/built\", \"main\": \"dist/index.js\"}",
        ),
        ("packages/built/dist/index.js", ""),
        ("packages/built/src/index.ts", ""),
        (
            "packages/unbuilt/package.json",
            "{\"name\": \"@acme/unbuilt\", \"main\": \"dist/index.js\"}",
        ),
        ("packages/unbuilt/src/index.ts", ""),
        (
            "packages/actions/node_modules/real/package.json",
            "{\"name\": \"real\", \"main\": \"index.ts\"}",
        ),
        ("packages/actions/node_modules/real/index.ts", ""),
    ]);
    let all = [
        "packages/shared/src/index.ts",
        "packages/shared/src/more.ts",
    ];
    let before = found(folder.path(), "packages/actions/code.ts");
    assert_eq!(before[..2], all);
    assert!(
        before.contains(&"packages/unbuilt/src/index.ts".to_owned()),
        "{before:?}"
    );
    assert!(
        !before.iter().any(|file| file.contains("real")),
        "{before:?}"
    );
    #[cfg(unix)]
    {
        let links = folder.path().join("packages/actions/node_modules/@acme");
        fs::create_dir_all(&links).expect("a folder");
        for name in ["shared", "built", "unbuilt"] {
            std::os::unix::fs::symlink(format!("../../../{name}"), links.join(name))
                .expect("a link");
        }
        let after = found(folder.path(), "packages/actions/code.ts");
        let names: Vec<&str> = after
            .iter()
            .map(|file| file.rsplit("packages/").next().unwrap_or_default())
            .collect();
        // What is built is a package like any other.
        assert_eq!(
            names,
            [
                "shared/src/index.ts",
                "shared/src/more.ts",
                "unbuilt/src/index.ts"
            ]
        );
    }
}

#[test]
fn comments_of_json() {
    for (text, plain) in [
        ("{\"a\": 1, // x\n}", "{\"a\": 1}"),
        ("{\"a//\": \"/* \\\" */\",}", "{\"a//\": \"/* \\\" */\"}"),
        ("[1,/* ü */]", "[1]"),
        ("\"open", "\"open"),
        ("\"\\\\\" // c", "\"\\\\\" "),
    ] {
        assert_eq!(without_comments(text), plain, "{text}");
    }
}

#[test]
fn what_is_beyond_a_limit_is_reported() {
    let limit = |files: &[(&str, &str)]| {
        let folder = repository(files);
        let path = folder.path().join("a.ts");
        let text = fs::read_to_string(&path).expect("the Action");
        local_sources(&path, "a.ts", &text, &lines).limit
    };
    let names = |count: usize| (0..count).map(|index| format!("./f{index}\n"));
    let several = |count: usize| {
        let mut files: Vec<(String, String)> = (0..count)
            .map(|index| (format!("f{index}.ts"), String::new()))
            .collect();
        files.push(("a.ts".into(), names(count).collect()));
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        limit(&files)
    };
    assert_eq!(several(300), None);
    assert_eq!(several(301), Some("300 files"));
    let many = |count: usize| {
        let action: String = (0..count).map(|index| format!("m{index}\n")).collect();
        limit(&[("a.ts", &action)])
    };
    assert_eq!(many(10_000), None);
    assert_eq!(many(10_001), Some("10,000 imports"));
    let large = "m".repeat(5 << 20);
    assert_eq!(limit(&[("a.ts", "./b"), ("b.ts", &large)]), None);
    assert_eq!(
        limit(&[("a.ts", "./b\n./c"), ("b.ts", &large), ("c.ts", &large)]),
        Some("8 MiB of files")
    );
}

/// Before manifests were read once, this took minutes: each import read each of them.
#[test]
fn imports_of_a_large_workspace_are_bounded() {
    let long = format!(r#""x": "{}""#, "y".repeat(20_000));
    let member = |index: usize| {
        let manifest = format!(r#"{{"name": "k{index}", {long}, "main": "./index.ts"}}"#);
        (format!("packages/k{index}/package.json"), manifest)
    };
    let members: Vec<(String, String)> = (0..500).map(member).collect();
    let missing: String = (0..9_998).map(|index| format!("m{index}\n")).collect();
    let mut files: Vec<(&str, &str)> = members
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let action = format!("k7\n{missing}k8\nk9\n");
    files.extend([
        ("package.json", r#"{"workspaces": ["packages/*"]}"#),
        ("packages/k7/index.ts", ""),
        ("packages/k8/index.ts", ""),
        ("packages/k9/index.ts", ""),
        ("a.ts", action.as_str()),
    ]);
    let folder = repository(&files);
    // The limit is 10,000 specifiers: the last is one more.
    assert_eq!(
        found(folder.path(), "a.ts"),
        ["packages/k7/index.ts", "packages/k8/index.ts"]
    );
}

/// The same file by any number of names: it counts although it cannot be read, so it is read twice at most.
#[test]
fn files_that_cannot_be_read_count() {
    let names: String = (0..9_000)
        .map(|number| format!("{}bin\n", "./".repeat(1 + number % 1_000)))
        .collect();
    let folder = repository(&[("a.ts", &names)]);
    fs::write(folder.path().join("bin.ts"), vec![0xff; 5 << 20]).expect("a file");
    let path = folder.path().join("a.ts");
    let found = local_sources(&path, "a.ts", &names, &lines);
    assert_eq!(found.limit, Some("8 MiB of files"));
    assert!(found.files.is_empty());
}
