//! Any text as a file of users.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postlogin_tenant::read_users;

fuzz_target!(|text: &str| {
    if let Err(error) = read_users(text) {
        assert!(error.number >= 1 && !error.message.is_empty());
    }
});
