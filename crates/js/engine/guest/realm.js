// ---- the Action's realm --------------------------------------------------------------------------------

// Production runs Actions in a realm of their own whose globals are those of the realm around it: there
// `[] instanceof Array` is false, and an error that the engine throws is no `instanceof Error`.
const REALM = `(() => {
    const evaluate = globalThis.$;
    globalThis.global = globalThis;
    const thrown = (run) => { try { run(); } catch (error) { return error.constructor; } };
    const Error = thrown(() => null.x).__proto__;
    delete Error.isError;
    const { then } = (async () => {})().__proto__;
    return {
        global: globalThis,
        prototypes: {
            // Not Object.getPrototypeOf: that is the outer realm's already, and so would be its objects for 0 and ''.
            Number: (0).__proto__, String: ''.__proto__, BigInt: 0n.__proto__,
        },
        then,
        compile(source, name) {
            evaluate(source, name);
            const compiled = globalThis.$;
            globalThis.$ = undefined;
            return compiled;
        },
        onError(change) {
            Error.prepareStackTrace = change;
        },
        // The stack in the engine's own form: cheaper than one that somebody reads.
        stack() {
            const own = Error.prepareStackTrace;
            const limit = Error.stackTraceLimit;
            Error.prepareStackTrace = undefined;
            // Enough to reach the Action through the library.
            Error.stackTraceLimit = 50;
            const { stack } = new Error();
            Error.prepareStackTrace = own;
            Error.stackTraceLimit = limit;
            return typeof stack === 'string' ? stack : '';
        },
    };
})()`;

function makeRealm() {
    const own = [...FOREIGN, 'Infinity', 'NaN', 'undefined', 'eval', 'global', 'globalThis', 'userModule'];
    const names = getOwnPropertyNames(globalThis).filter((name) => !own.includes(name) && !name.startsWith('__'));
    const values = names.map((name) => globalThis[name]);
    const { global, prototypes, then, compile, onError, stack } = evaluateInNewRealm(REALM, [...names, '$'], [...values, evaluate]);
    // Not deleted: taking a property off a large object is dear.
    global.$ = undefined;
    for (const name of keys(global)) {
        if (!LISTED.includes(name)) defineProperty(global, name, { enumerable: false });
    }
    // The engine's own are hidden.
    for (const name of LISTED) if (hasOwn(global, name)) defineProperty(global, name, { enumerable: true });
    // What knows locales is not the engine's own.
    for (const name of keys(prototypes)) {
        const outer = globalThis[name].prototype;
        for (const key of getOwnPropertyNames(outer)) {
            if (/locale/i.test(key)) defineProperty(prototypes[name], key, getOwnPropertyDescriptor(outer, key));
        }
    }
    defineProperty(global, 'require', hidden(makeRequire('', undefined)));
    onError(withStack);
    return { compile, stack, global, then };
}

// Errors whose `stack` is what `Error.prepareStackTrace` made → their frames.
const ownStacks = new WeakMap();

// Called for everything that is thrown in the Action's code, before anyone sees it. What has a stack was made elsewhere.
function withStack(error, sites) {
    if (!isError(error) || hasOwn(error, 'stack')) return '';
    const frames = sites.filter((site) => site.getFileName() !== 'guest').map((site) => `\n    at ${site}`);
    const message = `${error.message}`;
    let stack = `${error.name}${message && `: ${message}`}${frames.join('')}`;
    // Node's realm has the Action's `Error`.
    const { prepareStackTrace } = nativeErrors.Error;
    if (typeof prepareStackTrace === 'function' && prepareStackTrace !== defaultPrepare) {
        weakSet(ownStacks, error, stack);
        stack = apply(prepareStackTrace, nativeErrors.Error, [error, sites.filter((site) => site.getFileName() !== 'guest')]);
    }
    // Fixed: where the error crosses into the runtime's realm, the runtime would make a new stack from there.
    defineProperty(error, 'stack', { value: stack, writable: true, configurable: false });
    return stack;
}

const { prepareStackTrace: defaultPrepare } = Error;
const realm = makeRealm();

