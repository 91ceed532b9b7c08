use std::env;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::thread;

use super::*;
use crate::testing;

/// A folder of its own for one test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("postlogin-token-{}-{name}", process::id()));
        fs::create_dir_all(&path).expect("a writable temporary folder");
        Self(path)
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn never_made() -> Result<KeyPair, KeyError> {
    panic!("a key was made although one exists")
}

#[test]
fn the_key_is_made_once_and_private() {
    let folder = Folder::new("once");
    let path = folder.0.join("nested/state/signing-key.pem");
    let made = load_or_create_with(&path, &Marks::accept_all(), || Ok(testing::key_pair()))
        .expect("a key");
    let read = load_or_create_with(&path, &Marks::accept_all(), never_made).expect("a key");
    assert_eq!(made.kid(), read.kid());
    assert_eq!(
        fs::read_dir(path.parent().expect("a folder"))
            .expect("a folder")
            .count(),
        1
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_broken_file_is_an_error_and_stays() {
    let folder = Folder::new("broken");
    let path = folder.0.join("signing-key.pem");
    for content in [
        &b""[..],
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n",
        b"\xff\xfe\x00",
    ] {
        fs::write(&path, content).expect("written");
        let error =
            load_or_create_with(&path, &Marks::accept_all(), never_made).expect_err("a broken key");
        assert!(matches!(error, StoreError::Broken(..)), "{error}");
        assert!(
            error.to_string().contains("signing-key.pem` is broken: "),
            "{error}"
        );
        assert!(error.hint().expect("a hint").contains("delete `"));
        assert_eq!(fs::read(&path).expect("still there"), content);
    }
}

#[test]
fn what_is_in_the_way_is_named() {
    let folder = Folder::new("in-the-way");
    let error =
        load_or_create_with(&folder.0, &Marks::accept_all(), never_made).expect_err("a folder");
    assert!(matches!(error, StoreError::Read(..)), "{error}");

    let file = folder.0.join("file");
    fs::write(&file, "").expect("written");
    let error = load_or_create_with(&file.join("key.pem"), &Marks::accept_all(), || {
        Ok(testing::key_pair())
    })
    .expect_err("no folder");
    assert!(
        matches!(error, StoreError::Read(..) | StoreError::Write(..)),
        "{error}"
    );
    assert!(error.hint().is_some());
}

#[test]
fn threads_that_start_at_once_end_with_one_key() {
    let keys: Vec<KeyPair> = (0..3u8)
        .map(|seed| KeyPair::generate(Randomness::Seed(&[seed])).expect("a key"))
        .collect();
    for round in 0..20 {
        let folder = Folder::new(&format!("threads-{round}"));
        let path = folder.0.join("key.pem");
        let barrier = Barrier::new(keys.len());
        let kids: Vec<String> = thread::scope(|scope| {
            let threads: Vec<_> = keys
                .iter()
                .map(|key| {
                    scope.spawn(|| {
                        barrier.wait();
                        let key =
                            load_or_create_with(&path, &Marks::accept_all(), || Ok(key.clone()))
                                .expect("a key");
                        key.kid().to_owned()
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"))
                .collect()
        });
        assert!(kids.iter().all(|kid| *kid == kids[0]), "{kids:?}");
        assert_eq!(folder.files(), ["key.pem"]);
    }
}

const CHILD_PATH: &str = "POSTLOGIN_TOKEN_TEST_KEY";

/// The work of each process of the next test; on its own it has nothing to do.
#[test]
fn child_process() {
    if let Some(path) = env::var_os(CHILD_PATH) {
        let key = load_or_create(Path::new(&path), &Marks::accept_all()).expect("a key");
        fs::write(
            Path::new(&path).with_extension(process::id().to_string()),
            key.kid(),
        )
        .expect("written");
    }
}

#[test]
fn processes_that_start_at_once_end_with_one_key() {
    let folder = Folder::new("processes");
    let path = folder.0.join("key.pem");
    let start = || {
        Command::new(env::current_exe().expect("the test's own path"))
            .args(["--exact", "store::tests::child_process"])
            .env(CHILD_PATH, &path)
            .stdout(Stdio::null())
            .spawn()
            .expect("started")
    };
    let children = [start(), start(), start()];
    let kids: Vec<String> = children
        .map(|mut child| {
            assert!(child.wait().expect("ended").success());
            fs::read_to_string(path.with_extension(child.id().to_string()))
                .expect("written by the child")
        })
        .into();
    let stored = load_or_create_with(&path, &Marks::accept_all(), never_made).expect("a key");
    assert!(kids.iter().all(|kid| kid == stored.kid()), "{kids:?}");
    assert_eq!(
        folder.files().len(),
        1 + kids.len(),
        "no temporary file is left: {:?}",
        folder.files()
    );
}

#[test]
fn a_key_file_of_any_size_is_read_in_little_memory() {
    let folder = Folder::new("large");
    let path = folder.0.join("signing-key.pem");
    // Sparse: it takes no room on the disk.
    let file = fs::File::create(&path).expect("a file");
    file.set_len(8 << 30).expect("a sparse file");
    let error = load_or_create_with(&path, &Marks::accept_all(), never_made).expect_err("no key");
    assert_eq!(
        error.to_string(),
        format!(
            "the signing key `{}` is broken: not an RSA private key: the file is larger than 65536 bytes",
            path.display()
        )
    );
}

#[test]
fn a_key_without_the_users_mark_is_refused_and_kept() {
    let folder = Folder::new("foreign");
    let path = folder.0.join("signing-key.pem");
    let [mine, other] = ["a", "b"].map(|secret| Marks::new(Some(&secret.repeat(32)), false));
    let made = load_or_create_with(&path, &other, || Ok(testing::key_pair())).expect("a key");
    let text = fs::read_to_string(&path).expect("a file");
    assert!(text.starts_with("postlogin-mark: "), "{text}");
    assert!(load_or_create_with(&path, &other, never_made).is_ok());
    for marks in [&mine, &Marks::new(None, false)] {
        let error = load_or_create_with(&path, marks, never_made).expect_err("of another user");
        assert!(matches!(error, StoreError::Foreign(_)), "{error}");
        assert!(error.hint().expect("a hint").contains(crate::TRUST_STATE));
        assert_eq!(fs::read_to_string(&path).expect("a file"), text);
    }
    // Who has no secret accepts it as it is; who has one marks it.
    load_or_create_with(&path, &Marks::accept_all(), never_made).expect("a key");
    assert_eq!(fs::read_to_string(&path).expect("a file"), text);
    let accepts = Marks::new(Some(&"a".repeat(32)), true);
    let accepted = load_or_create_with(&path, &accepts, never_made).expect("a key");
    assert_eq!(accepted.kid(), made.kid());
    assert!(load_or_create_with(&path, &mine, never_made).is_ok());
    assert!(load_or_create_with(&path, &other, never_made).is_err());
    assert_eq!(folder.files(), ["signing-key.pem"]);
}
