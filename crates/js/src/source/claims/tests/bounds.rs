//! Sources that are large, or made to be slow.

use super::claim_sites;

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
