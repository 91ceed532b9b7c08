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
    with("switch (p) { case 'a': ", "}", " | p === 'a' 1:19-1:22");
    // Cases without `break` go on with the next one.
    with(
        "switch (p) { case 'z': log(); break; case 'a': case 'b': log(); case 'c':",
        "}",
        " | p === 'a' || p === 'b' || p === 'c' 1:70-1:73",
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
    with("switch (true) { case p > 1: ", "}", " | p > 1 1:22-1:27");
    with("switch (p) { default: ", "}", " | p 1:9-1:10");
    with("if (a) { if (b) {", "} }", " | a 1:5-1:6 | b 1:14-1:15");
    with("if (a) { function f() {", "} }", "");
}

/// Each route as `helper@line:column … [name] | conditions`, and how many are unknown.
#[track_caller]
fn check_routes(body: &str, expected: &[&str], omitted: usize) {
    let text = format!("exports.onExecutePostLogin = async (event, api) => {{\n{body}\n}};");
    let site = claim_sites("a", "a.js", &text, None)
        .sites
        .pop()
        .expect("a site");
    let routes = site.routes.iter().map(|route| {
        let calls = route.calls.iter().map(|call| {
            let place = &call.location;
            format!("{}@{}:{}", call.function, place.line, place.column)
        });
        let conditions = route.conditions.iter().map(|one| {
            let not = if one.must_be { "" } else { "!" };
            format!(" | {not}{}", one.text)
        });
        let calls: Vec<_> = calls.collect();
        let conditions = conditions.collect::<String>();
        format!("{} {:?}{conditions}", calls.join(" "), route.name)
    });
    assert_eq!(routes.collect::<Vec<_>>(), expected, "{text}");
    assert_eq!(site.omitted_routes, omitted, "{text}");
}

#[test]
fn calls_of_helpers_are_followed() {
    const SET: &str =
        "const set = (name, value) => api.idToken.setCustomClaim(`https://x/${name}`, value);\n";
    check_routes(
        &format!("{SET}if (event.user.a) set('a', 1); if (event.user.b) return; set('b', 1);"),
        &[
            r#"set@3:19 ["https://x/a"] | event.user.a"#,
            r#"set@3:58 ["https://x/b"] | !event.user.b"#,
        ],
        0,
    );
    // Helpers of helpers, whose arguments go through.
    check_routes(
        &format!(
            "{SET}function both(one, other) {{ if (one) set(one, 1); set(other, 2); }}\nif (x) both('p', 'q');"
        ),
        &[
            r#"both@4:8 set@3:38 ["https://x/p"] | x | one"#,
            r#"both@4:8 set@3:51 ["https://x/q"] | x"#,
        ],
        0,
    );
    // A function as a value, one that calls itself, one that is exported, one that nothing calls.
    check_routes(
        &format!("{SET}event.user.roles.forEach(set);"),
        &[r#"set@3:1 ["https://x/", ""]"#],
        0,
    );
    check_routes(
        "function set(n) { if (n > 0) set(n - 1); api.idToken.setCustomClaim('x', n); }\nif (y) set(3);",
        &[r#"set@3:8 ["x"] | y"#],
        0,
    );
    check_routes(
        &format!("{SET}exports.set = set; set('a', 1);"),
        &[r#"set@3:20 ["https://x/a"]"#],
        1,
    );
    check_routes(SET, &[], 0);
    // What is passed in another way is not known.
    for call in ["set(...names)", "set(names[0])", "set()"] {
        check_routes(
            &format!("{SET}{call};"),
            &[r#"set@3:1 ["https://x/", ""]"#],
            0,
        );
    }
    check_routes(
        "const set = ({ name }) => api.idToken.setCustomClaim(name, 1);\nset({ name: 'a' });",
        &[r#"set@3:1 ["", ""]"#],
        0,
    );
    check_routes(
        "const set = (name = 'x') => api.idToken.setCustomClaim(name, 1);\nset();",
        &[r#"set@3:1 ["", ""]"#],
        0,
    );
}

/// The conditions of a helper are those around its calls, not those around its text.
#[test]
fn a_helper_in_a_condition_is_called_elsewhere() {
    check_routes(
        "let f; if (a) { const set = () => { if (b) api.idToken.setCustomClaim('x', 1); }; if (c) set(); }",
        &[r#"set@2:90 ["x"] | a | c"#],
        0,
    );
}

#[test]
fn routes_are_bounded() {
    let handler = |body: &str| format!("f = (api) => {{ {body} }}");
    let helpers: String = (1..300)
        .map(|at| format!("function f{at}() {{ f{0}(); f{0}(); f{0}(); }}\n", at - 1))
        .collect();
    let text = handler(&format!(
        "function f0() {{ api.idToken.setCustomClaim('x', 1); }}\n{helpers} f299();"
    ));
    let site = claim_sites("a", "a.js", &text, None)
        .sites
        .pop()
        .expect("a site");
    assert!(site.routes.len() <= 64 && site.omitted_routes > 0);
    let sets = "api.idToken.setCustomClaim('x', 1);".repeat(2_000);
    let calls = "if (a) f0();".repeat(2_000);
    let found = claim_sites(
        "a",
        "a.js",
        &handler(&format!("function f0() {{ {sets} }}\n{calls}")),
        None,
    );
    let routes: usize = found.sites.iter().map(|site| site.routes.len()).sum();
    assert!(routes <= 500, "{routes}");
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

/// Sizes at which work that grows with the square of the text takes minutes, and more with its cube.
#[test]
fn many_conditions_are_bounded() {
    #[track_caller]
    fn check(text: &str, sites: usize, conditions: usize) {
        let found = claim_sites("a", "a.js", text, None);
        // What is beyond the most that are looked at is counted.
        assert_eq!(found.sites.len() + found.omitted, sites);
        assert_eq!(found.sites.len(), sites.min(2_500));
        let found = found.sites;
        for site in &found {
            assert!(
                site.conditions.len() <= conditions,
                "{}",
                site.conditions.len()
            );
            for condition in &site.conditions {
                assert!(condition.text.len() <= 250, "{}", condition.text);
                assert!(condition.regions.len() <= 16);
            }
        }
    }
    const SET: &str = "api.idToken.setCustomClaim('x', 1)";
    let names = |count: usize, between: &str| -> String {
        (0..count)
            .map(|at| format!("event.a{at}{between}"))
            .collect()
    };
    let handler = |body: &str| format!("f = (event, api) => {{ {body} }}");
    for operator in ["||", "&&", "??", "+"] {
        let chain = names(6_000, operator) + "1";
        check(&handler(&format!("if ({chain}) {SET};")), 1, 1);
        check(&handler(&format!("({chain}) || {SET};")), 1, 1);
    }
    check(
        &handler(format!("{SET} || ").repeat(2_000).trim_end_matches("|| ")),
        2_000,
        1,
    );
    let ternaries = format!("a ? {SET} : ").repeat(1_500) + "1";
    check(&handler(&ternaries), 1_500, 25);
    let nested = format!("if (a) {{ {SET}; ").repeat(1_500) + &"}".repeat(1_500);
    check(&handler(&nested), 1_500, 25);
    let functions =
        format!("if (a) (function () {{ {SET}; ").repeat(1_000) + &"})();".repeat(1_000);
    check(&handler(&functions), 1_000, 25);
    let cases: String = (0..2_000).map(|at| format!("case {at}: {SET}; ")).collect();
    check(&handler(&format!("switch (a) {{ {cases} }}")), 2_000, 2);
    let guards = format!("if (a) return; {SET}; ").repeat(2_000);
    check(&handler(&guards), 2_000, 25);
    // Variables that stand for variables that stand for variables.
    let all: String = (0..300).map(|at| format!("v{at},")).collect();
    let variables: String = (0..300)
        .map(|at| format!("let v{at} = [{all}]; v{at} = [{all}];"))
        .collect();
    check(&handler(&format!("{variables} if ([{all}]) {SET};")), 1, 1);
    check(&handler(&format!("{SET};").repeat(30_000)), 30_000, 0);
}

#[test]
fn conditions_that_are_left_out_are_counted() {
    let text = "if (a) ".repeat(100) + "api.idToken.setCustomClaim('x', 1);";
    let site = claim_sites("a", "a.js", &text, None)
        .sites
        .pop()
        .expect("a site");
    assert_eq!(site.conditions.len(), 25);
    assert_eq!(site.conditions[12].text, "(76 more conditions)");
    let long = format!(
        "if ({}) api.idToken.setCustomClaim('x', 1);",
        "abcdefgh || ".repeat(100) + "z"
    );
    let site = claim_sites("a", "a.js", &long, None)
        .sites
        .pop()
        .expect("a site");
    assert!(
        site.conditions[0].text.ends_with('…'),
        "{}",
        site.conditions[0].text
    );
}
