//! Any text as a document of each kind, as secrets, as durations and sizes, and through replaced keywords.
#![no_main]

use std::{path::PathBuf, sync::Arc};

use libfuzzer_sys::fuzz_target;
use postlogin_project::document::{node::Source, parse_placed, parse_toml};
use postlogin_project::{
    Format, KeywordMappings, leftover, parse_document, parse_dotenv, parse_duration, parse_secret,
    parse_size,
};
use serde_json::{Map, Value};

fuzz_target!(|text: &str| {
    let source = Arc::new(Source {
        path: PathBuf::from("fuzz.yaml"),
        shown: "fuzz.yaml".to_owned(),
    });
    for format in [Format::Json, Format::Yaml, Format::Unknown] {
        if let Ok(value) = parse_document(text, format, "fuzz") {
            // What was read can be written, and is then read as the same.
            let written = value.to_string();
            let again = parse_document(&written, Format::Json, "fuzz").expect("JSON");
            assert_eq!(again.to_string(), written);
        }
        let _ = parse_placed(text, format, &source);
    }
    let _ = parse_toml(text, &source);
    let _ = parse_dotenv(text, "fuzz");
    let _ = (parse_secret(text), parse_duration(text), parse_size(text));
    let mut mappings = Map::new();
    let (key, value) = text.split_at(text.floor_char_boundary(text.len() / 4));
    mappings.insert(key.to_owned(), Value::from(value));
    if let Ok(replaced) = KeywordMappings::new(mappings).replace(text, "fuzz") {
        let _ = leftover(&replaced);
    }
});
