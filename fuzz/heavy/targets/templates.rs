//! Any text as an e-mail template, for a user whose profile is text of the same kind: rendering ends, with a text or with an
//! error of the template, and never with one of the renderer.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use postlogin_engine::{Allocation, Engine};
use postlogin_js::{JavaScript, liquid::Liquid};
use serde_json::json;

static LIQUID: LazyLock<Liquid> = LazyLock::new(|| {
    let engine = Engine::new(Allocation::OnDemand, None).expect("this machine runs sandboxes");
    let javascript = JavaScript::new(&engine, |_| {}).expect("the engine is sound");
    javascript.liquid()
});

fuzz_target!(|text: &str| {
    // A profile is as foreign as the template.
    let (template, value) = text.split_once('\0').unwrap_or((text, text));
    let variables = json!({
        "user": {"name": value, "email_verified": false, "user_metadata": {"n": value, "list": [1, value, null]}},
        "application": {"name": "Shop"},
        "url": "https://example.com/?ticket=1",
    });
    match LIQUID.render(&[template], &variables, 1_790_000_000_000) {
        Ok(texts) => assert_eq!(texts.len(), 1),
        Err(error) => {
            assert!(!error.is_internal, "{error}");
            assert!(!error.message.is_empty());
        }
    }
});
