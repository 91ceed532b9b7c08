//! A host that watches learns what an Action reads, and the Action cannot notice.

mod common;

use common::{Case, action, run};
use postlogin_core::{
    ceilings::READS_BETWEEN_CALLS,
    outcome::LedgerEntry,
    reads::{EventRead, Watch},
};

fn watched(source: &str, watch: Watch) -> common::Ended {
    let case = Case {
        watch,
        ..Case::default()
    };
    run(&action(source), &case)
}

fn handler(statements: &str) -> String {
    format!("exports.onExecutePostLogin = async (event, api) => {{\n{statements}\n}};")
}

/// Statements do the same whether somebody watches or not.
#[track_caller]
fn check_same(statements: &str) {
    let source = handler(statements);
    let (plain, seen) = (
        watched(&source, Watch::Off),
        watched(&source, Watch::Places),
    );
    assert_eq!(seen.fault, plain.fault, "{statements}");
    assert_eq!(seen.logs(), plain.logs(), "{statements}");
    assert_eq!(
        seen.outcome.commands, plain.outcome.commands,
        "{statements}"
    );
    // Without reads, the ledger knows no sources.
    let ledger = |ended: &common::Ended| -> Vec<LedgerEntry> {
        let entries = ended.outcome.ledger.iter().cloned();
        let bare = entries.map(|entry| LedgerEntry {
            sources: Vec::new(),
            ..entry
        });
        bare.collect()
    };
    assert_eq!(ledger(&seen), ledger(&plain), "{statements}");
    assert!(
        plain.fault.is_some() || !plain.logs().is_empty() || !plain.outcome.commands.is_empty(),
        "{statements}"
    );
    assert_eq!(plain.reads, []);
}

#[test]
fn an_action_cannot_tell_that_it_is_watched() {
    for statements in [
        "console.log(JSON.stringify(event))",
        "console.log(event.user, event.client, [event.session])",
        "console.log('%o %s %j', event.user.identities, event.user, event.stats)",
        "console.log(JSON.stringify({ ...event.user, wrapped: { user: event.user } }))",
        "console.log(Object.keys(event), Object.entries(event.connection), Object.getOwnPropertyNames(event.request))",
        "const names = []; for (const name in event.user) names.push(name); console.log(names)",
        "console.log(structuredClone(event.user), structuredClone(event) !== event)",
        "console.log(structuredClone({ user: event.user, list: [event.stats] }))",
        "console.log(event.user === event.user, event.user.identities[0] === event.user.identities[0])",
        "console.log(Array.isArray(event.user.identities), event.user.identities instanceof Array, typeof event.user)",
        "console.log(Object.prototype.toString.call(event.user.identities), Object.prototype.toString.call(event))",
        "console.log('email' in event.user, 'nothing' in event.user, Object.hasOwn(event.user, 'email'), event.user.hasOwnProperty('x'))",
        "const { user: { email, ...rest }, ...others } = event; console.log(email, Object.keys(rest), Object.keys(others))",
        "console.log(event.authentication.methods.map((method) => method.name).sort().join(), event.transaction.acr_values.length)",
        "console.log([...event.authentication.methods].length, event.authentication.methods.concat([1]).length, event.authentication.methods.flat().length)",
        "const methods = event.authentication.methods; methods.push({ name: 'x' }); methods.sort(); methods.reverse(); console.log(JSON.stringify(event.authentication))",
        "event.user.hobby = { name: 'x' }; event.user.hobby.name = 'y'; console.log(event.user.hobby, JSON.stringify(event.user.hobby))",
        "const own = new Map([[event.user, 1]]); event.cache = own; console.log(own.get(event.user), event.cache.size, event.cache === own)",
        "event.copy = event.user; console.log(event.copy === event.user, event.copy.email)",
        "delete event.user.email; console.log('email' in event.user, event.user.email)",
        "Object.defineProperty(event.user, 'x', { get() { return this.email; }, configurable: true }); console.log(event.user.x)",
        "Object.freeze(event.user.identities); Object.freeze(event.user); console.log(event.user.identities[0].provider, Object.isFrozen(event.user))",
        "console.log(event.user.address.city)",
        "event.user.none()",
        "event.user.email()",
        "null.x",
        "api.idToken.setCustomClaim('https://x/user', event.user); api.accessToken.setCustomClaim('https://x/list', [event.stats, { s: event.stats }])",
        "api.user.setAppMetadata('copy', event.user.identities); api.redirect.sendUserTo('https://x.example', { query: event.request.query })",
        "api.transaction.setMetadata('a', 'b'); console.log(event.transaction.metadata, event.transaction.metadata.a, event.transaction.metadata === event.transaction.metadata)",
        "api.session.setMetadata('a', 'b'); console.log(event.session.metadata.a, event.session.metadata)",
        "api.session.setCookieMode('non-persistent'); console.log(event.session.cookie.mode)",
        "console.log(require('node:util').isDeepStrictEqual(event.user, JSON.parse(JSON.stringify(event.user))))",
        "console.log(require('node:util').inspect(event.stats), `${event.stats}`, event.stats + '')",
        "const clone = (value) => value && typeof value === 'object' ? (Array.isArray(value) ? value.map(clone) : Object.fromEntries(Object.entries(value).map(([k, v]) => [k, clone(v)]))) : value; console.log(JSON.stringify(clone(event)))",
        "const circle = { user: event.user }; circle.self = circle; JSON.stringify(circle)",
        "console.log(await event.user === event.user, await Promise.all(event.authentication.methods).then((all) => all.length))",
        "console.log(Object.getPrototypeOf(event.user) === Object.prototype, event.user.constructor === Object, event.user.toString())",
        "console.log(Reflect.ownKeys(event.stats), Object.getOwnPropertyDescriptors(event.stats), Object.isExtensible(event))",
        "let depth = 0; const walk = (value) => { depth++; for (const key in value) if (typeof value[key] === 'object') walk(value[key]); }; walk(event); console.log(depth)",
    ] {
        check_same(statements);
    }
}

/// The reads of statements, as `line:column path`, `?` in front of what is not there.
#[track_caller]
fn check(statements: &str, expected: &[&str]) {
    let ended = watched(&handler(statements), Watch::Places);
    let shown = |read: &EventRead| {
        let place = read.location.as_ref().map_or_else(
            || "?".to_owned(),
            |place| format!("{}:{}", place.line, place.column),
        );
        format!(
            "{place} {}{}",
            if read.present { "" } else { "?" },
            read.path
        )
    };
    let shown: Vec<String> = ended.reads.iter().map(shown).collect();
    assert_eq!(shown, expected, "{statements}\n{:?}", ended.fault);
}

#[test]
fn reads_have_their_path_and_place() {
    check("", &[]);
    check(
        "const email = event.user.email;",
        &["2:21 event.user", "2:26 event.user.email"],
    );
    check(
        "const { user_metadata } = event.user;\nif (user_metadata.hobby) {}",
        &[
            "2:33 event.user",
            "2:9 event.user.user_metadata",
            "3:19 ?event.user.user_metadata.hobby",
        ],
    );
    check(
        "const roles = event.authorization?.roles ?? [];\nroles.includes('x');",
        &["2:21 event.authorization", "2:34 event.authorization.roles"],
    );
    check(
        "for (const method of event.authentication.methods) method.name;",
        &[
            "2:28 event.authentication",
            "2:43 event.authentication.methods",
            "2:59 event.authentication.methods[0]",
            "2:59 event.authentication.methods[0].name",
            "2:59 event.authentication.methods[1]",
            "2:59 event.authentication.methods[1].name",
        ],
    );
    // Objects that the Action puts there are its own.
    check("event.own = { x: 1 }; event.own.x;", &["2:29 event.own"]);
    // The same read at the same place is told once until something happens.
    check(
        "const stats = event.stats;\nfor (let i = 0; i < 3; i++) stats.logins_count;\napi.idToken.setCustomClaim('x', 1);",
        &["2:21 event.stats", "3:35 event.stats.logins_count"],
    );
    // What is printed or written as JSON is one read of the whole.
    check(
        "console.log(event.stats); JSON.stringify(event.stats);",
        &["2:19 event.stats", "2:48 event.stats"],
    );
}

#[test]
fn reads_stand_between_calls() {
    let ended = watched(
        &handler(
            "const { user } = event;\napi.idToken.setCustomClaim('https://x/a', user.email);\nuser.name;\nthrow new Error('x');",
        ),
        Watch::Places,
    );
    let told: Vec<_> = ended
        .reads
        .iter()
        .map(|read| (read.path.as_str(), read.calls_before))
        .collect();
    assert_eq!(
        told,
        [
            ("event.user", 0),
            ("event.user.email", 0),
            ("event.user.name", 1)
        ]
    );
}

/// The sources in the ledger of a handler whose only claim is what the last statement sets, when paths alone are wanted.
#[track_caller]
fn check_sources(statements: &str, expected: &[&str]) {
    let case = Case {
        watch: Watch::Paths,
        event: serde_json::json!({
            "user": {"email": "a@example.com", "nickname": "surfing", "user_metadata": {"hobby": "surfing"}},
            "authorization": {"roles": ["editor"]},
            "transaction": {},
        }),
        ..Case::default()
    };
    let ended = run(&action(&handler(statements)), &case);
    assert_eq!(ended.fault, None, "{statements}");
    assert!(ended.reads.iter().all(|read| read.location.is_none()));
    let entry = ended.outcome.ledger.last().expect("a claim was set");
    assert_eq!(entry.sources, expected, "{statements}");
}

#[test]
fn the_ledger_names_only_paths_that_were_read() {
    // `nickname` has the same value as the metadata, and nobody reads it.
    let set = |value: &str| {
        format!(
            "if (!event.user.user_metadata.hobby) throw 1;\napi.idToken.setCustomClaim('https://x/a', {value});"
        )
    };
    for (statements, expected) in [
        (set("event.user.user_metadata.hobby"), &["event.user.user_metadata.hobby"][..]),
        (set("'surfing'.slice()"), &["event.user.user_metadata.hobby"]),
        (
            "const { roles = [] } = event.authorization ?? {};\napi.idToken.setCustomClaim('https://x/a', roles);".to_owned(),
            &["event.authorization.roles"],
        ),
        // What is computed has no source, and neither has what nobody read.
        ("api.idToken.setCustomClaim('https://x/a', event.user.email.toUpperCase());".to_owned(), &[]),
        ("api.idToken.setCustomClaim('https://x/a', 'surfing');".to_owned(), &[]),
        // A read after the call is no source of it.
        ("api.idToken.setCustomClaim('https://x/a', 'surfing'); event.user.user_metadata.hobby;".to_owned(), &[]),
        // What an Action has put there is its own.
        ("event.own = { x: 'surfing' };\napi.idToken.setCustomClaim('https://x/a', event.own.x);".to_owned(), &[]),
    ] {
        check_sources(&statements, expected);
    }
}

/// The engine reports so many reads between two calls; when there may be more, a notice says so.
#[test]
fn very_many_reads_between_two_calls_are_marked() {
    let told = |reads: usize| {
        let statements = format!(
            "for (let i = 0; i < {reads}; i++) event.user['k' + i];\n\
             api.idToken.setCustomClaim('https://x.example/a', 1);"
        );
        let ended = watched(&handler(&statements), Watch::Paths);
        assert_eq!(ended.fault, None);
        let notices = ended.outcome.notices.iter();
        let mut notices = notices.filter(|notice| notice.code == "reads-not-kept");
        let told = notices.any(|notice| notice.message.contains("the first 2000 there"));
        (ended.reads.len(), told)
    };
    // `event.user` is a read as well.
    assert_eq!(
        told(READS_BETWEEN_CALLS - 2),
        (READS_BETWEEN_CALLS - 1, false)
    );
    assert_eq!(told(READS_BETWEEN_CALLS + 50), (READS_BETWEEN_CALLS, true));
}
