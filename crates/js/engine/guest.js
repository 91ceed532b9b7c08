// The part of postlogin that runs inside the sandbox: it turns one Action's source into handlers and
// gives them `event`, `api` and `console`. It validates nothing: every `api` call is answered by the host.

import { call as callHost } from 'postlogin:actions/dynamic@0.1.0';
import { write as writeLine } from 'postlogin:actions/console@0.1.0';
import {
    eval_with_filename as evaluate, eval_in_new_context as evaluateInNewRealm, check_syntax_with_filename as checkSyntax,
} from '__wasm_rquickjs_builtin/vm_native';
import * as timers from '__wasm_rquickjs_builtin/timeout_native';
import { Console } from 'node:console';
import { ClientRequest } from 'node:http';
import { Socket } from 'node:net';

// Captured before any Action runs: an Action may replace every global.
const { parse, stringify } = JSON;
const { keys, hasOwn, defineProperty, getOwnPropertyNames, getOwnPropertyDescriptor, getPrototypeOf } = Object;
const { isArray } = Array;
const { isFinite, isNaN } = Number;
const { min, max } = Math;
const { apply } = Reflect;
const globalRequire = globalThis.require;
const toISOString = Date.prototype.toISOString;
const toSource = Function.prototype.toString;
const nativeErrors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
const { isError } = Error;

// One namespace per property; `xtask build-engine` writes the list that postlogin-core defines.
const METHODS = /*METHODS*/ {};

// ---- the runtime's face ------------------------------------------------------------------------------

// What an Action can list on `globalThis` in Node 22.
const LISTED = ['global', 'clearImmediate', 'setImmediate', 'clearInterval', 'clearTimeout', 'setInterval', 'setTimeout',
    'queueMicrotask', 'structuredClone', 'atob', 'btoa', 'performance', 'fetch', 'crypto'];
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

const ended = Promise.withResolvers(); // rejected by process.exit
ended.promise.catch(() => {});
let exit; // what process.exit threw

replace(process, 'exit', (code = process.exitCode ?? 0) => {
    exit ??= new nativeErrors.Error(`the Action ended its process with exit code ${code}`);
    ended.reject(exit);
    throw exit;
});
for (const [name, value] of [['platform', 'linux'], ['arch', 'x64'], ['argv0', 'node'], ['title', 'node']]) {
    defineProperty(process, name, { value, writable: false, configurable: true, enumerable: true });
}
process.argv.splice(0, Infinity, process.execPath, '/home/action/index.js');

// The engine's own know no locales.
for (const type of [Number, BigInt]) {
    replace(type.prototype, 'toLocaleString', function (locales, options) {
        return new Intl.NumberFormat(locales ?? 'en-US', options).format(this.valueOf());
    });
}

// An error that seems to be thrown where `here` was made.
function errorAt(here, name, message, options) {
    const error = new nativeErrors[name](message, options);
    const frames = `${here.stack}`.match(/^ +at [^]*/m)?.[0].trimEnd();
    const value = `${name}: ${message}${frames ? `\n${frames}` : ''}`;
    defineProperty(error, 'stack', { value, writable: true, configurable: true });
    return error;
}

// What a refused connection is in Node.
function refused({ protocol, hostname, port }) {
    return Object.assign(errorAt({}, 'Error', `connect ECONNREFUSED ${hostname}: postlogin refused this request`), {
        errno: -111, code: 'ECONNREFUSED', syscall: 'connect', address: hostname, port: +port || (protocol === 'http:' ? 80 : 443),
    });
}

const send = globalThis.fetch;
replace(globalThis, 'fetch', function (resource, options) {
    const here = new nativeErrors.Error();
    if (!(resource instanceof Request) && !URL.canParse(`${resource}`)) {
        const cause = Object.assign(errorAt({}, 'TypeError', 'Invalid URL'), { code: 'ERR_INVALID_URL', input: `${resource}` });
        return Promise.reject(errorAt(here, 'TypeError', `Failed to parse URL from ${resource}`, { cause }));
    }
    return send(resource, options).catch((error) => {
        if (error?.message !== 'HTTP request failed') throw error;
        throw errorAt(here, 'TypeError', 'fetch failed', { cause: refused(URL.parse(resource?.url ?? resource) ?? {}) });
    });
});

const { emit } = ClientRequest.prototype;
replace(ClientRequest.prototype, 'emit', function (name, ...rest) {
    if (name === 'error' && rest[0]?.message === 'ErrorCode::ConnectionRefused') {
        rest[0] = refused({ protocol: this.protocol, hostname: this.host, port: this.port });
    }
    return apply(emit, this, [name, ...rest]);
});

replace(Socket.prototype, 'connect', function (...args) {
    const [first, host] = args.flat();
    const { port, host: hostname = 'localhost' } = typeof first === 'object' ? first : { port: first, host: `${host}` };
    queueMicrotask(() => this.destroy(refused({ hostname, port })));
    return this;
});

// ---- JSON in V8's words --------------------------------------------------------------------------------

replace(JSON, 'parse', function (text, reviver) {
    try {
        return parse(text, reviver);
    } catch (error) {
        if (!(error instanceof nativeErrors.SyntaxError)) throw error;
        const message = complaint(`${text}`);
        throw message === undefined ? error : errorAt(error, 'SyntaxError', message);
    }
});

replace(JSON, 'stringify', function (value, replacer, space) {
    try {
        return stringify(value, replacer, space);
    } catch (error) {
        if (error instanceof nativeErrors.TypeError && error.message === 'circular reference') {
            const circle = circleIn(value, replacer);
            if (circle) throw errorAt(error, 'TypeError', circle);
        } else if (error instanceof nativeErrors.TypeError && error.message.startsWith('BigInt are forbidden')) {
            throw errorAt(error, 'TypeError', 'Do not know how to serialize a BigInt');
        }
        throw error;
    }
});

// Why V8 refuses a JSON text; nothing when it would not.
function complaint(text) {
    let at = 0;
    const space = () => { while (at < text.length && ' \t\n\r'.includes(text[at])) at++; };
    const digits = () => { const from = at; while (text[at] >= '0' && text[at] <= '9') at++; return at > from; };
    const fail = (what) => { throw { what }; };
    const found = () => {
        if (at >= text.length) fail('Unexpected end of JSON input');
        if (text[at] === '"') fail('Unexpected string');
        if ('-0123456789'.includes(text[at])) fail('Unexpected number');
        if (['[object Object]', 'NaN', 'Infinity', 'undefined'].includes(text)) fail(`"${text}" is not valid JSON`);
        const cutsBefore = text.length > 20 && at >= 10;
        const cutsBehind = text.length > 20 && at < text.length - 10;
        const context = text.slice(cutsBefore ? at - 10 : 0, cutsBehind ? at + 10 : text.length);
        fail(`Unexpected token '${text[at]}', ${cutsBefore ? '...' : ''}"${context}"${cutsBehind ? '...' : ''} is not valid JSON`);
    };
    const string = () => {
        for (at++; text[at] !== '"'; at++) {
            if (at >= text.length) fail('Unterminated string');
            if (text[at] < ' ') fail('Bad control character in string literal');
            if (text[at] !== '\\') continue;
            if (++at >= text.length) found();
            if (text[at] === 'u') {
                for (let i = 0; i < 4; i++) if (!/[0-9a-fA-F]/.test(text[++at] ?? '')) fail('Bad Unicode escape');
            } else if (!'"\\/bfnrt'.includes(text[at])) fail('Bad escaped character');
        }
        at++;
    };
    const number = () => {
        if (text[at] === '-') { at++; if (!(text[at] >= '0' && text[at] <= '9')) fail('No number after minus sign'); }
        if (text[at] === '0') { at++; if (text[at] >= '0' && text[at] <= '9') fail('Unexpected number'); } else digits();
        if (text[at] === '.') { at++; if (!digits()) fail('Unterminated fractional number'); }
        if (text[at] === 'e' || text[at] === 'E') {
            at++;
            if (text[at] === '+' || text[at] === '-') at++;
            if (!digits()) fail('Exponent part is missing a number');
        }
    };
    const closers = []; // of the arrays and objects around the place
    try {
        for (;;) {
            space();
            const start = text[at];
            if (start === '{' || start === '[') {
                at++;
                space();
                const closer = start === '{' ? '}' : ']';
                if (text[at] !== closer) {
                    closers.push(closer);
                    if (start === '{') name("Expected property name or '}'", "Expected ':' after property name");
                    continue;
                }
                at++;
            } else if (start === '"') string();
            else if (start === '-' || (start >= '0' && start <= '9')) number();
            else {
                const word = { t: 'true', f: 'false', n: 'null' }[start];
                if (!word) found();
                for (const letter of word) { if (text[at] !== letter) found(); at++; }
            }
            // Behind a value: close what it ends, then the next one.
            for (;;) {
                space();
                const closer = closers.at(-1);
                if (closer === undefined) {
                    if (at < text.length) fail('Unexpected non-whitespace character after JSON');
                    return undefined;
                }
                if (text[at] === ',') {
                    at++;
                    space();
                    if (closer === '}') name('Expected double-quoted property name');
                    break;
                }
                if (text[at] !== closer) fail(`Expected ',' or '${closer}' after ${closer === '}' ? 'property value' : 'array element'}`);
                closers.pop();
                at++;
            }
        }
    } catch ({ what }) {
        if (what.endsWith('valid JSON') || what.endsWith('JSON input')) return what;
        const lines = text.slice(0, at).split(/\r\n|\n|\r/);
        return `${what} ${what.endsWith('after JSON') ? '' : 'in JSON '}at position ${at} (line ${lines.length} column ${lines.at(-1).length + 1})`;
    }
    function name(expected, expectedBehind) {
        if (text[at] !== '"') fail(expected);
        string();
        space();
        if (text[at] !== ':') expectedBehind ? fail(expectedBehind) : found();
        at++;
    }
}

// What V8 says of the first circle in a value; nothing when there is none.
function circleIn(value, replacer) {
    const path = []; // [key, object] from the outside in
    const visit = (holder, key) => {
        let inner = holder[key];
        if (typeof inner?.toJSON === 'function') inner = inner.toJSON(`${key}`);
        if (typeof replacer === 'function') inner = apply(replacer, holder, [`${key}`, inner]);
        if (inner === null || typeof inner !== 'object') return undefined;
        const start = path.findIndex(([, object]) => object === inner);
        if (start >= 0) return told(path.slice(start), key);
        path.push([key, inner]);
        const list = isArray(inner) ? [...inner.keys()] : isArray(replacer) ? replacer.filter((name) => hasOwn(inner, name)) : keys(inner);
        for (const name of list) {
            const message = visit(inner, name);
            if (message) return message;
        }
        path.pop();
        return undefined;
    };
    const place = (key) => (typeof key === 'number' ? `index ${key}` : key === '' ? '<anonymous>' : `property '${key}'`);
    const made = (object) => `object with constructor '${object.constructor?.name || 'Object'}'`;
    const told = ([[, first], ...others], last) => {
        const lines = others.map(([key, object]) => `\n    |     ${place(key)} -> ${made(object)}`);
        if (lines.length > 3) lines.splice(2, lines.length - 3, '\n    |     ...');
        return `Converting circular structure to JSON\n    --> starting at ${made(first)}${lines.join('')}\n    --- ${place(last)} closes the circle`;
    };
    return visit({ '': value }, '');
}

// ---- the Action's realm --------------------------------------------------------------------------------

// Production runs Actions in a realm of their own whose globals are those of the realm around it: there
// `[] instanceof Array` is false, and an error that the engine throws is no `instanceof Error`.
const REALM = `(() => {
    const evaluate = globalThis.$;
    globalThis.global = globalThis;
    const thrown = (run) => { try { run(); } catch (error) { return error.constructor; } };
    const Error = thrown(() => null.x).__proto__;
    const RangeError = thrown(() => [].length = -1);
    let prepare;
    return {
        global: globalThis,
        prototypes: {
            // Not Object.getPrototypeOf: that is the outer realm's already, and so would be its objects for 0 and ''.
            Number: (0).__proto__, String: ''.__proto__, BigInt: 0n.__proto__,
        },
        compile(source, name) {
            evaluate(source, name);
            const compiled = globalThis.$;
            globalThis.$ = undefined;
            return compiled;
        },
        onError(change) {
            Error.prepareStackTrace = prepare = (error, sites) => change(error, sites, RangeError.prototype);
        },
        // The stack in the engine's own form: cheaper than one that somebody reads.
        stack() {
            Error.prepareStackTrace = undefined;
            const { stack } = new Error();
            Error.prepareStackTrace = prepare;
            return stack;
        },
    };
})()`;

// What is called in the place of `import`; as long.
const NO_IMPORT = '$mport';

function makeRealm() {
    const own = [...FOREIGN, 'Infinity', 'NaN', 'undefined', 'eval', 'global', 'globalThis', 'userModule'];
    const names = getOwnPropertyNames(globalThis).filter((name) => !own.includes(name) && !name.startsWith('__'));
    const values = names.map((name) => globalThis[name]);
    const { global, prototypes, compile, onError, stack } = evaluateInNewRealm(REALM, [...names, '$'], [...values, evaluate]);
    // Not deleted: taking a property off a large object is dear.
    global.$ = undefined;
    for (const name of keys(global)) {
        if (!LISTED.includes(name)) defineProperty(global, name, { enumerable: false });
    }
    // What knows locales is not the engine's own.
    for (const name of keys(prototypes)) {
        const outer = globalThis[name].prototype;
        for (const key of getOwnPropertyNames(outer)) {
            if (/locale/i.test(key)) defineProperty(prototypes[name], key, getOwnPropertyDescriptor(outer, key));
        }
    }
    defineProperty(global, 'require', hidden(requireModule));
    defineProperty(global, NO_IMPORT, hidden(async () => {
        throw Object.assign(new nativeErrors.TypeError('A dynamic import callback was not specified.'), { code: 'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING' });
    }));
    onError(inV8sWords);
    return { compile, stack };
}

// Called for everything that is thrown in the Action's code, before anyone sees it. What has a stack was made elsewhere.
function inV8sWords(error, sites, rangeErrors) {
    if (!isError(error) || hasOwn(error, 'stack')) return '';
    const message = `${error.message}`;
    const [, verb, property, value] = /^cannot (read|set) property '([^]*)' of (undefined|null)$/.exec(message) ?? [];
    if (verb && property !== 'Symbol.iterator') {
        error.message = `Cannot ${verb} properties of ${value} (${verb === 'set' ? 'sett' : 'read'}ing '${property}')`;
    } else if (message === 'not a function') {
        const callee = sites[0]?.getFileName() === script.name && calleeAt(sites[0].getLineNumber(), sites[0].getColumnNumber());
        if (callee) error.message = `${callee} is not a function`;
    } else if (message === 'string too long' || message === 'invalid string length') {
        error.message = 'Invalid string length';
        Object.setPrototypeOf(error, rangeErrors);
    }
    const frames = sites.filter((site) => site.getFileName() !== 'guest').map((site) => {
        const [name, file] = [site.getFunctionName(), site.getFileName()];
        const place = file ? `${file}:${site.getLineNumber()}:${site.getColumnNumber()}` : 'native';
        return `\n    at ${name ? `${name} (${place})` : place}`;
    });
    const stack = `${error.name}: ${error.message}${frames.join('')}`;
    // Fixed: where the error crosses into the runtime's realm, the runtime would make a new stack from there.
    defineProperty(error, 'stack', { value: stack, writable: true, configurable: false });
    return stack;
}

// The called expression at a place of the Action's text, if it is a plain one. The engine is off by one at times.
function calleeAt(line, column) {
    const text = script.source.split('\n', line)[line - 1] ?? '';
    const at = column - 1 - (line === 1 ? PREFIX.length : 0);
    for (const { 0: callee, index } of text.matchAll(/[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*(?=\()/g)) {
        if (index <= at + 1 && at < index + callee.length) return callee;
    }
    return undefined;
}

function requireModule(name) {
    if (typeof name !== 'string') return globalRequire(name);
    const here = new nativeErrors.Error();
    try {
        return globalRequire(name);
    } catch (error) {
        if (error?.code !== 'MODULE_NOT_FOUND' || !`${error.message}`.includes(`'${name}'`)) throw error;
        throw Object.assign(errorAt(here, 'Error', `Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND', requireStack: [] });
    }
}
defineProperty(requireModule, 'name', { value: 'require' });
Object.assign(requireModule, {
    resolve: (name) => globalRequire.resolve(name), cache: globalRequire.cache, extensions: globalRequire.extensions, main: undefined,
});

const realm = makeRealm();

// ---- console ---------------------------------------------------------------------------------------

// Production keeps this many bytes of what one execution prints, line ends included, and says nothing of the rest.
const KEPT_LOG_BYTES = 262144;

let level = 'log';
let bytesLeft = KEPT_LOG_BYTES;
const line = { write };
const printer = new Console({ stdout: line, stderr: line });
const LEVELS = { info: 'info', warn: 'warn', error: 'error', debug: 'debug', trace: 'trace', assert: 'warn' };

function write(chunk) {
    if (bytesLeft <= 0 || exit) return true;
    let text = withoutOwnFrames(chunk.slice(0, 2 * bytesLeft)).toWellFormed();
    let index = 0;
    while (index < text.length && bytesLeft > 0) {
        const point = text.codePointAt(index);
        const bytes = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        bytesLeft -= bytes;
        if (bytesLeft < 0) text = `${text.slice(0, index)}\ufffd`;
        index += bytes === 4 ? 2 : 1;
    }
    text = text.slice(0, index);
    writeLine(level, text.endsWith('\n') ? text.slice(0, -1) : text);
    return true;
}

// Stacks as Node shows them: without the frames of this file, and with the columns of the user's first line.
function withoutOwnFrames(text) {
    if (!text.includes('    at ')) return text;
    return text
        .replace(/\n +at (?:[^\n]* \()?(?:guest|__wasm_rquickjs[^\n]*):\d+:\d+\)?(?=[\n ]|$)/g, '')
        .replace(/(\n +at [^\n]*:1:)(\d+)(?=\)?(?:[\n ]|$))/g, (frame, start, column) =>
            start.includes(`${script.name}:1:`) ? `${start}${max(1, column - PREFIX.length)}` : frame);
}

function makeConsole() {
    const console = {};
    for (const name of ['log', 'warn', 'dir', 'time', 'timeEnd', 'timeLog', 'trace', 'assert', 'clear', 'count', 'countReset', 'group',
        'groupEnd', 'table', 'debug', 'info', 'dirxml', 'error', 'groupCollapsed']) {
        const print = name === 'assert' ? assert : printer[name];
        const hasState = /group|count|time/.test(name);
        console[name] = (...args) => {
            if (bytesLeft <= 0 && !hasState) return undefined;
            level = LEVELS[name] ?? 'log';
            return apply(print, printer, args);
        };
        defineProperty(console[name], 'name', { value: name });
    }
    defineProperty(console, Symbol.toStringTag, { value: 'console', configurable: true });
    return console;
}

function assert(condition, ...args) {
    if (condition) return;
    args[0] = `Assertion failed${args.length === 0 ? '' : `: ${args[0]}`}`;
    apply(printer.warn, printer, args);
}

// How Node prints what the runtime made of other parts.
const FACES = [
    [URL, (url) => Object.fromEntries(['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname',
        'search', 'searchParams', 'hash'].map((name) => [name, url[name]]))],
    [Headers, (headers) => Object.fromEntries(headers)],
];
for (const [type, face] of FACES) {
    defineProperty(type.prototype, Symbol.for('nodejs.util.inspect.custom'), hidden(function (depth, options, inspect) {
        return depth < 0 ? `[${type.name}]` : `${type.name} ${inspect(face(this), options)}`;
    }));
}

// ---- values on the wire, see docs/abi.md -------------------------------------------------------------

// The host reads no deeper JSON.
const DEEPEST = 100;

function tag(value, around) {
    switch (typeof value) {
        case 'string':
            return value.toWellFormed();
        case 'boolean':
            return value;
        case 'undefined':
            return { $: 'undefined' };
        case 'number':
            return isFinite(value) ? value : { $: isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity' };
        case 'bigint':
            return { $: 'bigint', of: `${value}` };
        case 'symbol':
            return { $: 'symbol', of: (value.description ?? '').toWellFormed() };
        case 'function':
            return { $: 'function', of: toSource.call(value).toWellFormed() };
        default:
            return value === null ? null : tagObject(value, around);
    }
}

// `around`: the objects that contain this one.
function tagObject(value, around) {
    if (around.has(value)) return { $: 'circular' };
    if (value instanceof Date) {
        return { $: 'date', of: isNaN(+value) ? 'invalid' : toISOString.call(value) };
    }
    if (value instanceof String || value instanceof Number || value instanceof Boolean) return tag(value.valueOf(), around);
    if (around.size >= DEEPEST) throw new nativeErrors.RangeError('Maximum call stack size exceeded');
    around.add(value);
    const tagged = tagContents(value, around);
    around.delete(value);
    return tagged;
}

function tagContents(value, around) {
    if (typeof value.toJSON === 'function') return { $: 'tojson', of: tag(value.toJSON(''), around) };
    if (isArray(value)) {
        const items = [];
        for (let i = 0; i < value.length; i++) items.push(tag(value[i], around));
        return items;
    }
    const properties = {};
    for (const key of keys(value)) {
        // Not an assignment: a key may be `__proto__`.
        defineProperty(properties, key.toWellFormed(), { value: tag(value[key], around), enumerable: true, configurable: true, writable: true });
    }
    return hasOwn(properties, '$') ? { $: 'object', of: properties } : properties;
}

function untag(value, api) {
    if (value === null || typeof value !== 'object') return value;
    if (isArray(value)) return value.map((item) => untag(item, api));
    if (hasOwn(value, '$')) {
        switch (value.$) {
            case 'api': return api;
            case 'undefined': return undefined;
            case 'NaN': return NaN;
            case 'Infinity': return Infinity;
            case '-Infinity': return -Infinity;
            case 'object': value = value.of; break;
        }
    }
    for (const key of keys(value)) value[key] = untag(value[key], api);
    return value;
}

// ---- api -----------------------------------------------------------------------------------------------

function makeError({ name, message }) {
    const error = new (nativeErrors[name] ?? nativeErrors.Error)(message);
    if (error.name !== name) error.name = name;
    return error;
}

function assign(event, changes, api) {
    for (const [path, value] of changes) {
        let target = event;
        for (const key of path.slice(0, -1)) {
            if (target[key] === null || typeof target[key] !== 'object') target[key] = {};
            target = target[key];
        }
        const last = path[path.length - 1];
        if (value?.$ === 'undefined') delete target[last];
        else target[last] = untag(value, api);
    }
}

// Production's order.
const NAMESPACES = ['access', 'accessToken', 'authentication', 'cache', 'groups', 'roles', 'idToken', 'multifactor', 'prompt',
    'refreshToken', 'session', 'redirect', 'samlResponse', 'user', 'validation', 'rules', 'transaction'];

let currentEvent; // of the running handler

function makeApi() {
    const api = {};
    const ask = (method, args) => {
        if (exit) throw exit;
        const reply = parse(callHost(method, stringify(tag(args, new Set())), realm.stack()));
        if (reply.event) assign(currentEvent, reply.event, api);
        return reply;
    };
    for (const namespace of new Set([...NAMESPACES, ...keys(METHODS)])) {
        const members = (api[namespace] = {});
        for (const [name, isAsync] of METHODS[namespace]) {
            const method = `${namespace}.${name}`;
            // A property of a literal: so the function has the method's name.
            const made = isAsync
                ? { [name]: (...args) => {
                    const reply = ask(method, args);
                    if (reply.reject) return Promise.reject(makeError(reply.reject));
                    if (reply.throw) throw makeError(reply.throw);
                    return Promise.resolve(untag(reply.resolve, api));
                } }
                : { [name]: (...args) => {
                    const reply = ask(method, args);
                    if (reply.throw) throw makeError(reply.throw);
                    return untag(reply.return, api);
                } };
            members[name] = made[name];
        }
    }
    return api;
}

// Made before the engine is frozen: making them costs more than most logins.
const api = makeApi();
const actionConsole = makeConsole();

// ---- the Action ----------------------------------------------------------------------------------------

let factory; // the compiled wrapper, not yet run
let script = {}; // { name, source }
let action; // { exports } | { error }: what the top-level code left, kept for every later execution

// On line 1 the host takes the length of this text off columns.
const WRAPPER = /*WRAPPER*/ '(';
// An assignment, not an expression in brackets: production takes a text that closes the function itself.
const PREFIX = 'this.$=function (module, exports, console) { '.padStart(WRAPPER.length);

// In production `import()` fails.
function withoutImports(source) {
    // Looking closer costs as much as compiling.
    if (!source.includes('import')) return source;
    const compiles = (text) => {
        try {
            checkSyntax(`${PREFIX}${text}\n}`, 'import', false);
            return true;
        } catch {
            return false;
        }
    };
    for (const { index } of source.matchAll(/(?<![.\w$])import(?=\s*\()/g)) {
        const put = (name) => `${source.slice(0, index)}${name}${source.slice(index + name.length)}`;
        // In strings and comments anything may stand, and no method is named by a number in brackets.
        if (!compiles(put('#mport')) && compiles(put('   (0)'))) source = put(NO_IMPORT);
    }
    return source;
}

function instantiate() {
    const module = { exports: {} };
    try {
        factory.call(undefined, module, module.exports, actionConsole);
        return { exports: module.exports };
    } catch (error) {
        return { error: error instanceof nativeErrors.Error ? error : wrapped(error) };
    }
}

// Production keeps what top-level code threw, and makes an Error of what is none in its own realm.
function wrapped(thrown) {
    const message = thrown ? `${typeof thrown === 'symbol' ? thrown.toString() : thrown}` : 'Unknown error';
    return errorAt({ stack: isError(thrown) ? thrown.stack : '' }, 'Error', message);
}

function fault(error) {
    const text = (value) => `${value}`.toWellFormed();
    try {
        if (exit) return { name: 'Exited', message: text(exit.message), stack: text(exit.stack) };
        if (error instanceof RuntimeError) return { name: 'Error', message: error.message, stack: '' };
        if (isError(error) || error instanceof nativeErrors.Error) {
            return { name: text(error.name), message: text(error.message), stack: typeof error.stack === 'string' ? text(error.stack) : '' };
        }
        return { name: 'non-error', message: text(typeof error === 'symbol' ? error.toString() : error), stack: '' };
    } catch {
        return { name: 'non-error', message: '[object]', stack: '' };
    }
}

// Errors of the runtime itself: production gives them no place in the Action's source.
class RuntimeError extends nativeErrors.Error {}

async function execute(entryPoint, eventText) {
    bytesLeft = KEPT_LOG_BYTES;
    try {
        action ??= instantiate();
        if (hasOwn(action, 'error')) throw action.error;
        const { exports } = action;
        if (exports === null || typeof exports !== 'object') throw new RuntimeError('The Action must export an object.');
        const handler = exports[entryPoint];
        // A native async function: one that merely returns a promise does not do.
        if (typeof handler !== 'function' || getPrototypeOf(handler)?.constructor?.name !== 'AsyncFunction') {
            throw new RuntimeError(`Invalid function signature for the "${entryPoint}" handler. Use "exports.${entryPoint} = async function(event, api) { }" as the signature.`);
        }
        const event = (currentEvent = parse(eventText));
        await Promise.race([handler(event, api), ended.promise]);
        if (exit) throw exit;
    } catch (error) {
        throw fault(error);
    } finally {
        // Production does not wait for timers that the handler left behind.
        if (timers.ref_timer_count() > 0) {
            const last = timers.schedule(() => {}, 0, false, []);
            for (let id = 0; id <= last; id++) timers.clear_schedule(id);
        }
    }
}

export const loader = {
    load(name, source) {
        script = { name, source };
        try {
            factory = realm.compile(`${PREFIX}${withoutImports(source)}\n}`, name);
        } catch (error) {
            throw fault(wrapped(error));
        }
    },
};

export const onExecutePostLogin = (event) => execute('onExecutePostLogin', event);
export const onContinuePostLogin = (event) => execute('onContinuePostLogin', event);
