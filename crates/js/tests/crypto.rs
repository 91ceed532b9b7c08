//! `node:crypto` and WebCrypto against what Node answers: known answers, and what Node signed and encrypted.

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    time::Duration,
};

use common::{Case, action, printed, run};
use postlogin_host::Budget;
use serde_json::Value;

/// The first line has what all rows share. Each other line: a name, the body of an async function, and the JSON of what it returned in Node 22, or of what it threw. Made by
/// `data/record-crypto.mjs`.
const DATA: &str = include_str!("data/crypto.jsonl");

/// Rows in one handler.
const ROWS: usize = 60;

#[test]
fn answers_as_node_does() {
    let mut rows = DATA
        .lines()
        .map(|line| serde_json::from_str(line).expect("a row is JSON"));
    let first: Value = rows.next().expect("there is a first line");
    let prelude = first["prelude"].as_str().expect("it has the prelude");
    let rows: Vec<Value> = rows.collect();
    let names: BTreeSet<_> = rows.iter().map(|row| row["name"].as_str()).collect();
    assert_eq!(names.len(), rows.len(), "two rows have one name");
    assert!(rows.len() > 1000, "only {} rows", rows.len());
    let mut differences = Vec::new();
    for rows in rows.chunks(ROWS) {
        let got = answers(prelude, rows);
        for row in rows {
            let name = row["name"].as_str().expect("a row has a name");
            let want = row["gives"].as_str().expect("a row has an answer");
            let got = got.get(name).map_or("nothing", String::as_str);
            if got != want {
                differences.push(format!("{name}\n--- got\n{got}\n--- node\n{want}"));
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {} differ:\n{}",
        differences.len(),
        rows.len(),
        differences.join("\n")
    );
}

/// Runs rows in one handler: name → answer.
fn answers(prelude: &str, rows: &[Value]) -> BTreeMap<String, String> {
    let mut source = format!("const crypto = require('crypto');\n{prelude}\nconst rows = [\n");
    for row in rows {
        let body = row["source"].as_str().expect("a row has a source");
        let _ = writeln!(source, "[{}, async () => {{ {body}\n}}],", row["name"]);
    }
    source.push_str(
        "];
exports.onExecutePostLogin = async () => {
    for (const [name, body] of rows) {
        let gives;
        try {
            gives = JSON.stringify(await body()) ?? 'undefined';
        } catch (error) {
            gives = JSON.stringify({ error: [error.name, error.code ?? null, error.message] });
        }
        // A line of the log has an end.
        for (let at = 0; at === 0 || at < gives.length; at += 8000) console.log(JSON.stringify([name, gives.slice(at, at + 8000)]));
    }
};",
    );
    let case = Case {
        budget: Budget {
            time: Duration::from_secs(120),
            ..Budget::default()
        },
        ..Case::default()
    };
    let ended = run(&action(&source), &case);
    assert!(ended.fault.is_none(), "{:?}", ended.fault);
    let mut answers = BTreeMap::new();
    for line in ended.logs().lines() {
        let (name, part): (String, String) = serde_json::from_str(line).expect("a pair");
        answers
            .entry(name)
            .or_insert_with(String::new)
            .push_str(&part);
    }
    answers
}

/// A signature of the handler, so of the case's randomness: another seed gives another one, and the same seed the same.
#[test]
fn random_signatures_follow_the_seed() {
    let action = action(
        "const crypto = require('crypto');
exports.onExecutePostLogin = async () => {
    const { privateKey, publicKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const signature = crypto.sign('sha256', Buffer.from('message'), privateKey);
    console.log(publicKey.export({ format: 'jwk' }).x, signature.toString('hex'), crypto.randomBytes(8).toString('hex'));
};",
    );
    let logs = |seed| {
        let ended = run(
            &action,
            &Case {
                seed,
                ..Case::default()
            },
        );
        assert!(ended.fault.is_none(), "{:?}", ended.fault);
        ended.logs()
    };
    let (first, again, other) = (logs(1), logs(1), logs(2));
    assert_eq!(first, again);
    for (a, b) in first.split_whitespace().zip(other.split_whitespace()) {
        assert_ne!(a, b, "drawn before the login");
    }
}

/// A signature that was made here verifies over the message alone, not over its digest.
#[test]
fn ecdsa_hashes_once() {
    let text = printed(
        "const crypto = require('crypto');
exports.onExecutePostLogin = async () => {
    const { privateKey, publicKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const message = Buffer.from('message'), digest = crypto.createHash('sha256').update(message).digest();
    const signature = crypto.sign('sha256', message, privateKey);
    console.log(crypto.verify('sha256', message, publicKey, signature), crypto.verify('sha256', digest, publicKey, signature));
};",
    );
    assert_eq!(text, "true false\n");
}
