//! Calls of helpers: functions with a name, methods, getters and constructors.

use super::claim_sites;

/// Each route as `helper@line:column … [name] | conditions`, and how many are unknown.
#[track_caller]
fn check_routes(body: &str, expected: &[&str], omitted: usize) {
    let text = format!("exports.onExecutePostLogin = async (event, api) => {{\n{body}\n}};");
    check_text(&text, expected, omitted);
}

#[track_caller]
fn check_text(text: &str, expected: &[&str], omitted: usize) {
    let site = claim_sites("a", "a.js", text, None)
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

const CALL: &str = "api.idToken.setCustomClaim(`https://x/${name}`, 1)";

/// A source in which `CALL` is the call, and the routes to it.
#[track_caller]
fn check_source(text: &str, expected: &[&str], omitted: usize) {
    check_text(&text.replace("CALL", CALL), expected, omitted);
}

#[test]
fn methods_of_objects_are_followed() {
    check_source(
        "const o = { set(api, name) { CALL } };\nif (a) o.set(api, 'p');",
        &[r#"o.set@2:8 ["https://x/p"] | a"#],
        0,
    );
    for member in [
        "set: (api, name) => CALL",
        "set: function (api, name) { CALL }",
        "'set': (api, name) => CALL",
    ] {
        check_source(
            &format!("const o = {{ {member} }};\nif (a) o['set'](api, 'p');"),
            &[r#"o.set@2:8 ["https://x/p"] | a"#],
            0,
        );
    }
    // Nested, given later, shorthand, called by another method.
    check_source(
        "const o = { inner: {} };\no.inner.set = function (api, name) { CALL };\nif (a) o.inner.set(api, 'p');",
        &[r#"o.inner.set@3:8 ["https://x/p"] | a"#],
        0,
    );
    check_source(
        "function set(api, name) { CALL }\nconst o = { set };\nif (a) o.set(api, 'p');",
        &[r#"set@3:8 ["https://x/p"] | a"#],
        0,
    );
    check_source(
        "const o = { all(api) { if (b) this.set(api, 'p'); }, set(api, name) { CALL } };\nif (a) o.all(api);",
        &[r#"o.all@2:8 o.set@1:31 ["https://x/p"] | a | b"#],
        0,
    );
    // Optional calls, and a method that is passed on.
    check_source(
        "const o = { set(api, name) { CALL } };\na && o?.set?.(api, 'p');",
        &[r#"o.set@2:6 ["https://x/p"] | a"#],
        0,
    );
    check_source(
        "const o = { set(name) { CALL } };\nif (a) names.forEach(o.set);",
        &[r#"o.set@2:8 ["https://x/", ""] | a"#],
        0,
    );
    // What is called on something unknown may be it.
    check_source(
        "const o = { set(api, name) { CALL } };\nexports.onExecutePostLogin = async (event, api) => { o.set(api, 'p'); other.set(api, 'q'); api.cache.set('r', 1); };",
        &[r#"o.set@2:54 ["https://x/p"]"#],
        1,
    );
    check_source(
        "const o = { set(api, name) { CALL } };\nother.set(api, 'q');",
        &[],
        1,
    );
}

#[test]
fn methods_of_classes_are_followed() {
    let class =
        "class C { constructor(api) { this.api = api; } set(name) { const api = this.api; CALL } }";
    check_source(
        &format!("{class}\nif (a) new C(api).set('p');"),
        &[r#"C.set@2:8 ["https://x/p"] | a"#],
        0,
    );
    check_source(
        &format!("{class}\nconst c = new C(api);\nif (a) c.set('p');"),
        &[r#"C.set@3:8 ["https://x/p"] | a"#],
        0,
    );
    // Fields, statics, private methods, the constructor itself.
    for (member, call, name) in [
        ("set = (name) => CALL", "new C().set('p')", "C.set"),
        ("static set(name) { CALL }", "C.set('p')", "C.set"),
        ("constructor(name) { CALL }", "new C('p')", "new C"),
    ] {
        check_source(
            &format!("class C {{ {member} }}\nif (a) {call};"),
            &[&format!(r#"{name}@2:8 ["https://x/p"] | a"#)],
            0,
        );
    }
    check_source(
        "class C { all() { if (b) this.#set('p'); } #set(name) { CALL } }\nif (a) new C().all();",
        &[r#"C.all@2:8 C.#set@1:26 ["https://x/p"] | a | b"#],
        0,
    );
    // A class that extends another one.
    let base = "class B { set(name) { CALL } }";
    check_source(
        &format!("{base} class C extends B {{}}\nif (a) new C().set('p');"),
        &[r#"B.set@2:8 ["https://x/p"] | a"#],
        0,
    );
    check_source(
        &format!(
            "{base} class C extends B {{ set(name) {{ if (b) super.set(name); }} }}\nif (a) new C().set('p');"
        ),
        &[r#"C.set@2:8 B.set@1:117 ["https://x/p"] | a | b"#],
        0,
    );
    check_source(
        "class B { constructor(name) { CALL } } class C extends B { constructor() { super('p'); } }\nif (a) new C();",
        &[r#"new C@2:8 new B@1:122 ["https://x/p"] | a"#],
        0,
    );
    // A class that extends itself by mistake, and a circle.
    check_source(
        "class C extends C { set(name) { CALL } }\nnew C().none();",
        &[],
        0,
    );
    // Fluent calls, factories, fields that are instances.
    check_source(
        "class C { set(name) { CALL; return this; } }\nif (a) new C().set('p').set('q');",
        &[
            r#"C.set@2:8 ["https://x/q"] | a"#,
            r#"C.set@2:8 ["https://x/p"] | a"#,
        ],
        0,
    );
    check_source(
        "const make = () => ({ set(name) { CALL } });\nif (a) make().set('p');",
        &[r#"set@2:8 ["https://x/p"] | a"#],
        0,
    );
    check_source(
        "class C { set(name) { CALL } } class D { constructor() { this.c = new C(); } all() { if (b) this.c.set('p'); } }\nif (a) new D().all();",
        &[r#"D.all@2:8 C.set@1:139 ["https://x/p"] | a | b"#],
        0,
    );
    // A getter.
    check_source(
        "const o = { get claim() { const name = 'p'; CALL } };\nif (a) o.claim;",
        &[r#"o.claim@2:8 ["https://x/p"] | a"#],
        0,
    );
}

#[test]
fn names_of_prototypes_are_no_methods() {
    for name in ["constructor", "__proto__", "toString", "hasOwnProperty"] {
        check_source(
            &format!("const o = {{ set(api, name) {{ CALL }} }};\no.{name}(api, 'p');"),
            &[],
            0,
        );
    }
}
