//! Every row of the conformance table against the api: class and text of errors, values, commands, the event.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::helpers::vendor_default;
use crate::event::merge_patch;
use crate::login::transaction::Transaction;
use crate::login::transaction::command::{
    Command, FactorRequest, Lifetime, MetadataKind, TargetScopes,
};
use crate::outcome::Delivery;
use crate::{
    Answer, Argument, EntryPoint, Failure, HandlerInfo, LoginInput, Reply, Returned, Returns,
    TenantSettings, Trigger,
};

const TABLE: &str = include_str!("../../../../../../fixtures/conformance/api-calls.jsonl");

/// The rows of all triggers but post-login, each with its `trigger`.
const OTHERS: &str =
    include_str!("../../../../../../fixtures/conformance/other-triggers/api-calls.jsonl");

/// The clock of the table.
const NOW_MS: i64 = 1_767_225_600_000;

#[test]
#[expect(clippy::print_stdout, reason = "the count is what the test tells")]
fn every_row_agrees() {
    let mut checked = 0;
    let (mut stubs, mut quirks) = (0, 0);
    let mut failures = Vec::new();
    for line in TABLE.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        // A stub's result says nothing about production; its commands do where the arguments are what counts.
        let is_stub = row.get("stub").is_some();
        let has_telling_commands = row["call"][0] == "redirect.encodeToken";
        if row.get("quirk").is_some() {
            quirks += 1;
            continue;
        }
        if is_stub && !has_telling_commands {
            stubs += 1;
            continue;
        }
        checked += 1;
        if let Err(difference) = check(&row, is_stub) {
            failures.push(format!("{}: {difference}\n  {line:.400}", row["id"]));
        }
    }
    let skipped = stubs + quirks;
    println!("{checked} rows checked, {skipped} skipped");
    assert!(
        failures.is_empty(),
        "{} of {checked} rows differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(checked > 1_100, "only {checked} rows were checked");
    // The fidelity page has the same numbers.
    let page = include_str!("../../../../../../docs/book/src/reference/fidelity.md");
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let thousands = |count: usize| format!("{},{:03}", count / 1000, count % 1000);
    for told in [
        format!("of the {} calls of the `api`", thousands(checked + skipped)),
        format!("{} are checked and agree", thousands(checked)),
        format!("{stubs} are left out because they show a stub"),
        format!("{quirks} because it shows a bug"),
    ] {
        assert!(
            page.contains(&told),
            "docs/book/src/reference/fidelity.md does not say: {told}"
        );
    }
}

/// The number of rows of each trigger that are checked.
const CHECKED: &[(&str, usize)] = &[
    ("credentials-exchange", 126),
    ("custom-email-provider", 39),
    ("custom-phone-provider", 40),
    ("custom-token-exchange", 286),
    ("event-stream", 15),
    ("password-reset-post-challenge", 140),
    ("post-change-password", 9),
    ("post-user-registration", 12),
    ("pre-user-registration", 107),
    ("send-phone-message", 11),
];

#[test]
#[expect(clippy::print_stdout, reason = "the counts are what the test tells")]
fn every_row_of_the_other_triggers_agrees() {
    let mut checked: BTreeMap<String, usize> = BTreeMap::new();
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    for line in OTHERS.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let why = [
            ("stub", row.get("stub").is_some()),
            ("quirk", row.get("quirk").is_some()),
            // The switch is off in production, and undocumented.
            (
                "flag",
                row["host"]
                    .as_str()
                    .is_some_and(|host| host.starts_with("flag:")),
            ),
        ];
        if let Some((why, _)) = why.iter().find(|(_, is)| *is) {
            *left_out.entry(why).or_default() += 1;
            continue;
        }
        let id = row["trigger"].as_str().unwrap().to_owned();
        *checked.entry(id).or_default() += 1;
        if let Err(difference) = check(&row, false) {
            failures.push(format!("{}: {difference}\n  {line:.400}", row["id"]));
        }
    }
    println!("checked {checked:?}, left out {left_out:?}");
    assert!(
        failures.is_empty(),
        "{} rows differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
    let expected: BTreeMap<String, usize> = CHECKED
        .iter()
        .map(|(id, count)| ((*id).to_owned(), *count))
        .collect();
    assert_eq!(checked, expected);
    let (agree, out): (usize, usize) = (checked.values().sum(), left_out.values().sum());
    let page = include_str!("../../../../../../docs/book/src/reference/fidelity.md");
    let told = format!("of {} rows {agree} agree", agree + out);
    assert!(
        page.contains(&told),
        "docs/book/src/reference/fidelity.md does not say: {told}"
    );
    let all = Trigger::ALL.iter().map(|trigger| trigger.id());
    let unchecked: Vec<&str> = all.filter(|id| !checked.contains_key(*id)).collect();
    assert_eq!(unchecked, ["post-login"]);
}

/// The event with which the table of a trigger was made, as far as its rows look at it.
fn base(trigger: Trigger) -> Value {
    match trigger {
        Trigger::PostLogin => vendor_default(),
        Trigger::CredentialsExchange => {
            let mut event = crate::event::sample(trigger);
            event["accessToken"]["scope"] = json!(["read:entity"]);
            event
        }
        _ => crate::event::sample(trigger),
    }
}

fn check(row: &Value, is_stub: bool) -> Result<(), String> {
    let trigger = row.get("trigger").and_then(Value::as_str);
    let trigger = trigger.map_or(Trigger::PostLogin, |id| Trigger::of_id(id).unwrap());
    let mut event = base(trigger);
    merge_patch(&mut event, row.get("event_patch").unwrap_or(&json!({})));
    let rules = row
        .get("rules")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let mut transaction = Transaction::new(LoginInput {
        trigger,
        event,
        tenant: TenantSettings::default(),
        rules_executed: rules
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        seed: 0,
        now_ms: NOW_MS,
    });
    let mut now_ms = NOW_MS;
    transaction.begin(&HandlerInfo::default(), EntryPoint::Execute, now_ms);
    for call in row["setup"].as_array().unwrap() {
        if call[0] == "$clock.advance" {
            now_ms += call[1].as_i64().unwrap();
        } else {
            run(&mut transaction, call, now_ms);
        }
    }
    let before = transaction.pending().len();
    let reply = run(&mut transaction, &row["call"], now_ms);
    check_table(trigger, row, &reply.answer)?;
    let is_engine = row.get("engine").is_some();
    if !is_stub {
        compare_answer(&row["expect"], &reply.answer, is_engine)?;
    }
    let commands: Vec<Argument> = transaction
        .pending()
        .iter()
        .skip(before)
        .map(|command| vendor_form(trigger, command))
        .collect();
    let expected = row
        .get("commands")
        .map_or_else(Vec::new, |expected| match expand(expected) {
            Argument::Array(items) => items,
            _ => Vec::new(),
        });
    compare(
        "commands",
        &Argument::Array(expected),
        &Argument::Array(commands),
    )?;
    for (path, expected) in row
        .get("event_after")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let found = crate::json::at(
            transaction.seen_event(),
            &path.split('.').collect::<Vec<_>>(),
        );
        compare(
            path,
            &expand(expected),
            &found.map_or(Argument::Undefined, Argument::from),
        )?;
    }
    check_assignments(row, &reply)
}

/// The changes that the guest makes in its event must lead to the same event.
fn check_assignments(row: &Value, reply: &Reply) -> Result<(), String> {
    for (path, value) in &reply.event {
        let (head, rest) = (path.first().map_or("", String::as_str), &path[1..]);
        let name = format!("{head}.{}", rest.join("."));
        if let Some(expected) = row.get("event_after").and_then(|after| after.get(&name)) {
            compare("event assignment", &expand(expected), value)?;
        }
    }
    Ok(())
}

/// The table of methods must promise what the method gives.
fn check_table(trigger: Trigger, row: &Value, answer: &Answer) -> Result<(), String> {
    let path = row["call"][0].as_str().unwrap();
    let mut specs = trigger.methods().iter();
    let spec = specs
        .find(|spec| format!("{}.{}", spec.namespace, spec.name) == path)
        .unwrap();
    let agrees = match answer {
        Answer::Return(Returned::Api) => spec.returns == Returns::Api,
        Answer::Return(Returned::Value(Argument::Undefined)) => {
            matches!(spec.returns, Returns::Undefined | Returns::Value)
        }
        Answer::Return(Returned::Value(_)) => spec.returns == Returns::Value,
        Answer::Throw(_) => spec.returns != Returns::Promise,
        Answer::Resolve(_) | Answer::Reject(_) => spec.returns == Returns::Promise,
    };
    if agrees {
        Ok(())
    } else {
        Err(format!("the table promises {:?}", spec.returns))
    }
}

fn run(transaction: &mut Transaction, call: &Value, now_ms: i64) -> Reply {
    let call = call.as_array().unwrap();
    let args: Vec<Argument> = call.iter().skip(1).map(expand).collect();
    transaction.call(call[0].as_str().unwrap(), &args, None, now_ms)
}

fn compare_answer(expected: &Value, answer: &Answer, is_engine: bool) -> Result<(), String> {
    let (kind, expected) = expected
        .as_object()
        .and_then(|object| object.iter().next())
        .unwrap();
    let failure = |failure: &Failure| {
        if is_engine {
            json!(failure.name)
        } else {
            json!({"name": failure.name, "message": failure.message})
        }
    };
    let (found_kind, found) = match answer {
        Answer::Return(Returned::Api) => ("returns", json!("api")),
        Answer::Return(Returned::Value(Argument::Undefined)) => ("returns", json!("undefined")),
        Answer::Return(Returned::Value(value)) => ("returns", value.to_tagged()),
        Answer::Resolve(value) => ("resolves", value.to_tagged()),
        Answer::Throw(thrown) => ("throws", failure(thrown)),
        Answer::Reject(reason) => ("rejects", failure(reason)),
    };
    let expected = if is_engine {
        expected["name"].clone()
    } else {
        expected.clone()
    };
    if kind != found_kind {
        return Err(format!(
            "expected {kind} {expected}, found {found_kind} {found}"
        ));
    }
    compare(kind, &expand(&expected), &Argument::from_tagged(&found))
}

fn compare(what: &str, expected: &Argument, found: &Argument) -> Result<(), String> {
    if sorted(expected) == sorted(found) {
        return Ok(());
    }
    Err(format!(
        "{what}: expected {:.300}, found {:.300}",
        expected.to_tagged(),
        found.to_tagged()
    ))
}

/// With sorted keys: the order of an object's keys is not compared.
fn sorted(argument: &Argument) -> Argument {
    match argument {
        Argument::Array(items) => Argument::Array(items.iter().map(sorted).collect()),
        Argument::Object(entries) => {
            let mut entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| (key.clone(), sorted(value)))
                .collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            Argument::Object(entries)
        }
        other => other.clone(),
    }
}

/// Reads the tags of the table, which has more of them than the wire form.
fn expand(value: &Value) -> Argument {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let count = || value["n"].as_u64().unwrap() as usize;
    let indexed = || (0..count()).map(|index| format!("{}{index}", text("prefix")));
    match value {
        Value::Array(items) => Argument::Array(items.iter().map(expand).collect()),
        Value::Object(object) => match object.get("$").and_then(Value::as_str) {
            Some("repeat") => Argument::String(text("of").repeat(count())),
            Some("array") => Argument::Array(vec![expand(&value["of"]); count()]),
            Some("seq") => Argument::Array(indexed().map(Argument::String).collect()),
            Some("keys") => Argument::Object(
                indexed()
                    .map(|key| (key, expand(&value["value"])))
                    .collect(),
            ),
            Some("circular") => Argument::Object(vec![("self".to_owned(), Argument::Circular)]),
            Some("concat") => {
                let parts = value["parts"].as_array().unwrap().iter().map(expand);
                Argument::String(parts.map(|part| part.coerce_to_string().unwrap()).collect())
            }
            Some("now") => {
                let plus = &value["plus"];
                Argument::from(&match plus.as_i64() {
                    Some(plus) => json!(NOW_MS + plus),
                    None => json!(NOW_MS as f64 + plus.as_f64().unwrap()),
                })
            }
            Some(_) => Argument::from_tagged(value),
            None => Argument::Object(
                object
                    .iter()
                    .map(|(key, value)| (key.clone(), expand(value)))
                    .collect(),
            ),
        },
        scalar => Argument::from(scalar),
    }
}

/// A command as the vendor's layer hands it to its platform.
fn vendor_form(trigger: Trigger, command: &Command) -> Argument {
    let text = |text: &str| Argument::String(text.to_owned());
    let map = |map: &Map<String, Value>| Argument::from(&Value::Object(map.clone()));
    let one = |key: &str, value: &Argument| Argument::Object(vec![(key.to_owned(), value.clone())]);
    let expiry = |lifetime: &Lifetime, at: &Argument| match lifetime {
        Lifetime::Absolute => vec![Argument::Undefined, at.clone()],
        Lifetime::Inactivity => vec![at.clone(), Argument::Undefined],
    };
    let (name, arguments) = match command {
        Command::Abort(reason) => ("abort", vec![text(reason)]),
        Command::RemoveClaim { .. } => panic!("no method of the api takes a claim away"),
        Command::Deny { reason } => ("denyAccess", vec![reason.clone()]),
        Command::DenyWithCode { code, reason } => {
            let name = match trigger {
                Trigger::CustomTokenExchange => "deny",
                _ => "denyAccess",
            };
            (name, vec![code.clone(), reason.clone()])
        }
        Command::DenyRegistration {
            reason,
            user_message,
        } => ("denyAccess", vec![reason.clone(), user_message.clone()]),
        Command::RejectSubjectToken { reason } => ("rejectInvalidSubjectToken", vec![text(reason)]),
        Command::SetUserId { id } => ("setUserId", vec![text(id)]),
        Command::SetUserById { id } => ("setUserById", vec![text(id)]),
        Command::SetUserByConnection {
            connection,
            attributes,
            options,
        } => (
            "setUserByConnection",
            vec![text(connection), attributes.clone(), options.clone()],
        ),
        Command::SetOrganization { organization } => ("setOrganization", vec![text(organization)]),
        Command::SetActor { actor } => ("setActor", vec![actor.clone()]),
        Command::SetResultUrl { url } => ("setResultUrl", vec![text(url)]),
        Command::Deliver { delivery, reason } => {
            let name = match delivery {
                Delivery::Dropped => "drop",
                Delivery::Retried => "retry",
            };
            (name, vec![reason.clone()])
        }
        Command::TargetScopes(TargetScopes::Add(scope)) => ("addTargetScope", vec![text(scope)]),
        Command::TargetScopes(TargetScopes::Remove(scope)) => {
            ("removeTargetScope", vec![text(scope)])
        }
        Command::TargetScopes(TargetScopes::Set(scopes)) => {
            let scopes = scopes.iter().map(|scope| text(scope)).collect();
            ("setTargetScopes", vec![Argument::Array(scopes)])
        }
        Command::TargetScopes(TargetScopes::Clear) => ("clearTargetScopes", vec![]),
        Command::SetClaim { name, value, .. } if trigger == Trigger::CredentialsExchange => {
            ("setCustomClaim", vec![name.clone(), value.clone()])
        }
        Command::ValidationError { code, message } => {
            ("validationError", vec![text(code), text(message)])
        }
        Command::SetClaim {
            token, name, value, ..
        } => {
            let token = match token {
                crate::outcome::TokenKind::IdToken => "idToken",
                crate::outcome::TokenKind::AccessToken => "accessToken",
            };
            (
                "setCustomClaim",
                vec![text(token), name.clone(), value.clone()],
            )
        }
        Command::ModifyScope { scope, add } => {
            let change = text(if *add { "add" } else { "remove" });
            (
                "modifyScope",
                vec![text("accessToken"), one(scope, &change)],
            )
        }
        Command::Factors(FactorRequest::ChallengeWith { factor, options }) => {
            ("challengeWith", vec![factor.clone(), options.clone()])
        }
        Command::Factors(FactorRequest::ChallengeWithAny { factors }) => {
            ("challengeWithAny", vec![factors.clone()])
        }
        Command::Factors(FactorRequest::EnrollWith { factor, options }) => {
            ("enrollWith", vec![factor.clone(), options.clone()])
        }
        Command::Factors(FactorRequest::EnrollWithAny { factors }) => {
            ("enrollWithAny", vec![factors.clone()])
        }
        Command::RecordMethod { url } => ("recordMethod", vec![url.clone()]),
        Command::SetPrimaryUser { id } => ("setPrimaryUser", vec![text(id)]),
        Command::RequireMultifactor {
            provider,
            allow_remember_browser,
            provider_options,
        } => {
            let options = Argument::Object(vec![
                (
                    "allowRememberBrowser".to_owned(),
                    allow_remember_browser.clone(),
                ),
                ("providerOptions".to_owned(), provider_options.clone()),
            ]);
            ("requireMultifactorAuth", vec![provider.clone(), options])
        }
        Command::RenderPrompt { id, options } => ("renderPrompt", vec![text(id), options.clone()]),
        Command::SendUserTo { url } => ("sendUserTo", vec![text(url)]),
        Command::EncodeToken { payload, secret } => {
            let Argument::Object(mut entries) = one("payload", payload) else {
                unreachable!()
            };
            entries.push(("secret".to_owned(), secret.clone()));
            ("encodeToken", vec![Argument::Object(entries)])
        }
        Command::ReplacedMetadata { .. } => ("replacedMetadata", Vec::new()),
        Command::SetMetadata { kind, name, value } if trigger != Trigger::PostLogin => {
            let method = match kind {
                MetadataKind::User => "setUserMetadata",
                MetadataKind::App => "setAppMetadata",
            };
            (method, vec![name.clone(), value.clone()])
        }
        Command::SetMetadata { kind, name, value } => {
            let kind = match kind {
                MetadataKind::User => "user",
                MetadataKind::App => "application",
            };
            ("setMetadata", vec![text(kind), name.clone(), value.clone()])
        }
        Command::SetSessionMetadata(metadata) => ("setSessionMetadata", vec![map(metadata)]),
        Command::SetRefreshTokenMetadata(metadata) => {
            ("setRefreshTokenMetadata", vec![map(metadata)])
        }
        Command::SetSessionExpiry { lifetime, at } => {
            ("setSessionExpiration", expiry(lifetime, at))
        }
        Command::SetRefreshTokenExpiry { lifetime, at } => {
            ("setRefreshTokenExpiration", expiry(lifetime, at))
        }
        Command::SetCookieMode { mode } => ("setCookieMode", vec![text(mode)]),
        Command::RevokeSession { reason, options } => {
            ("revokeSession", vec![reason.clone(), options.clone()])
        }
        Command::RevokeRefreshToken { reason } => ("revokeRefreshToken", vec![reason.clone()]),
        Command::SetSamlAttribute { name, value } => {
            ("setSAMLAttribute", vec![text(name), value.clone()])
        }
        Command::SetSamlConfiguration { key, value } => {
            ("setSAMLConfiguration", vec![one(key, value)])
        }
    };
    Argument::Array([vec![text(name)], arguments].concat())
}
