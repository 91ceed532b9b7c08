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
