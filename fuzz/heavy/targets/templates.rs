//! Any text as an e-mail template, for a user whose profile is text of the same kind: rendering ends, with a text or with an
//! error of the template, and never with one of the renderer.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use postlogin_engine::{Allocation, Engine};
use postlogin_js::{JavaScript, liquid::Liquid};
use serde_json::json;

static LIQUID: LazyLock<Liquid> = LazyLock::new(|| {
    // With counters, the compiler needs minutes; `.ci/run` keeps what it makes.
    let kept = std::env::var_os("POSTLOGIN_CACHE_DIR").map(Into::into);
    let engine = Engine::new(Allocation::OnDemand, kept).expect("this machine runs sandboxes");
    let javascript = JavaScript::new(&engine, |_| {}).expect("the engine is sound");
    javascript.liquid()
});

// The engine is started before the first run, whose time is limited.
fuzz_target!(init: { LazyLock::force(&LIQUID); }, |text: &str| {
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
