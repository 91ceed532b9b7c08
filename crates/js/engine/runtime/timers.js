// Takes the place of the runtime's `timeout.js`, see xtask/src/recipe.rs. All timers are in one heap and only the next one
// waits for the host's clock: a timer costs log n, and timers fire by due time, then in the order of their creation.
import * as timeoutNative from '__wasm_rquickjs_builtin/timeout_native'
import { _captureContext, _restoreContext } from 'node:async_hooks'

// What the guest is asked for; see guest/run.js.
export const hooks = {
    __proto__: null,
    // Called with an error that nothing else handles, and `uncaughtException` or `unhandledRejection`.
    uncaught: undefined,
    // Prints a warning of the process.
    warn: undefined,
    // Returns the place of the caller, for what may still be pending when a handler returns.
    place: undefined,
};

const { ceil, max, min, trunc } = Math;
const { setPrototypeOf } = Object;
const enqueue = globalThis.queueMicrotask;
const toPrimitive = Symbol.toPrimitive;
const dispose = Symbol.dispose;

// Lists of their own: nothing that is done to Array.prototype reaches them.
const list = () => setPrototypeOf([], null);

const TIMEOUT_MAX = 2 ** 31 - 1;
// An interval that is late by less is due again as if it had been in time. Node sets it anew from the time of its loop, which
// is hardly late: V8 runs a thousand callbacks in a millisecond, and this engine takes twenty.
const FORGIVEN = 100;

let created = 0; // timers so far
const heap = list(); // entries by `due`, then by `order`
let immediates = list(); // entries
let firstImmediate = 0;
let waiting = 0; // entries in either that keep a process alive
const byId = { __proto__: null }; // entries whose id was asked for

// The time of a turn, in whole milliseconds, as Node's loop has it: timers that are made in one turn begin at the same time.
let time = -1;
const loopTime = () => (time < 0 ? (time = trunc(timeoutNative.now())) : time);

// Called by the runtime at the end of each turn.
export function turnEnded() {
    time = -1;
}

const isBefore = (a, b) => (a.due === b.due ? a.order < b.order : a.due < b.due);

function put(entry, at) {
    heap[at] = entry;
    entry.at = at;
}

function rise(entry, at) {
    while (at > 0) {
        const above = (at - 1) >> 1;
        if (!isBefore(entry, heap[above])) break;
        put(heap[above], at);
        at = above;
    }
    put(entry, at);
}

function sink(entry, at) {
    const { length } = heap;
    for (;;) {
        let below = 2 * at + 1;
        if (below >= length) break;
        if (below + 1 < length && isBefore(heap[below + 1], heap[below])) below++;
        if (!isBefore(heap[below], entry)) break;
        put(heap[below], at);
        at = below;
    }
    put(entry, at);
}

function insert(entry) {
    created++;
    entry.order = created;
    if (entry.isReferenced) waiting++;
    if (entry.isImmediate) {
        entry.at = immediates.length;
        immediates[entry.at] = entry;
    } else {
        rise(entry, heap.length);
    }
    arm();
}

function remove(entry) {
    const { at } = entry;
    if (at < 0) return;
    entry.at = -1;
    if (entry.isReferenced) waiting--;
    if (entry.isImmediate) {
        immediates[at] = undefined;
        return;
    }
    const last = heap[heap.length - 1];
    heap.length--;
    if (last === entry) return;
    const above = (at - 1) >> 1;
    if (at > 0 && isBefore(last, heap[above])) rise(last, at);
    else sink(last, at);
}

// ---- the next one ----

let isArming = false;
let armed = -1; // the host's timer
let armedFor = Infinity; // when it is due

// Behind the running turn, so that many new timers ask the host once.
function arm() {
    if (isArming || isRunning) return;
    const due = firstImmediate < immediates.length ? 0 : heap.length > 0 ? heap[0].due : Infinity;
    if (due >= armedFor) return;
    isArming = true;
    enqueue(armNow);
}

function armNow() {
    isArming = false;
    const hasImmediates = firstImmediate < immediates.length;
    if (!hasImmediates && heap.length === 0) return;
    const due = hasImmediates ? 0 : heap[0].due;
    if (due >= armedFor) return;
    if (armed >= 0) timeoutNative.clear_schedule(armed);
    armedFor = due;
    const wait = hasImmediates ? 0 : max(0, ceil(due - timeoutNative.now()));
    armed = timeoutNative.schedule(turn, min(wait, TIMEOUT_MAX), false, []);
}

// The turn that runs: timers that were due and immediates that were there when it began.
let isRunning = false;
let until;
let lastImmediate;

// Runs one callback; the runtime runs what it has left behind and calls this again while it returns true.
function turn() {
    if (!isRunning) {
        isRunning = true;
        armed = -1;
        armedFor = Infinity;
        time = -1;
        until = loopTime();
        lastImmediate = immediates.length;
    }
    while (firstImmediate < lastImmediate) {
        const entry = immediates[firstImmediate];
        immediates[firstImmediate++] = undefined;
        if (entry) return run(entry);
    }
    if (firstImmediate > 0) {
        if (firstImmediate >= immediates.length) immediates = list();
        else {
            const rest = list();
            while (firstImmediate < immediates.length) {
                const entry = immediates[firstImmediate++];
                if (entry) {
                    entry.at = rest.length;
                    rest[entry.at] = entry;
                }
            }
            immediates = rest;
        }
        firstImmediate = lastImmediate = 0;
    }
    if (heap.length > 0 && heap[0].due <= until) return run(heap[0]);
    isRunning = false;
    arm();
    return false;
}

function run(entry) {
    if (entry.isImmediate) {
        entry.at = -1;
        if (entry.isReferenced) waiting--;
    } else {
        remove(entry);
    }
    try {
        const callback = entry.isImmediate ? entry.callback : entry.timer._onTimeout;
        if (typeof callback === 'function') _restoreContext(entry.context, callback, entry.timer, entry.args);
    } catch (error) {
        globalThis.__wasm_rquickjs_handleUncaughtError(error);
    } finally {
        if (!entry.isImmediate && entry.at < 0 && !entry.isClosed) {
            // A timer may be made an interval while it runs.
            const repeat = entry.timer._repeat;
            if (repeat > 0) {
                entry.delay = entry.timer._idleTimeout = normalized(repeat);
                entry.due = (until - entry.due < FORGIVEN ? entry.due : until) + entry.delay;
                insert(entry);
            } else {
                entry.isClosed = entry.timer._destroyed = true;
            }
        }
    }
    return true;
}

// ---- what Node has ----

function close(entry) {
    entry.isClosed = true;
    entry.timer._destroyed = true;
    remove(entry);
}

function reference(entry, isReferenced) {
    if (entry.isReferenced === isReferenced) return;
    entry.isReferenced = isReferenced;
    if (entry.at >= 0) waiting += isReferenced ? 1 : -1;
}

// What both kinds have. The entry is private: what a user does to a timer does not reach the heap.
class Timer {
    #entry;

    constructor(entry) {
        this._destroyed = false;
        this.#entry = {
            __proto__: null, timer: this, isImmediate: false, isReferenced: true, isClosed: false, due: 0, order: 0, at: -1,
            context: _captureContext(), place: takePlace(), ...entry,
        };
        insert(this.#entry);
    }

    static of(value) {
        return #entry in value ? value.#entry : undefined;
    }

    ref() {
        reference(this.#entry, true);
        return this;
    }

    unref() {
        reference(this.#entry, false);
        return this;
    }

    hasRef() {
        return this.#entry.isReferenced && !this.#entry.isClosed;
    }

    [dispose]() {
        close(this.#entry);
    }
}

const entryOf = Timer.of;
delete Timer.of;

class Timeout extends Timer {
    constructor(callback, delay, args, isInterval) {
        super({ args, delay, due: loopTime() + delay, name: isInterval ? 'setInterval' : 'setTimeout' });
        this._idleTimeout = delay;
        this._onTimeout = callback;
        this._repeat = isInterval ? delay : null;
    }

    refresh() {
        const entry = entryOf(this);
        if (!entry.isClosed || entry.at >= 0) {
            remove(entry);
            entry.due = loopTime() + entry.delay;
            insert(entry);
        }
        return this;
    }

    close() {
        close(entryOf(this));
        return this;
    }

    [toPrimitive]() {
        const entry = entryOf(this);
        const id = (entry.id ??= entry.order);
        byId[id] = entry;
        return id;
    }
}

class Immediate extends Timer {
    constructor(callback, args) {
        super({ args, callback, isImmediate: true, name: 'setImmediate' });
        this._onImmediate = callback;
    }
}

// Places are kept of so many; more are pending only while they are awaited together.
const MOST_PLACES = 200;
const takePlace = () => (hooks.place && waiting < MOST_PLACES ? hooks.place() : '');

function validateCallback(callback) {
    if (typeof callback !== 'function') {
        const err = new TypeError('The "callback" argument must be of type function. Received ' + (callback === null ? 'null' : typeof callback));
        err.code = 'ERR_INVALID_ARG_TYPE';
        throw err;
    }
}

const normalized = (delay) => (delay >= 1 && delay <= TIMEOUT_MAX ? trunc(delay) : 1);

function normalizeTimerDelay(time) {
    const delay = +time;
    if (delay > TIMEOUT_MAX && typeof process !== 'undefined' && typeof process.emitWarning === 'function') {
        process.emitWarning(`${time} does not fit into a 32-bit signed integer.\nTimeout duration was set to 1.`, 'TimeoutOverflowWarning');
    }
    return normalized(delay);
}

export function setTimeout(callback, time, ...args) {
    validateCallback(callback);
    return new Timeout(callback, normalizeTimerDelay(time), args, false);
}

export function setInterval(callback, time, ...args) {
    validateCallback(callback);
    return new Timeout(callback, normalizeTimerDelay(time), args, true);
}

export function setImmediate(callback, ...args) {
    validateCallback(callback);
    return new Immediate(callback, args);
}

export function clearTimeout(timer) {
    if (timer === null || timer === undefined) return;
    if (typeof timer === 'object') {
        const entry = entryOf(timer);
        if (entry && !entry.isImmediate) close(entry);
    } else if (typeof timer === 'number' || typeof timer === 'string') {
        const entry = byId[timer];
        if (entry) {
            delete byId[timer];
            close(entry);
        }
    }
}

export function clearInterval(timer) {
    clearTimeout(timer);
}

export function clearImmediate(immediate) {
    if (immediate === null || typeof immediate !== 'object') return;
    const entry = entryOf(immediate);
    if (entry?.isImmediate) close(entry);
}

export function getRefTimerCount() {
    return waiting;
}

// ---- for the runtime ----

// Begins a turn, which runs what waits for one.
export function wake(callback) {
    timeoutNative.schedule(() => {
        callback();
        return false;
    }, 0, false, []);
}

// ---- for the guest ----

// The timers that keep a process alive, in the order of their creation: [name, milliseconds, place].
export function pendingTimers(most) {
    const found = list();
    const take = (entry) => {
        if (entry?.isReferenced) found[found.length] = entry;
    };
    for (let at = firstImmediate; at < immediates.length; at++) take(immediates[at]);
    for (let at = 0; at < heap.length; at++) take(heap[at]);
    const told = list();
    for (let count = min(most, found.length); told.length < count;) {
        let first = 0;
        for (let at = 1; at < found.length; at++) if (found[at].order < found[first].order) first = at;
        const { name, delay, place } = found[first];
        told[told.length] = { __proto__: null, name, delay, place };
        found[first] = found[found.length - 1];
        found.length--;
    }
    return told;
}

// Forgets all timers.
export function dropTimers() {
    for (let at = 0; at < heap.length; at++) heap[at].at = -1;
    heap.length = 0;
    for (let at = firstImmediate; at < immediates.length; at++) if (immediates[at]) immediates[at].at = -1;
    immediates = list();
    firstImmediate = lastImmediate = waiting = 0;
    if (armed >= 0) timeoutNative.clear_schedule(armed);
    armed = -1;
    armedFor = Infinity;
}
