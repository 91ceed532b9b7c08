//! Built files lead back to their sources: in errors, the ledger, `explain` and coverage.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    repositories::copy,
    support::{FIXED, folder, postlogin},
};

/// The bundle of the fixture, and the folder that it is in.
fn bundle() -> (TempDir, String) {
    let project = copy("bundled-dist");
    let built = project.path().join("dist/add-claim.js");
    let text = fs::read_to_string(built).expect("a bundle");
    (project, text)
}

/// `KEY` of the outcome of `run` with these options.
fn outcome(project: &TempDir, options: &str) -> Value {
    let ran = postlogin(&format!("run {FIXED} --format json {options}"))
        .within(project.path())
        .finish();
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran}"))
}

/// The file, line and column of a place.
fn place(location: &Value) -> String {
    let part = |key: &str| location[key].to_string();
    format!(
        "{}:{}:{}",
        part("file").trim_matches('"'),
        part("line"),
        part("column")
    )
}

const BROKEN: &str = "--set user.app_metadata.broken=true";

#[test]
fn the_ledger_and_errors_name_the_sources() {
    let (project, _) = bundle();
    let allowed = outcome(&project, "");
    assert_eq!(
        place(&allowed["ledger"][0]["location"]),
        "src/add-claim.ts:10:17"
    );
    assert_eq!(allowed["notices"], Value::Array(Vec::new()));
    let failed = outcome(&project, BROKEN);
    assert_eq!(
        place(&failed["error"]["location"]),
        "src/lib/claims.ts:11:45"
    );
    let stack = failed["error"]["stack"].as_str().unwrap_or_default();
    assert!(
        stack.contains("at claimOf (src/lib/claims.ts:11:45)"),
        "{stack}"
    );
    assert!(
        stack.contains("at onExecutePostLogin (src/add-claim.ts:8:"),
        "{stack}"
    );
    // The frame shows the source, whose text is in the map.
    fs::remove_dir_all(project.path().join("src")).expect("the sources");
    let ran = postlogin(&format!("run {BROKEN}"))
        .within(project.path())
        .finish();
    assert!(
        ran.stdout
            .contains("> 11 |     return user.app_metadata.broken.missing.name;"),
        "{ran}"
    );
}

#[test]
fn explain_and_coverage_name_the_sources() {
    let (project, _) = bundle();
    let explained = postlogin("explain --why https://example.com/email --set user.email=null")
        .within(project.path())
        .finish();
    assert_eq!(explained.code, Some(0), "{explained}");
    let explained = postlogin("explain").within(project.path()).finish();
    assert!(
        explained.stdout.contains("src/add-claim.ts:10:17"),
        "{explained}"
    );
    assert!(
        !explained.stdout.contains("dist/add-claim.js:"),
        "{explained}"
    );

    fs::write(
        project.path().join("a.case.yaml"),
        "expect: { id_token: { 'https://example.com/email': '*' } }\n"
            .replace("'*'", "jane.doe@example.com"),
    )
    .expect("a file");
    let tested = postlogin("test --coverage=lcov:out.info")
        .within(project.path())
        .finish();
    let lcov = fs::read_to_string(project.path().join("out.info")).unwrap_or_default();
    assert!(lcov.contains("SF:src/add-claim.ts\n"), "{lcov}{tested}");
    assert!(lcov.contains("SF:src/lib/claims.ts\n"), "{lcov}");
    assert!(!lcov.contains("dist/"), "{lcov}");
    assert!(
        lcov.contains("DA:10,1\n") && lcov.contains("DA:11,0\n"),
        "{lcov}"
    );
}

#[test]
fn a_map_inside_of_the_file_leads_back_too() {
    let (project, text) = bundle();
    let map = fs::read_to_string(project.path().join("dist/add-claim.js.map")).expect("a map");
    let encoded: String = map
        .bytes()
        .map(|byte| match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    let inline = text.replace(
        "add-claim.js.map",
        &format!("data:application/json,{encoded}"),
    );
    fs::write(project.path().join("dist/add-claim.js"), inline).expect("a file");
    fs::remove_file(project.path().join("dist/add-claim.js.map")).expect("a map");
    let allowed = outcome(&project, "");
    assert_eq!(
        place(&allowed["ledger"][0]["location"]),
        "src/add-claim.ts:10:17"
    );
}

#[test]
fn texts_that_the_map_lacks_are_read_from_the_project() {
    let (project, _) = bundle();
    let file = project.path().join("dist/add-claim.js.map");
    let mut map: Value =
        serde_json::from_slice(&fs::read(&file).expect("a map")).expect("it is JSON");
    map.as_object_mut()
        .expect("an object")
        .remove("sourcesContent");
    fs::write(&file, map.to_string()).expect("a file");
    let ran = postlogin(&format!("run {BROKEN}"))
        .within(project.path())
        .finish();
    assert!(ran.stdout.contains("> 11 |     return user"), "{ran}");
    assert!(ran.stdout.contains("src/lib/claims.ts:11:45"), "{ran}");
}

/// The notice about a map, and the place of the claim in the built file.
#[track_caller]
fn refused(map: Option<&str>, url: &str, message: &str) {
    let (project, text) = bundle();
    let file = project.path().join("dist/add-claim.js.map");
    match map {
        Some(map) => fs::write(&file, map).expect("a file"),
        None => fs::remove_file(&file).expect("a map"),
    }
    let text = text.replace("add-claim.js.map", url);
    fs::write(project.path().join("dist/add-claim.js"), text).expect("a file");
    let allowed = outcome(&project, "");
    let shown = allowed["notices"][0]["message"]
        .as_str()
        .unwrap_or_default();
    assert!(shown.contains(message), "{message}: {allowed}");
    assert_eq!(
        allowed["notices"][0]["code"], "source-map-not-used",
        "{allowed}"
    );
    let at = place(&allowed["ledger"][0]["location"]);
    assert!(at.starts_with("dist/add-claim.js:38:"), "{at}");
    let checked = postlogin("check").within(project.path()).finish();
    assert!(checked.stderr.contains(message), "{checked}");
    assert!(checked.stderr.matches("warning:").count() == 1, "{checked}");
}

#[test]
fn a_missing_or_broken_map_is_a_notice() {
    let own = "add-claim.js.map";
    refused(None, own, "its source map cannot be read");
    refused(Some(""), own, "it is not a source map");
    refused(
        Some("{\"version\":3,\"mappings\":\"!\"}"),
        own,
        "its mappings are broken",
    );
    refused(
        Some(
            "{\"version\":3,\"sections\":[{\"offset\":{\"line\":0,\"column\":0},\"url\":\"a.map\"}]}",
        ),
        own,
        "its section 1 has no map",
    );
    refused(
        Some("{}"),
        "../../../../etc/passwd",
        "its source map cannot be read",
    );
    refused(
        Some("{}"),
        "https://example.com/a.map",
        "is not a file of the project",
    );
    refused(
        Some("{}"),
        "data:application/json;base64,!!",
        "it is not Base64",
    );
    refused(Some("\u{0}\u{1}"), own, "it is not a source map");
}

#[test]
fn a_link_that_leads_out_of_the_project_is_not_read() {
    let (project, _) = bundle();
    let outside = folder(&[(
        "secret.map",
        "{\"version\":3,\"sources\":[\"top-secret.ts\"],\"mappings\":\"AAAA\"}",
    )]);
    let file = project.path().join("dist/add-claim.js.map");
    fs::remove_file(&file).expect("a map");
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path().join("secret.map"), &file).expect("a link");
    let allowed = outcome(&project, "");
    assert_eq!(
        allowed["notices"][0]["code"], "source-map-not-used",
        "{allowed}"
    );
    assert!(!allowed.to_string().contains("top-secret"), "{allowed}");
}
