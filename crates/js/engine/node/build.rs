//! Packs the sources of Node's library that `modules.txt` names, with the shapes of its bindings.

use flate2::{Compression, write::DeflateEncoder};
use std::{collections::BTreeMap, env, fs, io::Write, path::PathBuf};

fn main() {
    let folder = env::var_os("POSTLOGIN_NODE_LIBRARY").map(PathBuf::from);
    let folder =
        folder.unwrap_or_else(|| PathBuf::from("../../../../target/javascript-engine/node"));
    println!("cargo:rerun-if-env-changed=POSTLOGIN_NODE_LIBRARY");
    let read = |name: &str| {
        let file = folder.join(name);
        println!("cargo:rerun-if-changed={}", file.display());
        fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("{}: {error}; see README.md", file.display()))
    };
    println!("cargo:rerun-if-changed=modules.txt");
    let library: BTreeMap<String, String> =
        serde_json::from_str(&read("library.json")).expect("a JSON object of texts");
    // As `src/library.rs` reads it.
    let mut packed = Vec::new();
    let mut put = |id: &str, source: &str| {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder
            .write_all(source.as_bytes())
            .expect("memory takes all");
        let source = encoder.finish().expect("memory takes all");
        let id_length = u16::try_from(id.len()).expect("ids are short");
        let length = u32::try_from(source.len()).expect("sources are short");
        packed.extend(id_length.to_le_bytes());
        packed.extend(id.as_bytes());
        packed.extend(length.to_le_bytes());
        packed.extend(source);
    };
    put("$shapes", &read("shapes.json"));
    let wanted = fs::read_to_string("modules.txt").expect("modules.txt is there");
    for id in wanted
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        put(
            id,
            library
                .get(id)
                .unwrap_or_else(|| panic!("Node's library has no module {id}")),
        );
    }
    // The runtime's own, see xtask/src/recipe/node.rs; native builds have none.
    println!("cargo:rerun-if-changed={}", folder.join("vm.js").display());
    if let Ok(source) = fs::read_to_string(folder.join("vm.js")) {
        put("vm", &source);
    }
    let file = PathBuf::from(env::var_os("OUT_DIR").expect("set by Cargo")).join("library.deflate");
    fs::write(file, packed).expect("the file can be written");
}
