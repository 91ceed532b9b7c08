//! `cargo xtask dist`: what a release consists of. Archives with the program, its licences, manual pages and completions, a list of
//! its parts (SBOM), and the checksums of all files.
//!
//! Programs are cross-compiled by cargo-zigbuild, which brings a C compiler and the system's headers for every target. Linux programs are
//! static: one for each processor, whatever C library the system has.

mod elf;
mod sbom;
mod target;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest as _, Sha256};

pub(crate) use self::target::triples;
use self::target::{Target, targets};

/// The largest archive, in bytes. ICU for `Intl`, 7 MB that nothing makes smaller, is in it.
const LARGEST: u64 = 25_000_000;
/// The same of an archive for Windows, whose own programs read no better compression than Deflate.
const LARGEST_ZIP: u64 = 31_000_000;
/// The documents beside the program.
const DOCUMENTS: &[&str] = &[
    "README.md",
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "THIRD_PARTY_NOTICES.md",
];
/// The packages that are made besides archives.
const FLAGS: &[&str] = &["--npm", "--wheels"];
const SHELLS: &[&str] = &["bash", "elvish", "fish", "powershell", "zsh"];

/// Builds and packs for the targets that are named; without any, for the two of Linux.
pub(crate) fn dist(arguments: &[&str]) -> Result<()> {
    let root = root()?;
    let (flags, named): (Vec<&str>, Vec<&str>) = arguments
        .iter()
        .partition(|argument| argument.starts_with("--"));
    if let Some(unknown) = flags.iter().find(|flag| !FLAGS.contains(flag)) {
        bail!("unknown option {unknown}; there are {}", FLAGS.join(", "));
    }
    let targets = targets(&named)?;
    let sdk = env::var("SDKROOT").ok();
    for target in &targets {
        linkable(target, sdk.as_deref())?;
    }
    let out = target_folder(&root).join("dist-out");
    // What an earlier run made is not this release's.
    match fs::remove_dir_all(&out) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot empty {}", out.display()));
        }
        _ => fs::create_dir_all(&out)?,
    }
    let mut programs = Vec::new();
    for target in &targets {
        programs.push(build(&root, target)?);
    }
    let extras = extras(&root, &programs)?;
    for (target, program) in targets.iter().zip(&programs) {
        let archive = archive(&root, &out, target, program, &extras)?;
        let size = fs::metadata(&archive)?.len();
        println!("{}  {:.1} MB", archive.display(), size as f64 / 1e6);
        let most = match target.is_windows() {
            true => LARGEST_ZIP,
            false => LARGEST,
        };
        ensure!(
            size <= most,
            "{} has more than {most} bytes",
            archive.display()
        );
    }
    if flags.contains(&"--npm") {
        npm(&root, &out, &targets, &programs)?;
    }
    if flags.contains(&"--wheels") {
        for (target, program) in targets.iter().zip(&programs) {
            let mut wheel = Command::new("python3");
            wheel.current_dir(&root).arg("packages/python/wheel.py");
            run(wheel
                .arg(program)
                .arg(target.triple)
                .arg(out.join("wheels")))?;
        }
    }
    sums(&out)
}

/// Returns the repository: that of the package which `cargo run` starts, or was this program built in.
pub(crate) fn root() -> Result<PathBuf> {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let package = package.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = package.join("..").canonicalize();
    root.with_context(|| format!("{} is not there any more", package.display()))
}

/// Returns where Cargo puts what it builds.
fn target_folder(root: &Path) -> PathBuf {
    let given = env::var_os("CARGO_TARGET_DIR").filter(|given| !given.is_empty());
    root.join(given.map_or_else(|| "target".into(), PathBuf::from))
}

/// Fails for a target that this machine can compile for and not link, before minutes are spent on it.
fn linkable(target: &Target, sdk: Option<&str>) -> Result<()> {
    let links = !target.triple.contains("apple")
        || cfg!(target_os = "macos")
        || sdk.is_some_and(|folder| !folder.is_empty());
    ensure!(
        links,
        "{} is linked with frameworks of macOS (CoreFoundation, Security), which zig does not bring: build on macOS, or set SDKROOT to Apple's SDK",
        target.triple
    );
    Ok(())
}

/// Compiles the program for a target; returns its path.
fn build(root: &Path, target: &Target) -> Result<PathBuf> {
    let commit = output(
        Command::new("git")
            .current_dir(root)
            .args(["rev-parse", "HEAD"]),
    )
    .unwrap_or_default();
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root).args([
        "zigbuild",
        "--profile",
        "dist",
        "--locked",
        "-p",
        "postlogin",
        "--bin",
        "postlogin",
        "--target",
        target.triple,
    ]);
    if !commit.trim().is_empty() {
        cargo.env("POSTLOGIN_COMMIT", commit.trim());
    }
    run(&mut cargo).with_context(|| {
        format!(
            "cannot build for {}; `pip install cargo-zigbuild ziglang` and `rustup target add {}` come first",
            target.triple, target.triple
        )
    })?;
    let program = target_folder(root)
        .join(target.triple)
        .join("dist")
        .join(target.program());
    if target.triple.contains("linux") {
        let bytes = fs::read(&program)?;
        ensure!(
            elf::is_static(&bytes)?,
            "{} needs a loader: it is not static",
            program.display()
        );
    }
    Ok(program)
}

/// Manual pages and completions, which are the same for all targets: made by the first program that runs on this machine.
fn extras(root: &Path, programs: &[PathBuf]) -> Result<PathBuf> {
    let own = target_folder(root).join("release/postlogin");
    let candidates = programs.iter().chain([&own]);
    let runs = |program: &&PathBuf| output(Command::new(program).arg("--version")).is_ok();
    let mut candidates = candidates.filter(|program| program.is_file());
    let program = candidates
        .find(runs)
        .context("none of the programs runs on this machine, so there are no manual pages; `cargo build --release -p postlogin` first")?;
    let folder = target_folder(root).join("dist-extras");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(folder.join("completions"))?;
    run(Command::new(program).arg("man").arg(folder.join("man")))?;
    for shell in SHELLS {
        let script = output(Command::new(program).args(["completions", shell]))?;
        fs::write(
            folder.join("completions").join(completion_file(shell)),
            script,
        )?;
    }
    Ok(folder)
}

/// The name by which a shell finds the completions of a command.
fn completion_file(shell: &str) -> String {
    match shell {
        "bash" => "postlogin.bash".into(),
        "fish" => "postlogin.fish".into(),
        "zsh" => "_postlogin".into(),
        "powershell" => "_postlogin.ps1".into(),
        other => format!("postlogin.{}", other.get(..3).unwrap_or(other)),
    }
}

/// Packs a program with what belongs to it.
fn archive(
    root: &Path,
    out: &Path,
    target: &Target,
    program: &Path,
    extras: &Path,
) -> Result<PathBuf> {
    let version = env!("CARGO_PKG_VERSION");
    let name = format!("postlogin-{version}-{}", target.triple);
    let staging = target_folder(root).join("dist-staging");
    let folder = staging.join(&name);
    if staging.exists() {
        fs::remove_dir_all(&staging)?;
    }
    fs::create_dir_all(&folder)?;
    for document in DOCUMENTS {
        fs::copy(root.join(document), folder.join(document))
            .with_context(|| (*document).to_owned())?;
    }
    fs::copy(program, folder.join(target.program()))?;
    for part in ["man", "completions"] {
        copy_folder(&extras.join(part), &folder.join(part))?;
    }
    let parts = sbom::of(root, target.triple)?;
    let sbom = serde_json::to_string_pretty(&parts)? + "\n";
    fs::write(folder.join("postlogin.cdx.json"), &sbom)?;
    fs::write(out.join(format!("{name}.cdx.json")), &sbom)?;
    let archive = out.join(format!(
        "{name}.{}",
        if target.is_windows() { "zip" } else { "tar.xz" }
    ));
    let mut pack = match target.is_windows() {
        true => {
            let mut zip = Command::new("python3");
            zip.args(["-m", "zipfile", "-c"]).arg(&archive).arg(&name);
            zip
        }
        false => {
            // The same files make the same archive, whoever packs them and when.
            let mut tar = Command::new("tar");
            tar.args([
                "--sort=name",
                "--owner=0",
                "--group=0",
                "--numeric-owner",
                "--mtime=@0",
                "--use-compress-program=xz -9 -T1",
                "-cf",
            ])
            .arg(&archive)
            .arg(&name);
            tar
        }
    };
    run(pack.current_dir(&staging))?;
    Ok(archive)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

fn npm(root: &Path, out: &Path, targets: &[&Target], programs: &[PathBuf]) -> Result<()> {
    let mut node = Command::new("node");
    node.current_dir(root)
        .arg("packages/npm/scripts/pack.mjs")
        .arg(out.join("npm"));
    for (target, program) in targets.iter().zip(programs) {
        node.arg(format!("{}={}", target.npm, program.display()));
    }
    run(&mut node)
}

/// Writes the checksums of all files, in the form that `sha256sum --check` reads.
fn sums(out: &Path) -> Result<()> {
    let mut lines = Vec::new();
    for folder in [out.to_owned(), out.join("npm"), out.join("wheels")] {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry?.path();
            if path.is_file() {
                let name = path.strip_prefix(out)?.display().to_string();
                lines.push(format!("{}  {name}\n", sha256(&fs::read(&path)?)));
            }
        }
    }
    lines.sort_by(|one, other| {
        one.split_once("  ")
            .map(|(_, name)| name)
            .cmp(&other.split_once("  ").map(|(_, name)| name))
    });
    fs::write(out.join("SHA256SUMS"), lines.concat())?;
    Ok(())
}

/// The hash in hexadecimal digits.
fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {:?}", command.get_program()))?;
    ensure!(
        status.success(),
        "{:?} ended with {status}",
        command.get_program()
    );
    Ok(())
}

/// Returns what a program prints.
///
/// # Errors
/// When it cannot be started or fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let done = command
        .output()
        .with_context(|| format!("cannot start {:?}", command.get_program()))?;
    ensure!(
        done.status.success(),
        "{:?} ended with {}",
        command.get_program(),
        done.status
    );
    Ok(String::from_utf8(done.stdout)?)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::{linkable, sha256, target::TARGETS};

    #[test]
    fn each_target_has_an_npm_package_and_each_package_a_target() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packages/npm/package.json");
        let text = fs::read_to_string(file).expect("the package is there");
        let manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let packages = manifest["optionalDependencies"]
            .as_object()
            .expect("an object");
        let packages: BTreeSet<String> = packages.keys().cloned().collect();
        let own = TARGETS
            .iter()
            .map(|target| format!("@postlogin/{}", target.npm));
        assert_eq!(packages, own.collect());
        assert!(
            manifest["scripts"].is_null(),
            "nothing runs when it is installed"
        );
        let versions = manifest["optionalDependencies"]
            .as_object()
            .expect("an object")
            .values();
        for version in versions.chain([&manifest["version"]]) {
            assert_eq!(version, env!("CARGO_PKG_VERSION"));
        }
    }

    #[test]
    fn what_users_copy_names_the_version() {
        let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packages");
        for file in ["action/action.yml", "gitlab/postlogin.yml"] {
            let text = fs::read_to_string(packages.join(file)).expect(file);
            let line = format!("default: {}", env!("CARGO_PKG_VERSION"));
            let found = text.lines().filter(|it| it.trim() == line).count();
            assert_eq!(found, 1, "{file}");
        }
    }

    #[test]
    #[cfg(not(target_os = "macos"))]
    fn programs_for_macos_need_its_sdk() {
        for target in TARGETS {
            let without = linkable(target, None).map_err(|error| error.to_string());
            match target.npm.starts_with("darwin") {
                true => {
                    let error = without.expect_err("there is no SDK");
                    assert!(error.contains("set SDKROOT"), "{error}");
                    assert!(linkable(target, Some("")).is_err());
                }
                false => without.expect("it is linked by zig alone"),
            }
            linkable(target, Some("/opt/MacOSX.sdk")).expect("there is an SDK");
        }
    }

    #[test]
    fn checksums_are_those_of_sha256sum() {
        // printf abc | sha256sum
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
