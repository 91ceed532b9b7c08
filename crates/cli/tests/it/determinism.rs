//! The same case has the same outcome in any process.

use serde_json::Value;

use crate::support::{folder, postlogin};

/// Asks for everything that differs between two processes in production.
const CURIOUS: &str = "const crypto = require('crypto');
const atLoad = [Date.now(), Math.random(), globalThis.crypto.randomUUID()];
exports.onExecutePostLogin = async (event, api) => {
  const say = (name, value) => console.log(`${name} ${value}`);
  say('load', atLoad);
  say('random', Math.random());
  say('uuid', globalThis.crypto.randomUUID());
  say('bytes', crypto.randomBytes(8).toString('hex'));
  say('values', globalThis.crypto.getRandomValues(new Uint8Array(8)).join());
  say('time', new Date().toISOString());
  await new Promise((resolve) => setTimeout(resolve, 1500));
  say('later', new Date().toISOString());
  say('performance', performance.now() >= 0);
  api.idToken.setCustomClaim('https://example.com/id', globalThis.crypto.randomUUID());
};\n";

fn run(arguments: &str) -> Value {
    let folder = folder(&[("curious.js", CURIOUS)]);
    let mut outcome = postlogin(&format!("run curious.js curious.js {arguments}"))
        .within(folder.path())
        .outcome(0);
    assert_eq!(outcome["status"], "allowed", "{outcome}");
    outcome["usage"].take();
    outcome
}

/// Returns the messages that an Action logged under a name, once for each of the two runs of the Action.
fn logged(outcome: &Value, name: &str) -> Vec<String> {
    let logs = outcome["logs"].as_array().cloned().unwrap_or_default();
    let messages = logs.iter().filter_map(|log| log["message"].as_str());
    let found: Vec<_> = messages
        .filter_map(|message| message.strip_prefix(name)?.strip_prefix(' '))
        .map(str::to_owned)
        .collect();
    assert_eq!(found.len(), 2, "{name} in {outcome}");
    found
}

const RANDOM: &[&str] = &["load", "random", "uuid", "bytes", "values"];

#[test]
fn two_processes_agree_byte_for_byte() {
    let arguments = "--now 2026-11-22T10:00:00Z --seed 7";
    assert_eq!(run(arguments).to_string(), run(arguments).to_string());
    let without_seed = "--now 2026-11-22T10:00:00Z";
    assert_eq!(run(without_seed).to_string(), run(without_seed).to_string());
}

#[test]
fn another_seed_is_another_randomness_at_the_same_time() {
    let one = run("--now 2026-11-22T10:00:00Z --seed 1");
    let two = run("--now 2026-11-22T10:00:00Z --seed 2");
    for name in RANDOM {
        assert_ne!(logged(&one, name), logged(&two, name), "{name}");
    }
    for name in ["time", "later"] {
        assert_eq!(logged(&one, name), logged(&two, name), "{name}");
    }
}

#[test]
fn two_actions_of_a_login_do_not_share_their_randomness() {
    let outcome = run("--now 2026-11-22T10:00:00Z --seed 1");
    for name in RANDOM {
        let [first, second] = &logged(&outcome, name)[..] else {
            panic!("two runs")
        };
        assert_ne!(first, second, "{name}");
    }
}

#[test]
fn time_starts_where_it_is_told_and_moves_by_what_is_awaited() {
    let outcome = run("--now 2026-11-22T10:00:00Z --seed 1");
    assert_eq!(
        logged(&outcome, "time"),
        ["2026-11-22T10:00:00.000Z", "2026-11-22T10:00:01.500Z"]
    );
    assert_eq!(
        logged(&outcome, "later"),
        ["2026-11-22T10:00:01.500Z", "2026-11-22T10:00:03.000Z"]
    );
    assert_eq!(outcome["id_token"]["claims"]["iat"], 1_795_341_603);
}

#[test]
fn without_now_the_clock_is_the_real_one() {
    let seconds = || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.expect("it is after 1970").as_secs()
    };
    let before = seconds();
    let outcome = run("");
    let issued = outcome["id_token"]["claims"]["iat"].as_u64();
    // Two Actions wait 1.5 s each, which nobody waits for.
    assert!(
        issued.is_some_and(|issued| (before..=seconds() + 4).contains(&issued)),
        "{issued:?}"
    );
}
