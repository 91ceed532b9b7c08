// Takes the place of the middle of the runtime's `process.js`, see xtask/src/recipe.rs: what ends a process in Node, and
// callbacks of process.nextTick. Nothing here depends on what a user may replace, other than `process.emit`, as in Node.
function __wasm_rquickjs_handleUncaughtError(err, domain, origin = 'uncaughtException') {
    try {
        if (domain && typeof domain.emit === 'function') {
            if (err != null && (typeof err === 'object' || typeof err === 'function')) {
                err.domain = domain;
                err.domainThrown = true;
            }
            domain.emit('error', err);
            return;
        }
        process.emit('uncaughtExceptionMonitor', err, origin);
        if (_uncaughtExceptionCallback !== null) {
            _uncaughtExceptionCallback(err);
            return;
        }
        if (process.emit('uncaughtException', err, origin)) return;
    } catch (error) {
        // What a handler of errors throws ends the process.
        err = error;
        origin = 'uncaughtException';
    }
    if (__hooks.uncaught) __hooks.uncaught(err, origin);
}

Object.defineProperty(globalThis, '__wasm_rquickjs_handleUncaughtError', { value: __wasm_rquickjs_handleUncaughtError });

let __firstTick;
let __lastTick;
let __nextTickWakeupScheduled = false;
const __apply = Reflect.apply;

function __drainNextTickQueue() {
    let drained = 0;
    while (__firstTick !== undefined) {
        const entry = __firstTick;
        __firstTick = entry.next;
        drained += 1;
        try {
            if (entry.domain) entry.domain.enter();
            __apply(entry.callback, undefined, entry.args);
            if (entry.domain) entry.domain.exit();
        } catch (e) {
            if (entry.domain) entry.domain.exit();
            __wasm_rquickjs_handleUncaughtError(e, entry.domain);
        }
    }
    __lastTick = undefined;
    return drained;
}

// Ticks run when a turn ends; this begins one when nothing else does.
function __requestNextTickWakeup() {
    if (__nextTickWakeupScheduled || __firstTick === undefined) return;
    __nextTickWakeupScheduled = true;
    __wake(() => {
        __nextTickWakeupScheduled = false;
        __drainNextTickQueue();
    });
}

// Called by the runtime between promise jobs, which it drains itself.
Object.defineProperty(globalThis, '__wasm_rquickjs_drainNextTick', { value: __drainNextTickQueue });
Object.defineProperty(globalThis, '__wasm_rquickjs_requestNextTickWakeup', { value: __requestNextTickWakeup });

process.nextTick = function nextTick(callback, ...args) {
    if (typeof callback !== 'function') {
        throw _makeTypeError('ERR_INVALID_ARG_TYPE',
            'The "callback" argument must be of type function.' + _invalidArgTypeHelper(callback));
    }
    const entry = { __proto__: null, callback, args, domain: process.domain || null, next: undefined };
    if (__firstTick === undefined) __firstTick = entry;
    else __lastTick.next = entry;
    __lastTick = entry;
    __requestNextTickWakeup();
};

// What a listener of an EventTarget throws leaves a tick of its own.
const __tick = process.nextTick;
Object.defineProperty(globalThis, '__wasm_rquickjs_raise', { value: (error) => __tick(() => { throw error; }) });

