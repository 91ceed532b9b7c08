//! Components that are cheap to write and costly to compile.

use super::excess;

#[track_caller]
fn check(module: &str, expected: Option<&str>) {
    let component = wat::parse_str(format!("(component (core module {module}))")).expect("text");
    assert_eq!(excess(&component).as_deref(), expected);
}

#[test]
fn what_is_cheap_to_write_and_costly_to_compile_is_refused() {
    check("(func (result i32) i32.const 1)", None);
    check(&"(func)".repeat(50_001), Some("more than 50000 functions"));
    let add = "i32.const 1 i32.add ".repeat(400_000);
    check(
        &format!("(func (result i32) i32.const 0 {add})"),
        Some("more than 524288 bytes in one function"),
    );
    let locals = |count: usize| "i32 ".repeat(count);
    check(
        &format!("(func (local {}))", locals(10_001)),
        Some("more than 10000 variables in one function"),
    );
    let blocks = "block end ".repeat(4_000);
    check(
        &format!("(func (local {}) {blocks})", locals(1_000)),
        Some("more than 3000000 blocks times variables in one function"),
    );
    check(&format!("(func (local {}) {blocks})", locals(500)), None);
    // Without variables, too.
    check(
        &format!("(func {})", "block end ".repeat(30_000)),
        Some("more than 30000 blocks and jumps in one function"),
    );
    check(&format!("(func {})", "block end ".repeat(29_999)), None);
    let many = format!("(func {})", "loop end ".repeat(29_000)).repeat(65);
    check(&many, Some("more than 30000000 blocks times variables"));
    // Parameters are variables.
    let parameters = "i32 ".repeat(200);
    let some = "local.get 0 if end ".repeat(14_000);
    check(
        &format!("(func (param {parameters}) {some})"),
        Some("more than 3000000 blocks times variables in one function"),
    );
    let wide = |count: usize| "i32 ".repeat(count);
    for (parameters, results) in [(201, 0), (0, 201), (100, 101)] {
        check(
            &format!(
                "(type (func (param {}) (result {})))",
                wide(parameters),
                wide(results)
            ),
            Some("more than 200 parameters and results of one type"),
        );
    }
    // So are values that blocks and calls pass on.
    let passes = format!("(type $t (func (param {0}) (result {0})))", wide(100));
    let consts = "i32.const 1 ".repeat(100);
    let drops = "drop ".repeat(100);
    check(
        &format!(
            "{passes} (func {consts} {} {drops})",
            "block (type $t) end ".repeat(14_000)
        ),
        Some("more than 3000000 blocks times variables in one function"),
    );
    check(
        &format!(
            "{passes} (func $f (type $t) {consts}) (func {consts} {} {drops})",
            "call $f ".repeat(11_400)
        ),
        Some("more than 3000000 blocks times variables in one function"),
    );
    let calls = "call $f ".repeat(46_000);
    check(&format!("(func $f) (func {calls})"), None);
    let calls = "i32.const 0 call_indirect (type $t) ".repeat(46_900);
    check(
        &format!("(type $t (func)) (table 1 funcref) (func {calls})"),
        Some("more than 3000000 blocks times variables in one function"),
    );
    let calls = format!("(func {})", "call $f ".repeat(40_000)).repeat(12);
    check(
        &format!("(func $f) {calls}"),
        Some("more than 30000000 blocks times variables"),
    );
    let table = "0 ".repeat(50_002);
    check(
        &format!("(func i32.const 0 br_table {table})"),
        Some("more than 50000 jump targets in one function"),
    );
    check(
        &"(type (func))".repeat(100_001),
        Some("more than 100000 items in one section"),
    );
}

#[test]
fn parts_are_counted() {
    let flat = wat::parse_str(format!("(component {})", "(core module)".repeat(201)));
    assert_eq!(
        excess(&flat.expect("text")).as_deref(),
        Some("more than 200 parts")
    );
}

#[test]
fn instances_are_counted_as_often_as_what_they_are_in() {
    // Each component instantiates the one in it several times.
    let nested = |times: usize, levels: usize| {
        let mut text =
            "(component $c (core module $m) (core instance (instantiate $m)))".to_owned();
        for _ in 0..levels {
            let instances = "(instance (instantiate $c))".repeat(times);
            text = format!("(component $c {text} {instances})");
        }
        let text = text.replacen("(component $c", "(component", 1);
        excess(&wat::parse_str(&text).expect("text"))
    };
    assert_eq!(nested(2, 8), None);
    assert_eq!(nested(14, 3), None);
    for (times, levels) in [(14, 6), (2, 25), (1_000, 2)] {
        assert_eq!(
            nested(times, levels).as_deref(),
            Some("more than 100000 instances"),
            "{times} {levels}"
        );
    }
}
