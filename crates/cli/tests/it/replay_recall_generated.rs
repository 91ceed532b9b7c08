//! Generated Actions in every form give the same report whether their logins are recalled or each of them runs.
//! `RECALL_SEED=N` generates others.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use postlogin_js::Modules;
use postlogin_js::inputs::inputs;

use crate::support::{folder, postlogin};

/// So many pairs of Actions are compared.
const PAIRS: u64 = 18;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).expect("it fits")
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }
}

/// Objects of the event. `{e}` is the event under its name at that place.
const OBJECTS: &[&str] = &[
    "{e}.user.app_metadata",
    "{e}.user.user_metadata",
    "{e}['user'].app_metadata",
    "{e}.connection",
    "{e}.user",
    "({e}.user.app_metadata ?? {})",
    "({e}.organization || {e}.connection)",
];

/// Values of an event: what few users have alone comes oftener.
const VALUES: &[&str] = &[
    "{e}.user.app_metadata.plan",
    "{e}.user.app_metadata?.plan ?? 'none'",
    "{e}.user.app_metadata.roles?.length",
    "{e}.user.email_verified",
    "{e}.connection.name",
    "{e}.connection['strategy']",
    "{e}.user.user_metadata?.lang",
    "{e}.user.blocked === true ? {e}.connection.name : {e}.user.app_metadata.role",
    "'plan' in {e}.user.app_metadata",
    "typeof {e}.user.app_metadata.roles",
    "{e}.user.app_metadata && !{e}.user.email_verified",
    "(() => { try { throw 1; } catch (u) { var u = {e}.user; return u.app_metadata?.plan; } })()",
    "(() => { let u = {e}.connection; u = {e}.user.app_metadata ?? u; return u.plan ?? u.name; })()",
    "({e}.user.app_metadata.roles || []).includes('admin')",
    "{e}.user.email_verified == null || {e}.organization?.id === undefined",
    "`${{e}.user.app_metadata.plan}-${{e}.connection.name}`",
    "(() => {e}.user.app_metadata.plan)()",
    "({ get plan() { return {e}.user.app_metadata.plan; } }).plan",
    "({ ...{e}.user.app_metadata, own: 1 }).plan",
    "Object.keys({e}.user.app_metadata).sort()",
    "Object.entries({e}.user.user_metadata ?? {}).map(([key, value]) => key + typeof value)",
    "JSON.stringify({e}.user.app_metadata ?? null)",
    "{e}.user[['app', 'metadata'].join('_')].plan",
    "({e}.user.app_metadata.roles ?? [])[0]",
    "({e}.user.identities ?? []).length",
    "({e}.user.email ?? '').split('@')[1]",
    "{e}.user.app_metadata.roles?.map((role) => role.length)",
    "{e}.user.app_metadata.roles?.join()",
    "{e}.user.identities?.some((identity) => identity.isSocial)",
    "{e}.user.app_metadata.constructor === Object",
    "{e}.user.app_metadata.toString()",
    "{e}.user.app_metadata.hasOwnProperty('plan')",
    "new Date().getUTCFullYear() + ({e}.user.app_metadata.plan ? 1 : 0)",
    "{e}.secrets.NONE ?? {e}.request.ip",
    "[{e}.user.app_metadata].map((m) => m.plan)[0]",
];

/// Helpers: `{n}` is a number of their own, and the value that they give depends on the event.
const HELPERS: &[&str] = &[
    "function h{n}(e) { return {v}; }",
    "const h{n} = (e) => {v};",
    "const h{n} = function named(e, more = e.connection) { return more.name + {v}; };",
    "function h{n}({ user: { app_metadata: { plan = 'no', ...rest } = {} } }) { return [plan, Object.keys(rest).length]; }",
    "let kept_{n}; function h{n}(e) { kept_{n} = e.user; return kept_{n}.app_metadata?.plan; }",
    "const seen_{n} = new Map(); function h{n}(e) { seen_{n}.set('a', {v}); return seen_{n}.get('a'); }",
    "function h{n}(e, again = true) { return again ? h{n}(e, false) : {v}; }",
    "const inner_{n} = (u, ...others) => others.length + typeof u.app_metadata; const h{n} = (e) => inner_{n}(e.user, e.connection);",
    "function* all_{n}(e) { yield {v}; yield e.connection.name; } const h{n} = (e) => [...all_{n}(e)];",
    "let h{n} = (e) => 1; h{n} = (e) => {v};",
    "const same_{n} = (u) => u; const h{n} = (e) => same_{n}(e.user.app_metadata)?.plan;",
    "const table_{n} = { free: 1, pro: 2 }; const h{n} = (e) => table_{n}[e.user.app_metadata.plan] ?? 0;",
    "const h{n} = (e) => { try { return e.user.app_metadata.plan.length; } catch (error) { return error.message; } };",
    "const h{n} = (e) => { for (const key in e.user.app_metadata) { if (key === 'plan') return key; } return null; };",
    "const h{n} = (e) => { outer: for (const a of [1, 2]) { for (const b of [{v}]) { if (b) continue outer; return a; } } return 0; };",
    "const h{n} = (e) => { const { name, ...rest } = e.connection; return [name, rest.strategy]; };",
];

/// The uses of a value `{v}`, which a helper or an expression gives. `{n}` is a number of its own.
const DEEDS: &[&str] = &[
    "api.idToken.setCustomClaim('https://example.com/{n}', {v});",
    "api.accessToken.setCustomClaim('https://example.com/{n}', {v} ?? null);",
    "api.accessToken.setCustomClaim('https://example.com/{n}', {v} ?? null);",
    "console.log('{n}', {v});",
    "const v{n} = {v}; if (v{n}) api.idToken.setCustomClaim('https://example.com/{n}', v{n});",
    "api.user.setAppMetadata('a{n}', {v} ?? null);",
    "api.user.setUserMetadata('u{n}', [{v} ?? 0]);",
    "if (String({v}) === 'enterprise') api.access.deny(`no: ${{v}}`);",
    "if (String({v}).length > 40) throw new TypeError(`long: ${{v}}`);",
    "await api.cache.set('k{n}', String({v})); api.idToken.setCustomClaim('https://example.com/{n}', (await api.cache.get('k{n}')).value);",
    "{part}",
    "{e}.user.app_metadata.written = {v}; api.idToken.setCustomClaim('https://example.com/{n}', {e}.user.app_metadata.written);",
    "if ({v} === 'pro') api.redirect.sendUserTo('https://example.com/pro');",
];

/// Ways to take an object `{o}` apart.
const PARTS: &[&str] = &[
    "const o{n} = {o}; api.idToken.setCustomClaim('https://example.com/{n}', o{n}?.plan ?? o{n}?.name ?? null);",
    "const { plan: p{n} = 'none', name: n{n}, ...rest{n} } = {o} ?? {}; console.log(p{n}, n{n}, Object.keys(rest{n}));",
    "const { plan: q{n}, strategy: s{n} = q{n} } = {o} ?? {}; api.idToken.setCustomClaim('https://example.com/{n}', [q{n}, s{n}]);",
    "let m{n} = {o}; m{n} = m{n} ?? {}; api.idToken.setCustomClaim('https://example.com/{n}', Object.keys(m{n}).length);",
    "const c{n} = { ...{o} }; api.accessToken.setCustomClaim('https://example.com/{n}', typeof c{n}.plan);",
    "const j{n} = JSON.parse(JSON.stringify({o} ?? null)); console.log(j{n}?.plan);",
];

/// Statements that keep an Action from being recalled, once in a while.
const REFUSED: &[&str] = &[
    "api.idToken.setCustomClaim('https://example.com/chance', Math.random());",
    "api.idToken.setCustomClaim('https://example.com/whole', Object.keys(event).length);",
    "const asked = this === undefined; console.log(asked);",
    "Array.prototype.last = function () { return this[0]; }; console.log([event.user.email].last());",
    "console.log((() => {}).constructor('return Math.random()')());",
    "console.log(await new Promise((done) => setTimeout(() => done(event.user.user_id), 5)));",
];

/// A generated Action: its files, the first of which is named.
struct Action {
    files: Vec<(String, String)>,
}

impl Action {
    fn new(number: u64, random: &mut Random) -> Self {
        let mut helpers = String::new();
        let count = random.below(3);
        for own in 0..count {
            let value = random.one(VALUES).replace("{e}", "e");
            let helper = random.one(HELPERS).replace("{v}", &value);
            let _ = writeln!(helpers, "{}", helper.replace("{n}", &own.to_string()));
        }
        let mut body = String::new();
        for own in 0..=random.below(4) {
            let value = match random.below(3) {
                0 if count > 0 => format!("h{}(event)", random.below(count)),
                _ => random.one(VALUES).replace("{e}", "event"),
            };
            let mut deed = random.one(DEEDS).to_owned();
            if deed == "{part}" {
                let object = random.one(OBJECTS).replace("{e}", "event");
                deed = random.one(PARTS).replace("{o}", &object);
            }
            let deed = deed
                .replace("{e}", "event")
                .replace("{v}", &format!("({value})"));
            let _ = writeln!(body, "  {}", deed.replace("{n}", &(own + 10).to_string()));
        }
        if random.below(8) == 0 {
            let _ = writeln!(body, "  {}", random.one(REFUSED));
        }
        let handler =
            |start: &str, end: &str| format!("{start}async (event, api) => {{\n{body}}}{end};\n");
        let name = |extension: &str| format!("g{number}.{extension}");
        let files = match random.below(5) {
            0 => vec![(
                name("js"),
                format!("{helpers}{}", handler("exports.onExecutePostLogin = ", "")),
            )],
            1 => vec![(
                name("mjs"),
                format!(
                    "{helpers}{}",
                    handler("export const onExecutePostLogin = ", "")
                ),
            )],
            2 => vec![(
                name("mjs"),
                format!(
                    "{}export {{ run as onExecutePostLogin }};\n{helpers}",
                    handler("const run = ", "")
                ),
            )],
            3 => vec![(
                name("ts"),
                format!(
                    "// @ts-nocheck\nimport type {{ Event }} from '@auth0/actions/post-login/v3';\nenum Kind {{ A = 'a' }}\nexport interface Meta {{ plan?: Kind }}\n\
                     {helpers}{}",
                    handler("export const onExecutePostLogin = (", ") as any")
                ),
            )],
            _ => {
                let names: Vec<String> = (0..count).map(|own| format!("h{own}")).collect();
                let names = names.join(", ");
                vec![
                    (
                        name("ts"),
                        format!(
                            "// @ts-nocheck\nimport {{ {names} }} from './helpers{number}';\n{}",
                            handler("export const onExecutePostLogin = ", "")
                        ),
                    ),
                    (
                        format!("helpers{number}.ts"),
                        format!("{helpers}export {{ {names} }};\n"),
                    ),
                ]
            }
        };
        Self { files }
    }

    fn write(&self, place: &Path) {
        for (name, text) in &self.files {
            fs::write(place.join(name), text).expect("a file can be written");
        }
    }

    fn name(&self) -> &str {
        &self.files[0].0
    }

    /// Whether its text shows what it depends on, as far as one file goes.
    fn is_recalled(&self) -> bool {
        let (name, text) = &self.files[0];
        inputs(name, text, &Modules::none()).is_some()
    }
}

#[test]
fn generated_actions_are_recalled_as_they_run() {
    let made = postlogin("generate users --count 160 --seed 11").finish();
    assert_eq!(made.code, Some(0), "{made}");
    let place = folder(&[("users.ndjson", &made.stdout)]);
    let place = place.path();
    let seed = env::var("RECALL_SEED").ok();
    let random = &mut Random(seed.map_or(21, |seed| seed.parse().expect("a number")));
    let mut recalled = 0;
    for pair in 0..PAIRS {
        let sides = [2 * pair, 2 * pair + 1].map(|number| Action::new(number, random));
        for side in &sides {
            side.write(place);
            recalled += u64::from(side.is_recalled());
        }
        let [before, after] = &sides;
        let texts: Vec<&str> = sides
            .iter()
            .flat_map(|side| side.files.iter().map(|(_, text)| text.as_str()))
            .collect();
        let texts = texts.join("\n");
        for (form, out) in [("", "recalled"), ("--run-each", "run")] {
            let (before, after) = (before.name(), after.name());
            let done = postlogin(&format!(
                "replay users.ndjson --before {before} --after {after} --show-values --show-ids --out {out}{pair} {form}"
            ))
            .within(place)
            .finish();
            let is_known = done.code.is_some_and(|code| [0, 100, 102].contains(&code));
            assert!(is_known, "{done}\n{texts}");
        }
        for file in ["summary.json", "differences.ndjson", "report.html"] {
            let [recalled, run] = ["recalled", "run"].map(|out| {
                fs::read_to_string(place.join(format!("{out}{pair}/{file}")))
                    .unwrap_or_else(|error| panic!("{file}: {error}"))
            });
            assert!(recalled == run, "{file} of pair {pair} differs:\n{texts}");
        }
    }
    // A rule that refuses everything would pass as well.
    assert!(recalled >= PAIRS * 2 / 4, "{recalled} are recalled");
}
