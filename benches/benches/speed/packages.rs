//! Processes of an Action with two large packages, those of the tests.

use std::{fs, path::Path, process::Command};

use anyhow::Context;
use postlogin_benches::computing_of;

use crate::{
    numbers::{computing, line, median, run},
    silence,
};

/// Measures the cost of two large packages, in each way of having them. They are those of the tests.
pub(crate) fn measure(postlogin: &Path, scratch: &Path, rounds: usize) -> anyhow::Result<()> {
    let folder = Path::new("tests/npm");
    if !folder.join("node_modules").is_dir() {
        println!("packages: not installed, see `npm ci --ignore-scripts` in tests/npm\n");
        return Ok(());
    }
    println!("whole processes of an Action that requires axios and auth0, milliseconds");
    let action = folder.join("bench-packages.js");
    fs::write(&action, PACKAGES)?;
    let measured = (|| {
        let cache = scratch.join("packages");
        let command = || {
            let mut command = Command::new(postlogin);
            command
                .arg("run")
                .arg(&action)
                .env("POSTLOGIN_CACHE_DIR", &cache);
            command
        };
        let mut compiling = Vec::new();
        for _ in 0..3 {
            empty(&cache)?;
            compiling.push(run(&mut command())?);
        }
        let (mut node, mut loading, mut stored) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let requires = ["-e", "require('axios'); require('auth0')"];
            node.push(run(Command::new("node")
                .args(requires)
                .current_dir(folder))?);
            forget_packages(&cache)?;
            loading.push(run(&mut command())?);
            stored.push(run(&mut command())?);
        }
        let base = median(&node);
        line("node requires them", &node, base, 1e3);
        line("nothing in the cache", &compiling, base, 1e3);
        line("loaded and stored", &loading, base, 1e3);
        line("found in the cache", &stored, base, 1e3);
        let program = postlogin.to_string_lossy();
        let script = action.to_string_lossy();
        let cache_of = [(
            "POSTLOGIN_CACHE_DIR",
            cache.to_str().context("a folder with another name")?,
        )];
        let mut times = vec![Vec::new(), Vec::new(), Vec::new()];
        let requires =
            "require('./tests/npm/node_modules/axios'); require('./tests/npm/node_modules/auth0')";
        for _ in 0..(rounds / 3).max(3) {
            times[0].push(computing_of("node", &["-e", requires], &[], 1)?);
            forget_packages(&cache)?;
            times[1].push(computing_of(&program, &["run", &script], &cache_of, 1)?);
            times[2].push(computing_of(&program, &["run", &script], &cache_of, 4)?);
        }
        let names = [
            "node requires them",
            "first run, goal 1.30",
            "second run, goal 0.15",
        ];
        computing(&names, &times);
        println!("  the longest silence of these processes, milliseconds; goal 500");
        let (mut loading, mut stored) = (Vec::new(), Vec::new());
        for _ in 0..(rounds / 3).max(3) {
            forget_packages(&cache)?;
            loading.push(silence::listened(&mut command())?);
            stored.push(silence::listened(&mut command())?);
        }
        silence::line("loaded and stored", &loading);
        silence::line("found in the cache", &stored);
        let mut sizes = Vec::new();
        for entry in fs::read_dir(&cache)? {
            let entry = entry?;
            sizes.push((entry.file_name(), entry.metadata()?.len() / 1_000));
        }
        sizes.sort();
        println!("  files in the cache, in kB: {sizes:?}\n");
        Ok(())
    })();
    fs::remove_file(&action)?;
    measured
}

const PACKAGES: &str = "const axios = require('axios');
const { ManagementClient } = require('auth0');
exports.onExecutePostLogin = async (event, api) => {
  const management = new ManagementClient({ domain: 'example.com', clientId: 'id', clientSecret: 'secret' });
  api.idToken.setCustomClaim('https://example.com/packages', [typeof axios.get, typeof management.users.get]);
};
";

/// Leaves the engine in the cache, and no packages.
fn forget_packages(cache: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(cache)? {
        let path = entry?.path();
        let kind = path.extension().unwrap_or_default();
        if kind == "json" || kind == "delta" || kind == "seen" {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Removes a folder, if it is there.
fn empty(folder: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
