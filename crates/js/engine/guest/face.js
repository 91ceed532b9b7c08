// ---- the runtime's face ------------------------------------------------------------------------------

// What an Action can list on `globalThis` in Node 22.
const LISTED = ['global', 'clearImmediate', 'setImmediate', 'clearInterval', 'clearTimeout', 'setInterval', 'setTimeout',
    'queueMicrotask', 'structuredClone', 'atob', 'btoa', 'performance', 'fetch', 'navigator', 'crypto'];
// What Node 22 does not have.
const FOREIGN = ['AsyncDisposableStack', 'DisposableStack', 'Float16Array', 'InternalError', 'SuppressedError', 'XMLHttpRequest',
    'buffer', 'gc', 'self', 'worker_threads'];

function replace(target, name, value) {
    defineProperty(value, 'name', { value: name, configurable: true });
    defineProperty(target, name, { value, writable: true, configurable: true, enumerable: target.propertyIsEnumerable(name) });
}

const hidden = (value) => ({ value, writable: true, configurable: true, enumerable: false });

function hide(name) {
    const property = getOwnPropertyDescriptor(globalThis, name);
    if (property?.configurable) defineProperty(globalThis, name, { ...property, enumerable: false });
}

for (const name of keys(globalThis)) if (!LISTED.includes(name)) hide(name);
// The runtime assigns this one after guest.js has run.
defineProperty(globalThis, 'userModule', { value: undefined, writable: true, configurable: true, enumerable: false });

let exit; // what process.exit threw
let failExit; // rejects `exited`
const exited = new Promise((_, reject) => { failExit = reject; });
defineProperty(exited, 'constructor', { __proto__: null, value: undefined });
exited.catch(() => {});

// What the runtime finds on the global object stays there.
for (const name of getOwnPropertyNames(globalThis)) {
    if (name.startsWith('__wasm_rquickjs') && typeof globalThis[name] === 'function' && getOwnPropertyDescriptor(globalThis, name).configurable) {
        defineProperty(globalThis, name, { value: globalThis[name], writable: false, configurable: false, enumerable: false });
    }
}

replace(process, 'exit', (code = process.exitCode ?? 0) => {
    exit ??= new nativeErrors.Error(`the Action ended its process with exit code ${code}`);
    failExit(exit);
    tellExit();
    throw exit;
});
hooks.exit = (code) => process.exit(code);

// An error that seems to be thrown where `here` was made.
function errorAt(here, name, message, options) {
    const error = new nativeErrors[name](message, options);
    const frames = typeof here.stack === 'string' ? here.stack.match(/^ +at [^]*/m)?.[0].trimEnd() : undefined;
    const value = `${name}: ${message}${frames ? `\n${frames}` : ''}`;
    defineProperty(error, 'stack', { value, writable: true, configurable: true });
    return error;
}

// Requests that may be pending when the handler returns, see the library's exchanges.
node.host.begun = (what) => begun('request', what);
node.host.ended = (entry) => ended(entry);
node.host.failed = (error, entry) => requestsOf.set(error, entry.stack);
