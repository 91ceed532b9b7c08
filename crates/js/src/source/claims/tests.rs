mod bounds;
mod routes;

use super::claim_sites;

/// Each site as `line:column method [parts] | condition@line (regions) …`; `!` before what must be false.
fn shown(file: &str, text: &str) -> Vec<String> {
    let sites = claim_sites("a", file, text, None).sites;
    let shown = sites.iter().map(|site| {
        let conditions = site.conditions.iter().map(|condition| {
            let regions = condition.regions.iter().map(|region| {
                format!(
                    "{}:{}-{}:{}",
                    region.start.line, region.start.column, region.end_line, region.end_column
                )
            });
            format!(
                " | {}{} {}",
                if condition.must_be { "" } else { "!" },
                condition.text,
                regions.collect::<Vec<_>>().join(" ")
            )
        });
        format!(
            "{}:{} {} {:?}{}",
            site.location.line,
            site.location.column,
            site.method,
            site.name,
            conditions.collect::<String>()
        )
    });
    shown.collect()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(shown("a.js", text), expected, "{text}");
}

#[test]
fn names_are_known_in_parts() {
    let name = |expression: &str, expected: &str| {
        let text = format!(
            "const NS = 'https://x'; const K = NS + '/k'; let m = 'a'; m = 'b';\nf = (api, key) => {{ api.idToken.setCustomClaim({expression}, 1); }}"
        );
        assert_eq!(
            shown("a.js", &text),
            [format!("2:33 idToken.setCustomClaim {expected}")],
            "{expression}"
        );
    };
    name("'plan'", r#"["plan"]"#);
    name("`plan`", r#"["plan"]"#);
    name("K", r#"["https://x/k"]"#);
    name("`${NS}/${key}`", r#"["https://x/", ""]"#);
    name("NS + '/' + key + '/z'", r#"["https://x/", "/z"]"#);
    name("m", r#"["", ""]"#);
    name("names[key]", r#"["", ""]"#);
}

#[test]
fn calls_are_found_however_api_is_called() {
    check(
        "api.accessToken.setCustomClaim('x', 1)",
        &[r#"1:17 accessToken.setCustomClaim ["x"]"#],
    );
    check(
        "const { idToken } = api; idToken.setCustomClaim('x', 1)",
        &[r#"1:34 idToken.setCustomClaim ["x"]"#],
    );
    check(
        "api?.idToken.setCustomClaim('x', 1)",
        &[r#"1:14 idToken.setCustomClaim ["x"]"#],
    );
    check(
        "api.user.setUserMetadata('x', 1); other.setCustomClaim('x', 1)",
        &[],
    );
    check("syntax error(", &[]);
    assert_eq!(
        shown(
            "a.ts",
            "const f = (api: Api) => { (api as any).idToken.setCustomClaim('x' as string, 1); }"
        )
        .len(),
        1
    );
}

#[test]
fn conditions_stand_around_calls() {
    let call = "api.idToken.setCustomClaim('x', 1)";
    let with = |before: &str, after: &str, expected: &str| {
        let text = format!("{before}\n{call}{after}");
        check(
            &text,
            &[&format!("2:13 idToken.setCustomClaim [\"x\"]{expected}")],
        );
    };
    with("", "", "");
    with("if (a.b) ", ";", " | a.b 1:5-1:8");
    with("if (a.b) {} else ", ";", " | !a.b 1:5-1:8");
    with("async () => { if (!x) return;", "}", " | x 1:20-1:21");
    with(
        "async () => { if (!(x && y)) return;",
        "}",
        " | x && y 1:21-1:27",
    );
    with("if (!x) {} else ", ";", " | x 1:6-1:7");
    with("a ?? ", "", " | !a 1:1-1:2");
    with(
        "for (let i = 0; i < n; i++) {",
        "}",
        " | i < n 1:17-1:22 1:10-1:15",
    );
    with("for (const r in map) {", "}", " | map 1:17-1:20");
    with("while (x) {", "}", " | x 1:8-1:9");
    with("do {", "} while (x)", "");
    with("try {", "} catch {}", "");
    with("try { a() } finally {", "}", "");
    with(
        "try { a() } catch {",
        "}",
        " | an exception in the try block of line 1 1:13-1:13",
    );
    with(
        "async () => { try { a() } catch (e) { return; }",
        "}",
        " | !an exception in the try block of line 1 1:27-1:27",
    );
    with(
        "async () => { if (x) { log(); throw 1 }",
        "}",
        " | !x 1:19-1:20",
    );
    with(
        "async () => { if (x) ok(); else return;",
        "}",
        " | x 1:19-1:20",
    );
    with("async () => { if (x) { return; } } ;", "", "");
    with("a && ", "", " | a 1:1-1:2");
    with("a || ", "", " | !a 1:1-1:2");
    with("a ? ", " : 0", " | a 1:1-1:2");
    with("for (const r of list) {", "}", " | list 1:17-1:21");
    with("list.forEach((r) => ", ")", " | list 1:1-1:5");
    with(
        "switch (p) { case 'a': ",
        "}",
        " | p === 'a' 1:19-1:22 1:9-1:10",
    );
    // Cases without `break` go on with the next one.
    with(
        "switch (p) { case 'z': log(); break; case 'a': case 'b': log(); case 'c':",
        "}",
        " | p === 'a' || p === 'b' || p === 'c' 1:70-1:73 1:9-1:10",
    );
    with(
        "switch (p) { case 'a': break; case 'b': break; default: ",
        "}",
        " | p !== 'a' && p !== 'b' 1:9-1:10",
    );
    with(
        "switch (p) { case 'a': break; case 'b': default: ",
        "}",
        " | p !== 'a' 1:9-1:10",
    );
    with(
        "switch (true) { case p > 1: ",
        "}",
        " | p > 1 1:22-1:27 1:9-1:13",
    );
    with("switch (p) { default: ", "}", " | p 1:9-1:10");
    with("if (a) { if (b) {", "} }", " | a 1:5-1:6 | b 1:14-1:15");
    with("if (a) { function f() {", "} }", "");
}

#[test]
fn variables_are_followed_to_what_they_stand_for() {
    check(
        "const { user } = event;\nconst hobby = user.hobby;\nlet n; n = event.stats;\nif (hobby && n) api.idToken.setCustomClaim('x', hobby)",
        &["4:29 idToken.setCustomClaim [\"x\"] | hobby && n 4:5-4:15 2:7-2:25 1:7-1:23 3:8-3:23"],
    );
    check(
        "for (const r of event.roles) if (r.ok) api.idToken.setCustomClaim('x', r)",
        &["1:52 idToken.setCustomClaim [\"x\"] | event.roles 1:17-1:28 | r.ok 1:34-1:38 1:17-1:28"],
    );
}

#[test]
fn a_rule_sets_claims_by_assignment() {
    let text = "// One.\nfunction (user, context, callback) {\n  const NS = 'https://x/';\n  if (user.plan) context.idToken[NS + 'plan'] = user.plan;\n  context.accessToken.plan = 1; context.idToken = {}; user.idToken.x = 1;\n  callback(null, user, context);\n};";
    check(
        text,
        &[
            "4:34 context.idToken [\"https://x/plan\"] | user.plan 4:7-4:16",
            "5:23 context.accessToken [\"plan\"]",
        ],
    );
    let first = "function (user, context, callback) { context.idToken.a = 1; callback(); }";
    check(first, &["1:54 context.idToken [\"a\"]"]);
}

/// A variable has the same value for `explain` as for `check`: what the one finds certainly, the other finds as well.
#[test]
fn tokens_are_found_under_other_names() {
    #[track_caller]
    fn found(text: &str, expected: &[&str], certain: usize) {
        let sites = shown("a.js", text);
        let sites: Vec<_> = sites
            .iter()
            .map(|site| site.split_once(' ').map_or("", |(_, site)| site))
            .map(|site| site.split(" | ").next().unwrap_or_default())
            .collect();
        assert_eq!(sites, expected, "{text}");
        let facts = crate::source::facts::facts("a.js", text);
        assert_eq!(facts.claims.len(), certain, "{text}");
    }
    let handler =
        |body: &str| format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }};");
    let [id, access] =
        ["idToken", "accessToken"].map(|token| format!("{token}.setCustomClaim [\"https://x/y\"]"));
    for body in [
        "const t = api.idToken; t.setCustomClaim('https://x/y', 1);",
        "const a = api; const t = a['idToken']; if (event.user.plan) t.setCustomClaim('https://x/y', 1);",
        "const { idToken } = api; idToken.setCustomClaim('https://x/y', 1);",
        "const { idToken: t } = api; t?.setCustomClaim('https://x/y', 1);",
        "const { setCustomClaim } = api.idToken; setCustomClaim('https://x/y', 1);",
        "const { idToken: { setCustomClaim: set } } = api; set('https://x/y', 1);",
        "const set = api.idToken.setCustomClaim; set('https://x/y', 1);",
        "function set(t) { t.setCustomClaim('https://x/y', 1); } set(api.idToken);",
        "const set = ({ idToken: t }) => { ['a'].forEach(() => t.setCustomClaim('https://x/y', 1)); }; set(api);",
        "const f = (x) => g(x.idToken); const g = (y) => () => y.setCustomClaim('https://x/y', 1); f(api)();",
        "api.user.setAppMetadata('s', 1).idToken.setCustomClaim('https://x/y', 1);",
    ] {
        found(&handler(body), &[&id], 1);
    }
    for body in [
        "for (const t of [api.idToken, api.accessToken]) t.setCustomClaim('https://x/y', 1);",
        "[api.idToken, api.accessToken].forEach((t) => { t.setCustomClaim('https://x/y', 1); });",
        "function set(t) { t.setCustomClaim('https://x/y', 1); } set(api.idToken); set(api.accessToken);",
    ] {
        found(&handler(body), &[&id, &access], 2);
    }
    // It may be one: nothing is known of what a function of another file is called with.
    found(
        "exports.set = (api) => api.idToken.setCustomClaim('https://x/y', 1);",
        &[&id],
        0,
    );
    // It is none.
    for body in [
        "const idToken = event.user; idToken.setCustomClaim('https://x/y', 1);",
        "api.user.setCustomClaim('https://x/y', 1);",
        "api.cache.set('https://x/y', 1);",
    ] {
        found(&handler(body), &[], 0);
    }
    let rule = |body: &str| {
        format!("function (user, context, callback) {{ {body} callback(null, user, context); }}")
    };
    let [id, access] =
        ["idToken", "accessToken"].map(|token| format!("context.{token} [\"https://x/y\"]"));
    for body in [
        "const t = context.idToken || {}; t['https://x/y'] = 1;",
        "const { idToken } = context; idToken['https://x/y'] = 1;",
        "const ns = 'https://x/'; Object.assign(context.idToken, { [ns + 'y']: 1 });",
        "context.idToken = { 'https://x/y': 1 };",
        "function set(c) { c.idToken[`https://x/y`] = 1; } set(context);",
    ] {
        found(&rule(body), &[&id], 1);
    }
    found(
        &rule("for (const t of [context.idToken, context.accessToken]) t['https://x/y'] = 1;"),
        &[&id, &access],
        2,
    );
    let other = "function (u, c, done) { c.idToken['https://x/y'] = 1; done(null, u, c); }";
    found(other, &[&id], 1);
}
