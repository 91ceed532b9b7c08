//! `postlogin build`: a component that stands for its source.

use std::{env, fs, path::Path};

use serde_json::Value;

use crate::support::{FIXED, assert_command, folder, postlogin, repository};

const ACTION: &str = "interface Roles { roles?: string[] }

export const onExecutePostLogin = async (event: any, api: any): Promise<void> => {
  const { roles = [] }: Roles = event.user.app_metadata;
  api.idToken.setCustomClaim('https://example.com/roles', roles);
  console.log(Math.random(), globalThis.crypto.randomUUID(), new Date().toISOString());
  if (event.secrets.FAIL) {
    throw new RangeError(`no ${roles.length}`);
  }
};
";

#[track_caller]
fn outcome(within: &Path, arguments: &str) -> Value {
    let mut outcome = postlogin(&format!("run {FIXED} {arguments}"))
        .within(within)
        .outcome(0);
    outcome["usage"].take();
    outcome
}

#[track_caller]
fn build(within: &Path, arguments: &str) -> String {
    let done = postlogin(&format!("build {arguments}"))
        .within(within)
        .finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert_eq!(done.stdout, "", "the component is the data");
    done.stderr
}

#[test]
fn a_component_does_what_its_source_does() {
    let folder = folder(&[("roles.ts", ACTION)]);
    let told = build(folder.path(), "roles.ts");
    assert!(told.starts_with("wrote roles.wasm ("), "{told}");

    for secret in ["", "--secret FAIL=yes"] {
        let of_source = outcome(folder.path(), &format!("roles.ts {secret}"));
        let of_component = outcome(folder.path(), &format!("roles.wasm {secret}"));
        assert_eq!(
            of_component, of_source,
            "places, claims, randomness and time are the same"
        );
    }
    let failed = outcome(folder.path(), "roles.wasm --secret FAIL=yes");
    assert_eq!(failed["error"]["location"]["file"], "roles.ts");
    assert_eq!(failed["error"]["location"]["line"], 8);

    check_bytes(folder.path());
    check_other_version(folder.path());
}

/// The same source gives the same bytes wherever it lies, and they hold nothing of this machine.
fn check_bytes(folder: &Path) {
    let bytes = fs::read(folder.join("roles.wasm")).expect("it was written");
    let elsewhere = self::folder(&[("deeper/roles.ts", ACTION)]);
    // By its whole path, from a folder that it is not in.
    let file = elsewhere.path().join("deeper/roles.ts");
    let file = file.to_str().expect("the path is text");
    build(folder, &format!("{file} -o again.wasm"));
    let again = fs::read(folder.join("again.wasm")).expect("it was written");
    assert!(bytes == again, "the same source, other bytes");

    let engine = postlogin_js::engine::unpack().expect("the engine unpacks");
    let home = env::var("HOME").unwrap_or_default();
    let repository = repository().canonicalize().expect("it is there");
    for path in [
        folder.to_string_lossy().into_owned(),
        elsewhere.path().to_string_lossy().into_owned(),
        repository.to_string_lossy().into_owned(),
        home,
    ] {
        // Short ones, such as /root, are words of the engine, too.
        assert_eq!(
            count(&bytes, &path),
            count(&engine, &path),
            "the component holds {path}"
        );
    }
}

fn count(bytes: &[u8], text: &str) -> usize {
    let windows = bytes.windows(text.len().max(1));
    windows.filter(|window| *window == text.as_bytes()).count()
}

/// As if it had been built by a later postlogin.
fn check_other_version(folder: &Path) {
    let mut bytes = fs::read(folder.join("roles.wasm")).expect("it was written");
    let (ours, theirs) = (b"@0.3.1", b"@9.1.0");
    let found: Vec<usize> = (0..bytes.len() - ours.len())
        .filter(|at| bytes[*at..].starts_with(ours))
        .collect();
    assert!(
        !found.is_empty(),
        "the contract's version is in the component"
    );
    for at in found {
        bytes[at..at + ours.len()].copy_from_slice(theirs);
    }
    fs::write(folder.join("later.wasm"), bytes).expect("a file can be written");
    assert_command!(postlogin("run later.wasm").within(folder), @"
    exit code: 101
    ----- stderr -----
    compiling later.wasm for this machine, once; this takes seconds, up to a minute on a slow or busy machine
    error: later.wasm: this component was built for postlogin:actions@9.1.0, and this postlogin runs postlogin:actions@0.3.1
    hint: build it again against postlogin:actions@0.3.1, or with `postlogin build`
    ");
    assert_command!(postlogin("build later.wasm -o copy.wasm").within(folder), @"
    exit code: 101
    ----- stderr -----
    compiling later.wasm for this machine, once; this takes seconds, up to a minute on a slow or busy machine
    error: later.wasm: this component was built for postlogin:actions@9.1.0, and this postlogin runs postlogin:actions@0.3.1
    hint: build it again against postlogin:actions@0.3.1, or with `postlogin build`
    ");
    assert!(!folder.join("copy.wasm").exists());
}

#[test]
fn a_component_that_cannot_be_written_is_told() {
    let folder = folder(&[("quiet.js", crate::support::QUIET)]);
    assert_command!(postlogin("build quiet.js -o no/such/folder/quiet.wasm").within(folder.path()), @"
    exit code: 110
    ----- stderr -----
    error: cannot write no/such/folder/quiet.wasm: No such file or directory (os error 2)
    hint: make the folder first
    ");
    assert_command!(postlogin("build nope.js").within(folder.path()), @"
    exit code: 2
    ----- stderr -----
    error: no such file: `nope.js`
    hint: give a .js, .ts or .wasm file, a folder of an Action, the name of an Action of the project, or a Cargo package
    ");
}
