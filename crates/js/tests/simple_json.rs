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

/// Reading at once ends at words of eight bytes, at fifteen digits, at 32 properties, and at the shapes that events have.
#[test]
fn both_parsers_agree_at_the_borders() {
    let differences = printed(&format!(
        r#"{}
        exports.onExecutePostLogin = async (event) => {{
          let count = 0;
          const answer = (parse) => {{
            try {{ return describe(parse()); }} catch (error) {{ return `${{error.name}}: ${{error.message}}`; }}
          }};
          const check = (text) => {{
            count++;
            const [simple, other] = [answer(() => JSON.parse(text)), answer(() => JSON.parse(text, (key, value) => value))];
            if (simple !== other) console.log(JSON.stringify(text), simple, other);
          }};
          // Strings, as values and as names.
          for (let length = 0; length < 36; length++) {{
            for (const odd of ['\\"', '\\\\', '\\u00e9', 'é', '\x7f', '\x1f', '\x20', '"', '!', '[', ']', '😀']) {{
              for (let at = 0; at <= length; at += 1 + (at > 2 && at < length - 9)) {{
                const inner = 'abcdefghijklmnopqrstuvwxyz0123456789'.slice(0, length);
                const string = `"${{inner.slice(0, at)}}${{odd}}${{inner.slice(at)}}"`;
                check(string);
                check(`{{${{string}}:${{string}}}}`);
              }}
            }}
          }}
          // Numbers.
          let state = 7;
          const below = (most) => {{
            state = (Math.imul(state, 1103515245) + 12345) >>> 0;
            return (state >>> 8) % most;
          }};
          for (let round = 0; round < 6000; round++) {{
            const digits = (most) => Array.from({{ length: 1 + below(most) }}, () => below(10)).join('');
            const text = `${{['', '-'][below(2)]}}${{below(2) ? below(1000) : digits(9).replace(/^0+(?=.)/, '')}}.${{digits(16)}}${{below(8) ? '' : 'e-2'}}`;
            check(text);
            if (!Object.is(JSON.parse(text), Number(text))) console.log(text, JSON.parse(text), Number(text));
          }}
          // Objects: those of the event, and nearly those.
          const visit = (value) => {{
            if (value === null || typeof value !== 'object') return;
            Object.values(value).forEach(visit);
            if (Array.isArray(value)) return;
            const entries = Object.entries(value).map(([key, inner]) => `${{JSON.stringify(key)}}:${{JSON.stringify(inner)}}`);
            const object = (list) => check(`{{${{list.join(',')}}}}`);
            object(entries);
            object([...entries, ...entries]);
            object([...entries].reverse());
            for (const more of ['"__proto__":1', '"0":2', '"toString":3', '"zz":4']) object([...entries, more]);
            for (let at = 0; at < entries.length; at++) {{
              object(entries.filter((_, other) => other !== at));
              object(entries.with(at, entries[0]));
              object([...entries.slice(0, at), '"7":5', ...entries.slice(at)]);
            }}
          }};
          visit(event);
          for (const size of [31, 32, 33, 34, 65, 200]) {{
            const many = Array.from({{ length: size }}, (_, at) => `"n${{at}}":${{at}}`);
            check(`{{${{many.join(',')}}}}`);
            check(`{{${{many.join(',')}},"n0":"again"}}`);
            check(`{{${{many.join(',')}},"n31":[}}`);
          }}
          if (count < 10000) console.log('too few', count);
        }};"#,
        describe()
    ));
    assert_eq!(differences, "");
}
