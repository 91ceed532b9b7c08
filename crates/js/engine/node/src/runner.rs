//! The native runner: Node's library in a QuickJS of this process, with the machine's clock and no network.
//!
//! `node-rows run FILE [--format json]` takes the place of `postlogin run` for `run.mjs` of the conformance rows: FILE is an
//! Action for post-login. `node-rows FILE` evaluates a script with `require`.

use rquickjs::{
    CatchResultExt, CaughtError, Context, Ctx, Function, Object, Runtime, Value, function::Func,
};
use std::{
    cell::Cell,
    fs,
    process::ExitCode,
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

use crate::{bytes, install};

const RUNNER: &str = include_str!("../js/runner.js");

/// A script of ours as it is in the folder that `NODE_ROWS_JS` names, to try changes without a build.
pub(crate) fn edited(name: &str, built: &str) -> String {
    let base = name.rsplit(['/', ':']).next().unwrap_or(name);
    let folder = std::env::var_os("NODE_ROWS_JS").map(std::path::PathBuf::from);
    let edited =
        folder.and_then(|folder| fs::read_to_string(folder.join(format!("{base}.js"))).ok());
    edited.unwrap_or_else(|| built.to_owned())
}

/// What the loop waits for.
#[derive(Clone, Default)]
struct Clock {
    due: Rc<Cell<Option<Instant>>>,
}

/// Runs the program; see above.
pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (kind, file) = match arguments.first().map(String::as_str) {
        Some("run") if std::env::var_os("GUEST").is_some() => ("guest", arguments.get(1)),
        Some("run") => ("action", arguments.get(1)),
        Some("guest") => ("guest", arguments.get(1)),
        Some(_) => ("script", arguments.first()),
        None => ("", None),
    };
    let Some(source) = file.and_then(|file| fs::read_to_string(file).ok()) else {
        eprintln!("usage: node-rows [run] FILE");
        return ExitCode::from(2);
    };
    match run(kind, &source) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run(kind: &str, source: &str) -> Result<(), String> {
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    runtime.set_max_stack_size(4 << 20);
    let context = Context::full(&runtime).map_err(|error| error.to_string())?;
    runtime.set_loader(Anything, Scripts);
    let clock = Clock::default();
    let started = Instant::now();
    runtime.set_host_promise_rejection_tracker(Some(Box::new(
        |ctx, promise, reason, is_handled| {
            if let Ok(rejected) = ctx.globals().get::<_, Function>("__rejected") {
                let _ = rejected.call::<_, Value>((promise, reason, is_handled));
            }
        },
    )));
    let result = context.with(|ctx| {
        if kind == "guest" {
            return guest(&ctx, &clock, started, source);
        }
        let host = host(&ctx, &clock, started).catch(&ctx).map_err(shown)?;
        let node = install(&ctx, host).catch(&ctx).map_err(shown)?;
        if std::env::var_os("NODE_ROWS_TIME").is_some() {
            eprintln!("boot {:?}", started.elapsed());
        }
        node.get::<_, Function>("setOrigin")
            .and_then(|set| set.call::<_, ()>(()))
            .catch(&ctx)
            .map_err(shown)?;
        let runner: Function = ctx
            .eval(edited("runner", RUNNER))
            .catch(&ctx)
            .map_err(shown)?;
        let run: Object = runner
            .call((node.clone(), kind, source))
            .catch(&ctx)
            .map_err(shown)?;
        let turn: Function = node.get("turn").catch(&ctx).map_err(shown)?;
        let end_turn: Function = node.get("endTurn").catch(&ctx).map_err(shown)?;
        loop {
            end_turn.call::<_, Value>(()).catch(&ctx).map_err(shown)?;
            let is_done = run.get::<_, bool>("isDone").catch(&ctx).map_err(shown)?;
            match clock.due.take() {
                Some(due) if !is_done => {
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    turn.call::<_, Value>(()).catch(&ctx).map_err(shown)?;
                }
                _ => break,
            }
        }
        let finish: Function = run.get("finish").catch(&ctx).map_err(shown)?;
        finish.call::<_, ()>(()).catch(&ctx).map_err(shown)
    });
    // The engine is thrown away whole; so does the component.
    std::mem::forget(context);
    std::mem::forget(runtime);
    result
}

/// Runs an Action by the guest itself: the folder `crates/js/engine` is above the working folder's `js`.
fn guest<'js>(ctx: &Ctx<'js>, clock: &Clock, started: Instant, source: &str) -> Result<(), String> {
    let globals = ctx.globals();
    let host = host(ctx, clock, started).catch(ctx).map_err(shown)?;
    let install_now = Func::from(|ctx: Ctx<'js>, host: Object<'js>| install(&ctx, host));
    host.set("install", install_now).catch(ctx).map_err(shown)?;
    let due = clock.due.clone();
    host.set("disarm", Func::from(move || due.set(None)))
        .catch(ctx)
        .map_err(shown)?;
    host.set("evaluateInNewRealm", Func::from(evaluate_in_new_realm))
        .catch(ctx)
        .map_err(shown)?;
    host.set(
        "logs",
        rquickjs::Array::new(ctx.clone())
            .catch(ctx)
            .map_err(shown)?,
    )
    .catch(ctx)
    .map_err(shown)?;
    host.set("source", source).catch(ctx).map_err(shown)?;
    globals
        .set("__native", host.clone())
        .catch(ctx)
        .map_err(shown)?;
    let module = rquickjs::Module::evaluate(ctx.clone(), "main", "import { loader } from 'guest'; import { node, hooks } from '__wasm_rquickjs_builtin/timeout';
        const native = globalThis.__native; native.node = node; globalThis.__rejected = (...rest) => node.rejected(...rest); native.loader = loader;");
    module
        .catch(ctx)
        .map_err(shown)?
        .finish::<()>()
        .catch(ctx)
        .map_err(shown)?;
    let start: Function = ctx.eval(START_GUEST).catch(ctx).map_err(shown)?;
    let native: Object = start.call(()).catch(ctx).map_err(shown)?;
    let node: Object = native.get("node").catch(ctx).map_err(shown)?;
    let turn: Function = node.get("turn").catch(ctx).map_err(shown)?;
    let end_turn: Function = node.get("endTurn").catch(ctx).map_err(shown)?;
    loop {
        end_turn.call::<_, Value>(()).catch(ctx).map_err(shown)?;
        match clock.due.take() {
            Some(due) => {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                turn.call::<_, Value>(()).catch(ctx).map_err(shown)?;
            }
            None => break,
        }
        if native.get::<_, bool>("isDone").unwrap_or(false) {
            break;
        }
    }
    let finish: Function = native.get("finish").catch(ctx).map_err(shown)?;
    finish.call::<_, ()>(()).catch(ctx).map_err(shown)
}

/// Loads and runs the Action; prints the outcome as `postlogin run` does.
const START_GUEST: &str = "(() => {
    const native = __native;
    const { loader, source } = native;
    delete globalThis.__native;
    const outcome = { status: 'failed', logs: native.logs };
    const fail = (fault) => {
        native.isDone = true;
        outcome.error = { name: `${fault?.name}`, message: `${fault?.message}`, stack: `${fault?.stack}` };
    };
    native.finish = () => {
        if (!native.isDone) fail({ name: 'Hang', message: 'nothing left to do' });
        native.print(JSON.stringify(outcome));
    };
    try {
        loader.load('action', 'code.js', source);
        loader.run('post-login', 'onExecutePostLogin', '{}').then(() => {
            native.isDone = true;
            outcome.status = 'allowed';
        }, fail);
    } catch (fault) {
        fail(fault);
    }
    return native;
})";

struct Anything;

impl rquickjs::loader::Resolver for Anything {
    fn resolve<'js>(
        &mut self,
        _: &Ctx<'js>,
        _: &str,
        name: &str,
        _: Option<rquickjs::loader::ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        Ok(name.to_owned())
    }
}

struct Scripts;

impl rquickjs::loader::Loader for Scripts {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<rquickjs::loader::ImportAttributes<'js>>,
    ) -> rquickjs::Result<rquickjs::Module<'js>> {
        let file =
            |path: &str| fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let source = match name {
            "guest" => file(&std::env::var("GUEST").unwrap_or_default()),
            "__wasm_rquickjs_builtin/timeout" => file("../runtime/library.js"),
            "__wasm_rquickjs_builtin/imitations" => file("../runtime/imitations.js"),
            "__wasm_rquickjs_builtin/timeout_native" => "const n = globalThis.__native; export const now = () => n.now(); export const clear_schedule = () => n.disarm(); export const schedule = (turn, wait) => { n.arm(wait); return 1; };".to_owned(),
            "__wasm_rquickjs_builtin/process_native" => "export const write_stdout = globalThis.__native.print; export const write_stderr = globalThis.__native.printError;".to_owned(),
            "__wasm_rquickjs_builtin/node_native" => "export const install = globalThis.__native.install;".to_owned(),
            "__wasm_rquickjs_builtin/vm_native" => "import { node } from '__wasm_rquickjs_builtin/timeout'; export const eval_with_filename = node.native.compile; export const eval_in_new_context = globalThis.__native.evaluateInNewRealm;".to_owned(),
            "__wasm_rquickjs_builtin/intl" => "export const Intl = { NumberFormat: class {} };".to_owned(),
            "__wasm_rquickjs_builtin/web_crypto" => "class KeyObject {} class CryptoKey {} class Crypto {} class SubtleCrypto { importKey() {} } export { KeyObject, CryptoKey, Crypto, SubtleCrypto }; export const webcrypto = { subtle: new SubtleCrypto() }; export class X509Certificate {}".to_owned(),
            "node:console" => "import { node } from '__wasm_rquickjs_builtin/timeout'; import '__wasm_rquickjs_builtin/imitations'; export const { Console } = node.require('console');".to_owned(),
            "postlogin:actions/dynamic@0.3.1" => "export const call = () => '{}';".to_owned(),
            "postlogin:actions/console@0.3.1" => "const { logs } = globalThis.__native; export const write = (level, line) => { logs[logs.length] = { message: line }; };".to_owned(),
            "postlogin:actions/modules@0.3.1" => "export const resolve = (importer, name) => { throw { code: 'MODULE_NOT_FOUND', message: `Cannot find module '${name}'` }; }; export const load = resolve; export const secrets = () => '{}';".to_owned(),
            _ => "export default {};".to_owned(),
        };
        rquickjs::Module::declare(ctx.clone(), name, source)
    }
}

fn evaluate_in_new_realm<'js>(
    ctx: Ctx<'js>,
    source: String,
    names: Vec<String>,
    values: Vec<Value<'js>>,
) -> rquickjs::Result<Value<'js>> {
    use rquickjs::qjs;
    unsafe {
        let realm = qjs::JS_NewContext(qjs::JS_GetRuntime(ctx.as_raw().as_ptr()));
        let realm = std::ptr::NonNull::new(realm).ok_or(rquickjs::Error::Unknown)?;
        let inner = Ctx::from_raw(realm);
        for (name, value) in names.iter().zip(values) {
            inner.globals().set(name.as_str(), value)?;
        }
        inner.eval(source)
    }
}

fn shown(error: CaughtError<'_>) -> String {
    error.to_string()
}

fn host<'js>(ctx: &Ctx<'js>, clock: &Clock, started: Instant) -> rquickjs::Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    host.set(
        "now",
        Func::from(move || started.elapsed().as_secs_f64() * 1000.0 + 50.0),
    )?;
    let due = clock.due.clone();
    host.set(
        "arm",
        Func::from(move |wait: f64| {
            due.set(Some(
                Instant::now() + Duration::from_secs_f64(wait.max(0.0) / 1000.0),
            ))
        }),
    )?;
    host.set("print", Func::from(|text: String| print!("{text}")))?;
    host.set("printError", Func::from(|text: String| eprint!("{text}")))?;
    host.set(
        "random",
        Func::from(|ctx: Ctx<'js>, target: Value<'js>| {
            let mut state = 0x9e37_79b9_7f4a_7c15_u64;
            for byte in bytes::of(&ctx, &target) {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                *byte = (state >> 56) as u8;
            }
        }),
    )?;
    ctx.eval::<Function, _>(
        "(host) => { let last; const { then } = Promise.prototype;
            host.enqueue = (callback) => { Reflect.apply(then, Promise.resolve(), [callback]); };
            host.imitation = (id) => host.imitations?.[id];
            host.write = (stream, text) => (stream === 'stdout' ? host.print : host.printError)(text);
            host.exit = (code) => { throw new Error(`exit ${code}`); };
            host.uncaught = (error) => host.print(`uncaught ${error?.stack ?? error}\\n`); }",
    )?
    .call::<_, ()>((host.clone(),))?;
    Ok(host)
}
