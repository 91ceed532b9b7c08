//! Compiles OpenSSL's libcrypto, without what no Action can reach: TLS, sockets, files of settings, threads, plug-ins.
//! OPENSSL_LIB_DIR names the folder of a library that is there already.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What is left out. The legacy provider too: Node does not load it either.
const LEFT_OUT: &[&str] = &[
    "no-afalgeng",
    "no-apps",
    "no-asm",
    "no-async",
    "no-autoload-config",
    "no-cmp",
    "no-cms",
    "no-comp",
    "no-ct",
    "no-dgram",
    "no-docs",
    "no-dso",
    "no-dtls",
    "no-dynamic-engine",
    "no-engine",
    "no-filenames",
    "no-fips",
    "no-legacy",
    "no-ml-dsa",
    "no-ml-kem",
    "no-module",
    "no-quic",
    "no-secure-memory",
    "no-shared",
    "no-slh-dsa",
    "no-sock",
    "no-srp",
    "no-sslkeylog",
    "no-static-engine",
    "no-tests",
    "no-threads",
    "no-tls",
    "no-ts",
    "no-ui-console",
];

/// What WASI lacks.
const WASI: &[&str] = &[
    "-DNO_SYSLOG",
    "-DHAVE_FORK=0",
    // In quotes, because a makefile hands it to a shell.
    "-D'chmod(file,mode)=0'",
    "-D_WASI_EMULATED_SIGNAL",
    "-D_WASI_EMULATED_PROCESS_CLOCKS",
    "-D_WASI_EMULATED_GETPID",
    "-D_WASI_EMULATED_MMAN",
];

fn main() {
    for name in ["OPENSSL_LIB_DIR", "CC_wasm32_wasip2", "AR_wasm32_wasip2"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    let folder = env::var_os("OPENSSL_LIB_DIR").map_or_else(compile, PathBuf::from);
    println!("cargo::rustc-link-search=native={}", folder.display());
    println!("cargo::rustc-link-lib=static=crypto");
}

/// Returns the folder of the library.
fn compile() -> PathBuf {
    let source = openssl_src::source_dir();
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("set by Cargo")).join("openssl");
    fs::create_dir_all(&folder).expect("Cargo's folder can be written");
    let wasm = env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32");
    let mut configure = Command::new("perl");
    configure.arg(source.join("Configure")).arg(if wasm {
        "linux-generic32"
    } else {
        "linux-x86_64"
    });
    // No folder of this machine, and no date, belongs into the library.
    configure
        .args(["--prefix=/openssl", "--openssldir=/openssl", "--libdir=lib"])
        .args(LEFT_OUT);
    if wasm {
        let tool =
            |name: &str, otherwise: &str| env::var(name).unwrap_or_else(|_| otherwise.to_owned());
        let ar = tool("AR_wasm32_wasip2", "llvm-ar");
        configure
            .args(WASI)
            .env("CC", tool("CC_wasm32_wasip2", "clang"))
            .env("RANLIB", ar.replace("llvm-ar", "llvm-ranlib"))
            .env("AR", ar)
            .env("CFLAGS", format!("{} -O2", c_flags()));
    }
    run(configure, &folder);
    for goal in ["build_generated", "libcrypto.a"] {
        let mut make = Command::new("make");
        make.env("SOURCE_DATE_EPOCH", "0").arg(goal);
        // Cargo's job server, or as many jobs as it was asked for.
        match env::var_os("CARGO_MAKEFLAGS") {
            Some(flags) => make.env("MAKEFLAGS", flags),
            None => make.arg(format!(
                "-j{}",
                env::var("NUM_JOBS").unwrap_or_else(|_| "1".to_owned())
            )),
        };
        run(make, &folder);
    }
    folder
}

/// The target's own flags, but for those that name folders of this machine.
fn c_flags() -> String {
    let flags = env::var("CFLAGS_wasm32_wasip2").unwrap_or_default();
    let kept: Vec<_> = flags
        .split(' ')
        .filter(|flag| !flag.starts_with("-ffile-prefix-map"))
        .collect();
    kept.join(" ")
}

fn run(mut command: Command, folder: &Path) {
    let status = command.current_dir(folder).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "{command:?} failed"
    );
}
