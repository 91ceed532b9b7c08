//! Any text as the `tenant.yaml` of a project in a folder of its own.
#![no_main]

use std::{env, fs, path::PathBuf, process, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use postlogin_project::Project;

/// A `.git` ends the search upwards.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = env::temp_dir().join(format!("postlogin-fuzz-{}", process::id()));
    fs::create_dir_all(folder.join(".git")).expect("a folder for temporary files");
    folder
});

fuzz_target!(|bytes: &[u8]| {
    fs::write(FOLDER.join("tenant.yaml"), bytes).expect("a temporary file");
    match Project::discover(&FOLDER) {
        Ok(Some(project)) => {
            for name in project.action_names() {
                let _ = project.action(name);
            }
            let _ = project.bind("post-login");
        }
        Ok(None) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
