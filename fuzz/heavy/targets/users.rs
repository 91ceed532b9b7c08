//! Any text as a file of users.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postlogin_tenant::read_users;

fuzz_target!(|text: &str| {
    if let Err(error) = read_users("users.json", text) {
        assert!(!error.place.is_empty() && !error.message.is_empty());
    }
});
