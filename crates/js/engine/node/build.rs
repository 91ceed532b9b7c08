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
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    let mut put = |id: &str, source: &str| {
        assert!(!source.contains('\0'), "{id} contains NUL");
        write!(packed, "{id}\0{source}\0").expect("memory takes all");
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
    let file = PathBuf::from(env::var_os("OUT_DIR").expect("set by Cargo")).join("library.deflate");
    fs::write(file, packed.finish().expect("memory takes all")).expect("the file can be written");
}
