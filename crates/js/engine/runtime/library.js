// Node's library on this engine: the loop over the host's clock, what nothing handles, and what the guest asks of it. Takes the
// place of the runtime's own timers and process, see xtask/src/recipe.
import * as clock from '__wasm_rquickjs_builtin/timeout_native';
import { write_stdout, write_stderr } from '__wasm_rquickjs_builtin/process_native';
import { install } from '__wasm_rquickjs_builtin/node_native';

// What the guest is asked for; see guest/run.js.
export const hooks = {
    __proto__: null,
    // Called with an error that nothing else handles, and `uncaughtException` or `unhandledRejection`.
    uncaught: undefined,
    // Prints a warning of the process.
    warn: undefined,
    // Returns the place of the caller, for what may still be pending when a handler returns.
    place: undefined,
    // Called by process.exit and the like; throws.
    exit: undefined,
};

const { min } = Math;
const { apply, setPrototypeOf } = Reflect;
const { then } = Promise.prototype;
const resolved = Promise.resolve();
const TIMEOUT_MAX = 2 ** 31 - 1;
// Lists of their own: nothing that is done to Array.prototype reaches them.
const list = () => {
    const made = [];
    setPrototypeOf(made, null);
    return made;
};

let armed = -1; // the host's timer
// A turn; the runtime runs what it has left behind.
const turn = () => {
    armed = -1;
    node.turn();
    return false;
};

const host = {
    __proto__: null,
    now: clock.now,
    arm(wait) {
        if (armed >= 0) clock.clear_schedule(armed);
        armed = clock.schedule(turn, min(wait, TIMEOUT_MAX), false, []);
    },
    enqueue(callback) {
        apply(then, resolved, [callback]);
    },
    write(stream, text) {
        if (stream === 'stdout') write_stdout(text);
        else write_stderr(text);
    },
    warn: (text) => (hooks.warn ?? write_stderr)(text),
    place: () => hooks.place?.(),
    uncaught: (error, origin) => hooks.uncaught?.(error, origin),
    exit: (code) => hooks.exit?.(code),
};

export const node = install(host);

const hidden = (name, value) => Object.defineProperty(globalThis, name, { value });
// Called by the runtime between promise jobs, which it drains itself, and for promises that nobody handles.
hidden('__wasm_rquickjs_drainNextTick', () => (node.endTurn() ? 1 : 0));
hidden('__wasm_rquickjs_unhandled_rejection_checkpoint', () => 0);
hidden('__wasm_rquickjs_rejection_tracker', (promise, reason, isHandled) => node.rejected(promise, reason, isHandled));
hidden('__wasm_rquickjs_handleUncaughtError', (error) => node.fail(error, false));

// Imitations ask for others by this one.
const { BuiltinModule } = node.require('internal/bootstrap/realm');
Object.defineProperty(globalThis, 'require', {
    value: (name) => {
        const id = BuiltinModule.normalizeRequirableId(name);
        if (id === undefined) throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
        return node.require(id);
    },
    writable: true,
    configurable: true,
});

// ---- for the guest ----

const { kRefed, timerListMap, immediateQueue } = node.require('internal/timers');
const { async_id_symbol: asyncId } = node.internalBinding('symbols');
const { ownKeys } = Reflect;

// Places are kept of so many; more are pending only while they are awaited together.
const MOST_PLACES = 200;
const places = new WeakMap();
const [getPlace, setPlace] = [WeakMap.prototype.get, WeakMap.prototype.set].map((method) => Function.prototype.call.bind(method, places));
let immediates = list(); // those that may not have run
node.onTimer = (timer, type) => {
    if (type === 'Immediate') {
        if (immediates.length > 256) {
            const before = immediates;
            immediates = list();
            for (let at = 0; at < before.length; at++) if (!before[at]._destroyed) immediates[immediates.length] = before[at];
        }
        immediates[immediates.length] = timer;
    }
    if (hooks.place && node.pendingCount() < MOST_PLACES) setPlace(timer, hooks.place());
};

export const getRefTimerCount = node.timerCount;
const { setImmediate, clearImmediate, clearTimeout } = node.require('timers');
export { setImmediate };

function each(visit) {
    const lists = ownKeys(timerListMap);
    for (let at = 0; at < lists.length; at++) {
        const head = timerListMap[lists[at]];
        for (let timer = head._idleNext; timer && timer !== head; timer = timer._idleNext) visit(timer);
    }
    for (let immediate = immediateQueue.head; immediate; immediate = immediate._idleNext) visit(immediate);
}

// The timers that keep a process alive, in the order of their creation: [name, milliseconds, place].
export function pendingTimers(most) {
    const found = list();
    each((timer) => {
        if (timer[kRefed]) found[found.length] = timer;
    });
    const told = list();
    for (let count = min(most, found.length); told.length < count;) {
        let first = 0;
        for (let at = 1; at < found.length; at++) if (found[at][asyncId] < found[first][asyncId]) first = at;
        const timer = found[first];
        const isImmediate = timer._idleTimeout === undefined;
        told[told.length] = {
            __proto__: null,
            name: isImmediate ? 'setImmediate' : timer._repeat ? 'setInterval' : 'setTimeout',
            delay: isImmediate ? undefined : timer._idleTimeout,
            place: getPlace(timer) ?? '',
        };
        found[first] = found[found.length - 1];
        found.length--;
    }
    return told;
}

// Forgets all timers and what else waits for a turn.
export function dropTimers() {
    // In most logins there is none.
    if (armed < 0 && immediates.length === 0 && node.isIdle()) return;
    const found = list();
    each((timer) => { found[found.length] = timer; });
    // Also those of the turn that runs.
    for (let at = 0; at < immediates.length; at++) if (!immediates[at]._destroyed) found[found.length] = immediates[at];
    immediates = list();
    for (let at = 0; at < found.length; at++) {
        if (found[at]._idleTimeout === undefined) clearImmediate(found[at]);
        else clearTimeout(found[at]);
    }
    node.forget();
    if (armed >= 0) clock.clear_schedule(armed);
    armed = -1;
}
