//! `JSON.parse`: simple texts are read at once, all others by the parser of QuickJS-ng. The answers are Node's, and both parsers agree.

mod common;

use common::printed;

/// Describes a value, as `data/record-json.mjs` does.
fn describe() -> &'static str {
    let recorder = include_str!("data/record-json.mjs");
    let start = recorder.find("const describe").expect("the function");
    let end = recorder.find("const keys").expect("what follows it");
    &recorder[start..end]
}

#[test]
fn the_answers_are_those_of_node() {
    let rows: Vec<&str> = include_str!("data/json.jsonl").lines().collect();
    assert!(rows.len() > 100, "{}", rows.len());
    let differences = printed(&format!(
        "{}
         exports.onExecutePostLogin = async () => {{
           let same = 0;
           for (const {{ text, answer }} of [{}]) {{
             let given;
             try {{ given = describe(JSON.parse(text)); }} catch (error) {{ given = `${{error.name}}: ${{error.message}}`; }}
             if (given === answer) same++; else console.log(JSON.stringify(text), given, answer);
           }}
           console.log(same);
         }};",
        describe(),
        rows.join(","),
    ));
    assert_eq!(differences, format!("{}\n", rows.len()));
}

/// Texts that are nearly right, by chance. With a reviver, the other parser reads them.
#[test]
fn both_parsers_agree() {
    let differences = printed(&format!(
        r#"{}
        let state = 12345;
        const below = (count) => {{
          state = (Math.imul(state, 1103515245) + 12345) >>> 0;
          return (state >>> 8) % count;
        }};
        const SPACE = ['', '', '', ' ', '\n', '\t \r'];
        const space = () => SPACE[below(SPACE.length)];
        const STRINGS = ['""', '"a"', '"user_id"', '"email"', '"1"', '"0"', '"a b"', '"\\n"', '"\\u00e9"', '"é"', '"__proto__"', '"x\\"y"', '"aaaaaaaaaaaaaaaaaaaaaaaaaaa"', '"\\q"', '"\u0001"'];
        const string = () => STRINGS[below(STRINGS.length - (below(40) ? 2 : 0))];
        const SCALARS = ['0', '-0', '7', '-12', '1.5', '1e3', '12345678901', 'true', 'false', 'null', '1.e', 'nul', '-', '01'];
        const scalar = () => SCALARS[below(SCALARS.length - (below(40) ? 4 : 0))];
        const list = (make) => Array.from({{ length: below(5) }}, make).join(`${{space()}},${{space()}}`);
        const value = (depth) => {{
          switch (below(depth > 4 ? 2 : 5)) {{
            case 0: return string();
            case 1: return scalar();
            case 2: return `[${{space()}}${{list(() => value(depth + 1))}}${{space()}}]`;
            default: return `{{${{space()}}${{list(() => `${{string()}}${{space()}}:${{space()}}${{value(depth + 1)}}`)}}${{space()}}}}`;
          }}
        }};
        const text = () => {{
          const whole = `${{space()}}${{value(0)}}${{space()}}`;
          const at = below(whole.length);
          switch (below(6)) {{
            case 0: return whole.slice(0, at);
            case 1: return whole.slice(0, at) + '{{}}[],:"\\0 1tfn\\'[below(14)] + whole.slice(at + below(2));
            default: return whole;
          }}
        }};
        const answer = (parse) => {{
          try {{ return describe(parse()); }} catch (error) {{ return `${{error.name}}: ${{error.message}}`; }}
        }};
        exports.onExecutePostLogin = async () => {{
          let good = 0, bad = 0;
          for (let round = 0; round < 4000; round++) {{
            const made = text();
            const [simple, other] = [answer(() => JSON.parse(made)), answer(() => JSON.parse(made, (key, value) => value))];
            if (simple !== other) console.log(JSON.stringify(made), simple, other);
            if (simple.includes('Error')) bad++; else good++;
          }}
          if (good < 1000 || bad < 300) console.log('too few', good, bad);
        }};"#,
        describe()
    ));
    assert_eq!(differences, "");
}

/// Values of the parser share nothing with earlier ones.
#[test]
fn values_are_independent() {
    let printed = printed(
        "exports.onExecutePostLogin = async (event) => {
           const text = JSON.stringify(event);
           const [one, other] = [JSON.parse(text), JSON.parse(text)];
           one.user.email = 'changed'; delete one.client; one.user.added = 1; one.request.geoip = {};
           console.log(other.user.email === event.user.email, 'client' in other, 'added' in other.user);
           console.log(JSON.stringify(JSON.parse(text)) === text, Object.getPrototypeOf(other) === Object.prototype);
         };",
    );
    assert_eq!(printed, "true true false\ntrue true\n");
}
