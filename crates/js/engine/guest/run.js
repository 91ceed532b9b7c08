// ---- the run of a handler ------------------------------------------------------------------------------

// A run is over when the promise of its handler has settled: what is still pending is dropped and reported. Until then an
// error that nothing handles ends it, as it ends a process of Node.

// So many pending things are reported, each with its place.
const MOST_REPORTED = 20;
// Longer texts are cut, with a mark: names, messages and stacks can be as long as the memory.
const LONGEST_TEXT = 100_000;
const LONGEST_STACK = 20_000;
const LONGEST_URL = 500;

// What runs. `failed`: the rejection by an error that nothing handles. `onFailed`, `onExit`: who is told of it, and of the process's end.
let run = { __proto__: null, isNone: true, isOver: true, isDead: false, failed: undefined, onFailed: undefined, onExit: undefined };
let firstPending; // requests and promises, in the order of their beginning
let lastPending;

// JSON of texts alone: no `toJSON` of the Action's has a part in it.
const record = (values) => {
    let text = '';
    for (const name in values) text += `${text && ','}${stringify(name)}:${stringify(values[name])}`;
    return `{${text}}`;
};
const tellRun = (values, stack = '') => callHost('#run', record(values), stack);

function clipped(text, most = LONGEST_TEXT) {
    if (text.length <= most) return wellFormed(text);
    // Not a slice alone: it would keep the whole.
    const kept = wellFormed(textSlice(text, 0, most));
    return `${kept}… (${text.length - most} more characters)`;
}

// The place of the caller; never fails.
function placeNow() {
    return clipped(realm.stack(), LONGEST_STACK);
}

// Notes that something began that may be pending when the handler returns. `kind`: `request` or `promise`.
function begun(kind, what) {
    const entry = { __proto__: null, kind, what: clipped(what, LONGEST_URL), stack: placeNow(), isPending: true, before: lastPending, next: undefined };
    if (lastPending) lastPending.next = entry;
    else firstPending = entry;
    lastPending = entry;
    if (kind === 'request') tellRun({ __proto__: null, what: 'request', name: entry.what }, entry.stack);
    return entry;
}

function ended(entry) {
    if (!entry.isPending) return;
    entry.isPending = false;
    if (entry.before) entry.before.next = entry.next;
    else firstPending = entry.next;
    if (entry.next) entry.next.before = entry.before;
    else lastPending = entry.before;
}

// Reports what is pending. `how`: `returned`, `threw`, or `called` for a Rule, which is asked again at the end of the next one.
function tellPending(how) {
    let told = 0;
    const sockets = node.pendingSockets();
    let count = pendingTimerCount() + sockets.length;
    if (count === 0 && !firstPending) return;
    for (let entry = firstPending; entry; entry = entry.next) {
        count++;
        if (told < MOST_REPORTED) {
            told++;
            tellRun({ __proto__: null, what: 'pending', how, kind: entry.kind, name: entry.what }, entry.stack);
        }
    }
    for (let at = 0; at < sockets.length && told < MOST_REPORTED; at++) {
        const { name: named, place } = sockets[at];
        // One of an address is named in the next tick.
        const name = textEnds(named, ' undefined') ? textSlice(named, 0, -10) : named;
        told++;
        tellRun({ __proto__: null, what: 'pending', how, kind: 'request', name: clipped(name, LONGEST_URL) }, place);
    }
    const timers = pendingTimers(MOST_REPORTED - told);
    for (let at = 0; at < timers.length; at++) {
        const { name, delay, place } = timers[at];
        told++;
        tellRun({ __proto__: null, what: 'pending', how, kind: 'timer', name: delay === undefined ? name : `${name}, ${delay} ms` }, place);
    }
    if (count > told) tellRun({ __proto__: null, what: 'pending', how, kind: 'more', name: `${count - told}` });
}

function dropPending() {
    while (firstPending) ended(firstPending);
    node.forgetSockets();
    dropTimers();
}

// A promise of ours, which no handler has yet. What was done to Promise does not reach it: `then` of one without a constructor makes
// promises of the language's own, and `await` takes one whose constructor is theirs as it is.
function unpatched(promise, constructor) {
    defineProperty(promise, 'constructor', { __proto__: null, value: constructor });
    if (constructor === undefined) apply(realm.then, promise, [undefined, ignored]);
    return promise;
}
const ignored = () => {};

// Begins a run.
function beginRun() {
    reported = 0;
    node.setOrigin();
    run = { __proto__: null, isNone: false, isOver: false, isDead: false, failed: undefined, onFailed: undefined, onExit: undefined };
    return run;
}

// Calls `onFailed` after an error that nothing handles, and `onExit` after the process has ended, each in a job of its own. Promises for
// that are made when it happens: most runs need none.
function whenItEnds(own, onFailed, onExit) {
    own.onFailed = onFailed;
    if (own.failed) apply(realm.then, own.failed, [undefined, onFailed]);
    own.onExit = onExit;
    if (exit) tellExit();
}

function fails(error) {
    let fail;
    run.failed = unpatched(new NativePromise((_, reject) => { fail = reject; }), undefined);
    fail(error);
    if (run.onFailed) apply(realm.then, run.failed, [undefined, run.onFailed]);
}

function tellExit() {
    const { onExit } = run;
    run.onExit = undefined;
    if (onExit) apply(realm.then, exited, [undefined, onExit]);
}

function endRun(how) {
    run.isOver = true;
    flushWarnings();
    if (!run.isDead) tellPending(how);
    dropPending();
}

// Settles when the promise of the handler does, or earlier when the process ends.
function settled(own, promise) {
    const promised = new NativePromise((resolve, reject) => {
        const over = (how, settle) => (value) => {
            // The error that ended the process came first; it rejects.
            if (own.isDead) return;
            if (!own.isOver) endRun(how);
            settle(value);
        };
        const settle = [over('returned', resolve), over('threw', reject)];
        try {
            apply(realm.then, promise, settle);
        } catch {
            // No promise of the language's own, or a patched one.
            apply(realm.then, unpatched((async () => await promise)(), undefined), settle);
        }
        whenItEnds(own, reject, settle[1]);
    });
    return unpatched(promised, NativePromise);
}

let reported = 0; // errors and calls behind the end of a run

hooks.uncaught = (error, origin) => {
    if (!run.isOver) {
        run.isDead = true;
        endRun('threw');
        fails(error);
    } else if (!run.isNone && !run.isDead && !exit && reported < MOST_REPORTED) {
        reported++;
        const { name, message, stack } = fault(error);
        tellRun({ __proto__: null, what: origin, name, message, stack });
    }
};

// A call of `api` behind the end of the run.
function late(method) {
    if (!run.isDead && reported < MOST_REPORTED) {
        reported++;
        tellRun({ __proto__: null, what: 'late', name: method }, placeNow());
    }
    return { __proto__: null, return: { $: 'api' }, isLate: true };
}

// What a package warns of while it is loaded is not reported: one that is kept loaded warns of nothing. Neither is what modules of Node
// warn of when they are first loaded, whoever loads them: `punycode` and `sys`.
const OF_LOADING = ['DEP0040', 'DEP0025'];
const { pending: unprinted, onWarning: printWarning } = node.require('internal/process/warning');
const silenced = new WeakMap();
const [isSilenced, silence] = [WeakMap.prototype.has, WeakMap.prototype.set].map((method) => Function.prototype.call.bind(method, silenced));

// The warnings that are to be printed in the next tick.
function warnings() {
    return unprinted.size === 0 ? undefined : [...unprinted];
}

function silenceSince(before) {
    if (unprinted.size === 0) return;
    for (const warning of unprinted) if (!before?.includes(warning)) silence(warning, true);
}

// Takes the place of Node's own listener, and has its name.
function onWarning(warning) {
    if (!isSilenced(warning) && !OF_LOADING.includes(warning?.code)) printWarning(warning);
}
node.process.removeListener('warning', printWarning);
node.process.on('warning', onWarning);

// Prints the warnings of a run that is over before its next tick, if the process still prints warnings.
function flushWarnings() {
    if (unprinted.size === 0) return;
    try {
        const isPrinted = node.process.listeners('warning').includes(onWarning);
        for (const warning of unprinted) if (isPrinted) onWarning(warning);
    } catch {
        // A warning that cannot be shown as a text, or a process that is changed.
    }
    unprinted.clear();
}

// Node prints a warning on standard error, which is no part of what `console` prints.
hooks.warn = (text) => {
    if (reported < MOST_REPORTED) {
        reported++;
        // How to start Node for more is of no use here.
        const end = textIndex(text, '\n(Use `node --trace-');
        tellRun({ __proto__: null, what: 'warning', message: clipped(end < 0 ? text : textSlice(text, 0, end)) });
    }
};
hooks.place = placeNow;
