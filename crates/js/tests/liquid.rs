//! Liquid templates in the sandbox: what LiquidJS renders under Node, and what no template can do.

mod common;

use std::sync::LazyLock;

use common::JAVASCRIPT;
use postlogin_js::liquid::{LENGTH, Liquid, LiquidError, OUTPUT};
use serde_json::{Value, json};

/// 2026-01-01T09:08:07Z, the clock of the recording.
const NOW_MS: i64 = 1_767_258_487_000;

static LIQUID: LazyLock<Liquid> = LazyLock::new(|| JAVASCRIPT.liquid());

fn variables() -> Value {
    serde_json::from_str(include_str!("../../../fixtures/liquid/variables.json"))
        .expect("the fixture is JSON")
}

fn rendered(template: &str) -> Result<String, LiquidError> {
    let texts = LIQUID.render(&[template], &variables(), NOW_MS)?;
    Ok(texts.concat())
}

/// Expects an error of the template, not of the renderer.
#[track_caller]
fn refused(template: &str, message: &str) -> LiquidError {
    let shown: String = template.chars().take(200).collect();
    let error = rendered(template).expect_err(&shown);
    assert!(
        error.message.contains(message) && !error.is_internal,
        "{error:?}\n{shown}"
    );
    error
}

#[test]
fn templates_come_out_as_under_node() {
    let rows = include_str!("../../../fixtures/liquid/cases.jsonl");
    let mut wrong = Vec::new();
    let mut count = 0;
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).expect("each line is JSON");
        let template = row["template"].as_str().expect("each row has a template");
        let found = match rendered(template) {
            Ok(text) => json!({"template": template, "expected": text}),
            Err(error) => json!({
                "template": template, "error": error.message,
                "line": error.place.map(|(line, _)| line), "column": error.place.map(|(_, column)| column),
            }),
        };
        count += 1;
        if found != row {
            wrong.push(format!("{row}\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(count >= 150, "{count} rows");
}

#[test]
fn the_parts_of_a_mail_share_variables_and_nothing_else() {
    let parts = [
        "{% increment n %}{% assign a = 1 %}{{ tenant }}",
        "",
        "{% increment n %}{{ a }}{{ user.given_name }}\u{0}\u{1f600}",
    ];
    let texts = LIQUID.render(&parts, &variables(), NOW_MS);
    assert_eq!(
        texts.expect("they are valid"),
        ["0example", "", "0Jo\u{0}\u{1f600}"]
    );
    let parts = ["fine", "{% if %}", "never reached"];
    let error = LIQUID
        .render(&parts, &variables(), NOW_MS)
        .expect_err("the second one is not valid");
    assert_eq!((error.template, error.place), (1, Some((1, 6))));
}

#[test]
fn long_texts_and_odd_characters_come_out_whole() {
    let text = "a\u{e9}\u{1f600}\u{2028}\r\n\"\\<&".repeat(20_000);
    let variables = json!({"text": text});
    let texts = LIQUID.render(&["{{ text }}"], &variables, NOW_MS);
    assert!(texts.expect("it fits") == [text]);
    // Half of a pair has no form in UTF-8.
    let half = "{% assign units = user.user_metadata.emoji | split: '' %}{{ units[1] }}";
    assert_eq!(rendered(half), Ok("\u{fffd}".to_owned()));
}

#[test]
fn loops_and_ranges_end() {
    for template in [
        "{% for i in (1..20000000000) %}{% endfor %}",
        "{% for i in (1..2000000000) %}{% for j in (1..2000000000) %}x{% endfor %}{% endfor %}",
        "{% assign n = '20000000000' %}{% for i in (1..n) %}x{% endfor %}",
        "{% tablerow i in (1..20000000000) %}{% endtablerow %}",
        "{{ (1..900000000) | size }}",
        "{{ (-9007199254740991..9007199254740991) | join: ',' }}",
    ] {
        let error = refused(template, "memory alloc limit exceeded");
        assert_eq!(error.place.map(|(line, _)| line), Some(1), "{template}");
    }
    // The sandbox's own limits end these.
    refused(
        "{% assign a = (1..9000000) %}{% assign b = a | concat: a | concat: a %}",
        "",
    );
    refused(
        "{% for a in (1..3000) %}{% for b in (1..3000) %}{% for c in user.app_metadata.roles %}{% assign x = c %}{% endfor %}{% endfor %}{% endfor %}",
        "",
    );
}

#[test]
fn outputs_and_values_are_bounded() {
    let too_long = format!("longer than {OUTPUT} characters");
    let long = "x".repeat(1000);
    let error = refused(
        &format!(
            "a\n{{% for i in (1..100000) %}}\n{{% for j in (1..1000) %}}{long}{{% endfor %}}{{% endfor %}}"
        ),
        &too_long,
    );
    assert!(error.place.is_some(), "{error:?}");
    refused(
        &format!(
            "{{% capture x %}}{{% for i in (1..2000) %}}{long}{{% endfor %}}{{% endcapture %}}"
        ),
        &too_long,
    );
    refused(
        "{% for i in (1..100000) %}{% for j in (1..1000) %}xxxxxxxxxxxxxxxxxxxx{% endfor %}{% endfor %}",
        "",
    );
    for filter in [
        "append: a",
        "replace: 'a', 'aaaaaaaaaa'",
        "prepend: a",
        "split: '' | join: a",
    ] {
        let grown = format!("{{% assign a = a | {filter} %}}").repeat(30);
        refused(
            &format!("{{% assign a = 'aaaaaaaaaa' %}}{grown}{{{{ a | size }}}}"),
            "",
        );
    }
    refused("{{ user.user_metadata.date | date: '%999999999d' }}", "");
    refused(&"x".repeat(LENGTH + 1), "the template is longer than");
}

#[test]
fn nesting_is_bounded() {
    // Node refuses these, too; its own end is somewhere between 2,000 and 5,000.
    for depth in [5_000, 50_000] {
        for (open, close) in [
            ("{% if true %}", "{% endif %}"),
            ("{% for i in (1..1) %}", "{% endfor %}"),
            ("{% unless false %}", "{% endunless %}"),
            ("{% capture x %}", "{% endcapture %}"),
            ("{% case 1 %}{% when 1 %}", "{% endcase %}"),
        ] {
            let template = format!("{}x{}", open.repeat(depth), close.repeat(depth));
            refused(&template, "");
        }
    }
    for depth in [50, 500] {
        let deep = format!(
            "{}x{}",
            "{% if true %}".repeat(depth),
            "{% endif %}".repeat(depth)
        );
        assert_eq!(rendered(&deep), Ok("x".to_owned()), "{depth}");
    }
    refused(&format!("{{{{ {}", "(".repeat(100_000)), "");
    refused(&format!("{{{{ a{} }}}}", "[a".repeat(50_000)), "");
    let path = ".a".repeat(1_000);
    assert_eq!(
        rendered(&format!("{{{{ user{path} }}}}")),
        Ok(String::new())
    );
}

#[test]
fn arithmetic_never_fails() {
    for (template, expected) in [
        (
            "{{ -9223372036854775808 | divided_by: -1 }}",
            "9223372036854776000",
        ),
        ("{{ 1 | divided_by: 0 }}", "Infinity"),
        ("{{ 1 | modulo: 0 }}", "NaN"),
        (
            "{% tablerow i in (1..3) cols: 0 %}{{i}}{% endtablerow %}",
            "<tr class=\"row1\"><td class=\"col1\">1</td><td class=\"col2\">2</td><td class=\"col3\">3</td></tr>",
        ),
        (
            "{{ 9223372036854775807 | times: 2 }}",
            "18446744073709552000",
        ),
        ("{% assign n = 12345678901234567890 %}ok", "ok"),
    ] {
        assert_eq!(rendered(template), Ok(expected.to_owned()), "{template}");
    }
}

#[test]
fn a_template_reaches_nothing_but_its_variables() {
    for template in [
        "{{ constructor }}{{ user.constructor.constructor }}{{ user.__proto__ }}{{ globalThis }}{{ require }}{{ process }}",
        "{{ user.app_metadata.roles.map }}{{ user['constructor']['prototype'] }}",
    ] {
        assert_eq!(rendered(template), Ok(String::new()), "{template}");
    }
    let variables = json!({"__proto__": {"a": 1}, "constructor": "c", "then": "t", "toString": "s", "size": {"size": 1}});
    let texts = LIQUID.render(
        &["{{ constructor }}{{ then }}{{ toString }}{{ size.size }}{{ a }}"],
        &variables,
        NOW_MS,
    );
    assert_eq!(texts, Ok(vec!["cts1".to_owned()]));
    refused("{% include '/etc/passwd' %}", "ENOENT");
    refused("{% render '../../etc/passwd' %}", "ENOENT");
    refused("{% layout 'http://localhost/' %}", "ENOENT");
}

#[test]
fn debug_prints_the_variables() {
    let texts = LIQUID.render(&["{% debug %}"], &json!({"user": {"name": "<Jo>"}}), NOW_MS);
    let text = texts.expect("it is valid").concat();
    assert!(
        text.contains("&#34;name&#34;: &#34;&lt;Jo&gt;&#34;"),
        "{text}"
    );
}
