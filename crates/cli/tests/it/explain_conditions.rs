//! `postlogin explain --why`: which conditions were met on the way to a call that was not made, and what ended it early.

use serde_json::{Value, json};

use crate::support::{FIXED, folder, postlogin};

/// The places for a claim in an Action with this body, which is around line 2 on.
fn sites(body: &str, event: &str) -> Vec<Value> {
    let text = format!("exports.onExecutePostLogin = async (event, api) => {{\n{body}\n}};\n");
    sites_of("why.js", &text, event)
}

fn sites_of(file: &str, text: &str, event: &str) -> Vec<Value> {
    let folder = folder(&[(file, text)]);
    let explained = postlogin(&format!(
        "explain {file} {FIXED} --set user.user_metadata={event} --why https://x.com/c"
    ))
    .within(folder.path())
    .outcome(0);
    let sites = explained["expected"][0]["sites"].as_array();
    sites.expect("sites").clone()
}

/// `text: met` for each condition.
fn conditions(account: &Value) -> Vec<String> {
    let conditions = account["conditions"].as_array().expect("conditions");
    let shown = conditions.iter().map(|condition| {
        let not = if condition["must_be"] == true {
            ""
        } else {
            "not "
        };
        let text = condition["text"].as_str().unwrap_or_default();
        let met = condition["met"].as_str().unwrap_or("unknown");
        format!("{not}{text}: {met}")
    });
    shown.collect()
}

const SET: &str = "api.idToken.setCustomClaim('https://x.com/c', 1);";

/// The conditions of the only place in a body, where `SET` is the call.
#[track_caller]
fn check(body: &str, event: &str, expected: &[&str]) {
    let sites = sites(&body.replace("SET", SET), event);
    assert_eq!(sites.len(), 1, "{body}");
    assert_eq!(sites[0]["reached"], "no", "{body}: {}", sites[0]);
    assert_eq!(conditions(&sites[0]), expected, "{body}");
}

const META: &str = "const m = event.user.user_metadata;";

#[test]
fn conditions_are_marked_met_or_not() {
    let check =
        |body: &str, expected: &[&str]| check(&format!("{META}\n{body}"), "{\"yes\":1}", expected);
    check(
        "if (m.yes) { if (m.no) { SET } }",
        &["m.yes: yes", "m.no: no"],
    );
    check(
        "if (m.no) { if (m.yes) { SET } }",
        &["m.no: no", "m.yes: not-evaluated"],
    );
    check("if (m.yes) {} else { SET }", &["not m.yes: no"]);
    check("if (!m.yes) { SET }", &["!m.yes: no"]);
    check("if (m.yes && m.no) { SET }", &["m.yes && m.no: no"]);
    check(
        "if (m.yes && !(m.no || m.yes)) { SET }",
        &["m.yes && !(m.no || m.yes): no"],
    );
    check("if (m.no ?? null) { SET }", &["m.no ?? null: no"]);
    // Early returns, in one line and in a block.
    check("if (!m.no) return; SET", &["m.no: no"]);
    check(
        "if (m.yes) { console.log(1); return; }\nif (m.no) { SET }",
        &["not m.yes: no", "m.no: not-evaluated"],
    );
    check(
        "if (m.no) { console.log(1) } else { return; } SET",
        &["m.no: no"],
    );
}

#[test]
fn expressions_are_conditions_too() {
    let set = SET.trim_end_matches(';');
    let check = |body: &str, expected: &[&str]| {
        let body = body.replace("SET", set);
        check(&format!("{META}\n{body}"), "{\"yes\":1}", expected);
    };
    check("m.no ? SET : 0", &["m.no: no"]);
    check("m.yes ? 0 : SET", &["not m.yes: no"]);
    check("m.no && SET", &["m.no: no"]);
    check("m.yes && m.no && SET", &["m.yes && m.no: no"]);
    check("m.yes || SET", &["not m.yes: no"]);
    check("m.yes ?? SET", &["not m.yes: no"]);
    check(
        "const x = m.yes && (m.no ? SET : 0);",
        &["m.yes: yes", "m.no: no"],
    );
    check("m?.no?.deep && SET", &["m?.no?.deep: no"]);
    check("(() => m.no && SET)()", &["m.no: no"]);
    check(
        "if (await Promise.resolve(m.no)) SET",
        &["await Promise.resolve(m.no): no"],
    );
}

#[test]
fn loops_and_callbacks_are_conditions() {
    let check = |body: &str, event: &str, expected: &[&str]| {
        check(&format!("{META}\n{body}"), event, expected);
    };
    let some = "{\"list\":[1,2]}";
    let none = "{\"list\":[]}";
    check("for (const one of m.list) { SET }", none, &["m.list: no"]);
    check("for (const one of m.list) SET", none, &["m.list: no"]);
    check(
        "for (const one of m.list) { if (one === 3) SET }",
        some,
        &["m.list: yes", "one === 3: no"],
    );
    check(
        "for (const one of m.list) { if (one === 1) { if (one === 2) SET } }",
        some,
        &["m.list: yes", "one === 1: sometimes", "one === 2: no"],
    );
    check("for (const key in m.none) { SET }", some, &["m.none: no"]);
    check(
        "for (let i = 0; i < m.list.length; i++) { SET }",
        none,
        &["i < m.list.length: no"],
    );
    check("while (m.none) { SET }", some, &["m.none: no"]);
    check("m.list.forEach((one) => { SET });", none, &["m.list: no"]);
    check("m.none?.forEach((one) => { SET });", some, &["m.none: no"]);
    check(
        "for (const one of m.list) { if (one < 5) continue; SET }",
        some,
        &["m.list: yes", "not one < 5: no"],
    );
}

#[test]
fn cases_of_a_switch_have_a_text() {
    let check = |body: &str, expected: &[&str]| {
        check(&format!("{META}\n{body}"), "{\"plan\":\"pro\"}", expected);
    };
    check(
        "switch (m.plan) { case 'basic': SET break; case 'pro': break; }",
        &["m.plan === 'basic': no"],
    );
    check(
        "switch (m.plan) { case 'a': case 'b': SET }",
        &["m.plan === 'a' || m.plan === 'b': no"],
    );
    check(
        "switch (m.plan) { case 'pro': break; default: SET }",
        &["m.plan !== 'pro': no"],
    );
    check(
        "switch (true) { case m.plan === 'x': SET }",
        &["m.plan === 'x': no"],
    );
    check(
        "switch (m.plan) { case 'pro': if (m.none) { SET } }",
        &["m.plan === 'pro': yes", "m.none: no"],
    );
}

#[test]
fn conditions_around_the_call_of_a_helper_are_shown() {
    let helper = format!(
        "const set = (name) => api.idToken.setCustomClaim(`https://x.com/${{name}}`, 1);\n{META}\n"
    );
    let routes = |body: &str| {
        let sites = sites(&format!("{helper}{body}"), "{\"yes\":1}");
        assert_eq!(sites.len(), 1, "{body}: {sites:?}");
        let routes = sites[0]["routes"].as_array().expect("routes").clone();
        let shown = routes.iter().map(|route| {
            let calls = route["calls"].as_array().expect("calls").iter();
            let calls = calls.map(|call| {
                format!(
                    "{}:{}",
                    call["function"].as_str().unwrap_or_default(),
                    call["location"]["line"]
                )
            });
            let calls: Vec<_> = calls.collect();
            (calls.join(" "), route["certain"] == true, conditions(route))
        });
        shown.collect::<Vec<_>>()
    };
    let one = |calls: &str, certain: bool, conditions: &[&str]| {
        let conditions = conditions.iter().map(|text| (*text).to_owned());
        vec![(calls.to_owned(), certain, conditions.collect())]
    };
    // Of several calls, only that for this claim.
    assert_eq!(
        routes("if (m.yes) set('a');\nif (m.no) set('c');"),
        one("set:5", true, &["m.no: no"])
    );
    // A helper in a helper.
    assert_eq!(
        routes("function all() { if (m.no) set('c'); }\nif (m.yes) all();"),
        one("all:5 set:4", true, &["m.yes: yes", "m.no: no"])
    );
    assert_eq!(
        routes("function all() { if (m.yes) set('c'); }\nif (m.no) all();"),
        one("all:5 set:4", true, &["m.no: no", "m.yes: not-evaluated"])
    );
    // A name that is not known may be this one.
    assert_eq!(
        routes("for (const name of m.names ?? []) set(name);"),
        one("set:4", false, &["m.names ?? []: no"])
    );
}

#[test]
fn what_ended_it_early_is_shown() {
    let end = |body: &str| {
        let sites = sites(
            &format!("{META}\n{}", body.replace("SET", SET)),
            "{\"yes\":1}",
        );
        sites[0]["end"].clone()
    };
    let lines = |end: &Value| (end["thrown"]["line"].clone(), end["caught"]["line"].clone());
    // An exception that was caught before the call.
    let caught = end("try {\n m.none.deep;\n SET\n} catch (e) { }");
    assert_eq!(caught["kind"], "caught");
    assert_eq!(lines(&caught), (json!(4), json!(6)));
    let caught = end(
        "try {\n if (m.yes) {\n JSON.parse('{');\n SET\n }\n} catch { console.log(1); } finally { console.log(2); }",
    );
    assert_eq!(lines(&caught), (json!(5), json!(8)));
    // The condition itself throws.
    let caught = end("try {\n if (m.none.deep) { SET }\n} catch {}");
    assert_eq!(lines(&caught), (json!(4), json!(5)));
    // A function that is called throws; a rejected promise is awaited.
    let caught = end("const bad = () => { throw new Error('x'); };\ntry { bad();\n SET } catch {}");
    assert_eq!(lines(&caught), (json!(4), json!(5)));
    let caught = end("try { await Promise.reject(new Error('x'));\n SET } catch {}");
    assert_eq!(lines(&caught), (json!(3), json!(4)));
    // An inner `try` that caught is behind it; the outer one threw later.
    assert_eq!(
        end("try { JSON.parse('{'); } catch {}\nif (m.no) { SET }"),
        Value::Null
    );
    assert_eq!(
        end("try { if (m.no) { SET }\n JSON.parse('{'); } catch {}"),
        Value::Null
    );
    // A return in a branch that no condition of the call shows.
    let returned = end("if (m.yes) { console.log(1); if (m.yes) return; }\nSET");
    assert_eq!(
        (&returned["kind"], &returned["location"]["line"]),
        (&json!("returned"), &json!(3))
    );
    // A condition explains it.
    assert_eq!(end("if (!m.no) return;\nSET"), Value::Null);
}

#[test]
fn a_catch_is_a_condition() {
    let check = |body: &str, expected: &[&str]| {
        check(&format!("{META}\n{body}"), "{\"yes\":1}", expected);
    };
    check(
        "try { m.yes; } catch { SET }",
        &["an exception in the try block of line 3: no"],
    );
    check(
        "try { m.none.deep; } catch { return; }\nSET",
        &["not an exception in the try block of line 3: no"],
    );
}

/// The source is TypeScript, an ES module or a Rule: the conditions are those that the user wrote.
#[test]
fn every_kind_of_source_is_followed() {
    let check = |file: &str, text: &str, line: u64| {
        let sites = sites_of(file, text, "{}");
        assert_eq!(sites.len(), 1, "{file}: {sites:?}");
        let condition = &sites[0]["conditions"][0];
        assert_eq!(
            (&condition["met"], &condition["location"]["line"]),
            (&json!("no"), &json!(line)),
            "{file}"
        );
        assert_eq!(sites[0]["location"]["line"], line, "{file}");
    };
    check(
        "why.ts",
        &format!(
            "import type {{ Event }} from 'x';\nexports.onExecutePostLogin = async (event: Event, api: any): Promise<void> => {{\n  if ((event.user.user_metadata as any).plan) {{ {SET} }}\n}};\n"
        ),
        3,
    );
    check(
        "why.mjs",
        &format!(
            "export const onExecutePostLogin = async (event, api) => {{\n  event.user.user_metadata.plan && {SET}\n}};\n"
        ),
        2,
    );
    check(
        "rule.js",
        "function (user, context, callback) {\n  if (user.absent) context.idToken['https://x.com/c'] = 1;\n  callback(null, user, context);\n}\n",
        2,
    );
}

#[test]
fn following_conditions_changes_nothing_about_the_login() {
    let text = format!(
        "const named = (() => {{}}).name || 'none';
exports.onExecutePostLogin = async (event, api) => {{
  const pick = event.user.x?.y ?? (() => 1);
  const f = event.user.none || function () {{}};
  console.log(pick.name, f.name, named, (event.user.email && 'mail') || 'none');
  if (event.user.none) {{ {SET} }}
  for (const one of [1, 2]) console.log(one);
  for (var key in {{ a: 1 }}) console.log(key);
  switch (key) {{ case 'a': console.log('case'); default: console.log('falls'); }}
  try {{ event.user.none.deep; }} catch (e) {{ console.log(e.message, e.name); }}
  api.idToken.setCustomClaim('https://x.com/d', [3, 4].map((x) => x && x * 2));
}};
"
    );
    let folder = folder(&[("a.js", text.as_str())]);
    let of = |command: &str| {
        postlogin(&format!("{command} {FIXED}"))
            .within(folder.path())
            .outcome(0)
    };
    let (mut plain, mut explained) = (
        of("run a.js"),
        of("explain a.js --why https://x.com/c")["outcome"].clone(),
    );
    for outcome in [&mut plain, &mut explained] {
        outcome["usage"] = Value::Null;
    }
    assert_eq!(explained, plain);
}

/// Without the scope `openid` there is no ID token, whatever the Action sets.
#[test]
fn no_claim_is_in_an_id_token_that_is_not_issued() {
    let text = format!("exports.onExecutePostLogin = async (event, api) => {{ {SET} }};\n");
    let folder = folder(&[("a.js", text.as_str())]);
    let run = |arguments: &str| {
        postlogin(&format!(
            "{arguments} a.js {FIXED} --set transaction.requested_scopes=[\"profile\"]"
        ))
        .within(folder.path())
    };
    for name in ["https://x.com/c", "nickname", "sub", "https://x.com/none"] {
        let explained = run(&format!("explain --why {name}")).outcome(0);
        let token = &explained["expected"][0]["id_token"];
        assert_eq!(
            (&token["state"], &token["no_token"]),
            (&json!("no-token"), &json!("no-openid-scope")),
            "{name}"
        );
        // Of the claims of the protocol itself, no request makes one.
        if name != "sub" {
            assert_eq!(token["remedies"][0]["scope"], "openid", "{name}");
        }
    }
    let shown = run("explain --why https://x.com/c").finish().stdout;
    assert!(shown.contains("ID token  not issued"), "{shown}");
    assert!(
        shown.contains(
            "dropped: no ID token is issued, because the login did not request the scope `openid`"
        ),
        "{shown}"
    );
    assert!(
        shown.contains("ID token: not issued: the login did not request the scope `openid`"),
        "{shown}"
    );
    assert!(!shown.contains("✓ https://x.com/c"), "{shown}");
    let shown = run("run").finish().stdout;
    assert!(shown.contains("dropped: no ID token is issued"), "{shown}");
    // The access token is issued all the same.
    let explained = run("explain --why sub").outcome(0);
    assert_eq!(
        explained["expected"][0]["access_token"]["state"],
        "standard"
    );
}

/// The first line has whole words, however long the message is.
#[test]
fn a_headline_ends_between_words() {
    let message = "Could not load the profile from https://api.example.com/a/very/long/path/that/does/not/fit at all";
    for command in ["run", "explain"] {
        let text = format!(
            "exports.onExecutePostLogin = async () => {{ throw new Error('{message}'); }};\n"
        );
        let folder = folder(&[("a.js", text.as_str())]);
        let shown = postlogin(&format!("{command} a.js {FIXED}"))
            .within(folder.path())
            .finish()
            .stdout;
        let first = shown.lines().next().unwrap_or_default();
        assert_eq!(
            first, "✗ failed: Error: Could not load the profile from …",
            "{shown}"
        );
        assert!(shown.contains("that/does/not/fit"), "{shown}");
    }
}

#[test]
fn conditions_in_a_helper_are_those_of_the_calls_for_the_claim() {
    let put = format!(
        "const put = (name, value) => {{ if (value !== undefined) api.idToken.setCustomClaim(`https://x.com/${{name}}`, value); }};\n{META}\n"
    );
    let inside = |body: &str| {
        let sites = sites(&format!("{put}{body}"), "{\"yes\":1}");
        assert_eq!(sites.len(), 1, "{body}: {sites:?}");
        assert_eq!(sites[0]["reached"], "no", "{body}");
        conditions(&sites[0])
    };
    let text = "value !== undefined";
    // The only call, and its value is missing.
    assert_eq!(inside("put('c', m.no);"), [format!("{text}: no")]);
    // It was called for another claim alone, whose value says nothing about this one.
    assert_eq!(
        inside("if (m.no) put('c', 1);\nput('d', m.no);"),
        [format!("{text}: not-evaluated")]
    );
    assert_eq!(
        inside("put('c', m.no);\nput('d', m.no);"),
        [format!("{text}: unknown")]
    );
}
