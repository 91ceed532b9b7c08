// The part of postlogin that runs inside the sandbox: it turns one Action's source into handlers and
// gives them `event`, `api` and `console`. It validates nothing: every `api` call is answered by the host.

import { call as callHost } from 'postlogin:actions/dynamic@0.1.0';
import { write as writeLine } from 'postlogin:actions/console@0.1.0';
import { eval_with_filename as evaluate } from '__wasm_rquickjs_builtin/vm_native';
import * as timers from '__wasm_rquickjs_builtin/timeout_native';
import { Console } from 'node:console';

// Captured before any Action runs: an Action may replace every global.
const { parse, stringify } = JSON;
const { keys, hasOwn, defineProperty } = Object;
const { isArray } = Array;
const { isFinite, isNaN } = Number;
const globalRequire = globalThis.require;
const toISOString = Date.prototype.toISOString;
const nativeErrors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

// One namespace per property; `xtask build-engine` writes the list that postlogin-core defines.
const METHODS = /*METHODS*/ {};

// ---- console ---------------------------------------------------------------------------------------

let level = 'log';
const line = { write(chunk) { writeLine(level, chunk.endsWith('\n') ? chunk.slice(0, -1) : chunk); return true; } };
const printer = new Console({ stdout: line, stderr: line });
const LEVELS = { info: 'info', warn: 'warn', error: 'error', debug: 'debug', trace: 'trace', assert: 'warn', timeLog: 'log' };

function makeConsole() {
    const console = {};
    for (const name of ['log', 'info', 'debug', 'error', 'warn', 'dir', 'dirxml', 'table', 'trace', 'group', 'groupCollapsed',
        'groupEnd', 'count', 'countReset', 'time', 'timeEnd', 'timeLog', 'assert', 'clear']) {
        const print = printer[name];
        if (typeof print !== 'function') continue;
        console[name] = (...args) => {
            level = LEVELS[name] ?? 'log';
            return print.apply(printer, args);
        };
    }
    return console;
}

// ---- values on the wire, see docs/abi.md -------------------------------------------------------------

function tag(value, path) {
    switch (typeof value) {
        case 'string':
        case 'boolean':
            return value;
        case 'undefined':
            return { $: 'undefined' };
        case 'number':
            return isFinite(value) ? value : { $: isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity' };
        case 'bigint':
            return { $: 'bigint', of: `${value}` };
        case 'symbol':
            return { $: 'symbol', of: value.description ?? '' };
        case 'function':
            return { $: 'function', of: `${value}` };
        default:
            return value === null ? null : tagObject(value, path);
    }
}

function tagObject(value, path) {
    if (path.includes(value)) return { $: 'circular' };
    if (value instanceof Date) {
        return { $: 'date', of: isNaN(+value) ? 'invalid' : toISOString.call(value) };
    }
    if (value instanceof String || value instanceof Number || value instanceof Boolean) return tag(value.valueOf(), path);
    const inner = [...path, value];
    if (typeof value.toJSON === 'function') return { $: 'tojson', of: tag(value.toJSON(''), inner) };
    if (isArray(value)) {
        const items = [];
        for (let i = 0; i < value.length; i++) items.push(tag(value[i], inner));
        return items;
    }
    const properties = {};
    for (const key of keys(value)) {
        // Not an assignment: a key may be `__proto__`.
        defineProperty(properties, key, { value: tag(value[key], inner), enumerable: true, configurable: true, writable: true });
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
    const error = new (nativeErrors[name] ?? Error)(message);
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

function makeApi(event) {
    const api = {};
    const send = (method, args) => {
        const reply = parse(callHost(method, stringify(tag(args, [])), new nativeErrors.Error().stack));
        if (reply.event) assign(event, reply.event, api);
        return reply;
    };
    for (const namespace of keys(METHODS)) {
        const members = (api[namespace] = {});
        for (const [name, isAsync] of METHODS[namespace]) {
            const method = `${namespace}.${name}`;
            members[name] = isAsync
                ? (...args) => {
                    const reply = send(method, args);
                    if (reply.reject) return Promise.reject(makeError(reply.reject));
                    if (reply.throw) throw makeError(reply.throw);
                    return Promise.resolve(untag(reply.resolve, api));
                }
                : (...args) => {
                    const reply = send(method, args);
                    if (reply.throw) throw makeError(reply.throw);
                    return untag(reply.return, api);
                };
        }
    }
    return api;
}

// ---- the Action ----------------------------------------------------------------------------------------

function requireFor(name) {
    if (typeof name !== 'string') return globalRequire(name);
    try {
        return globalRequire(name);
    } catch (error) {
        if (error?.code !== 'MODULE_NOT_FOUND') throw error;
        const missing = new nativeErrors.Error(`Cannot find module '${name}'`);
        missing.code = 'MODULE_NOT_FOUND';
        missing.requireStack = [];
        throw missing;
    }
}

let factory; // the compiled wrapper, not yet run
let action; // { exports } | { error }: what the top-level code left, kept for every later execution

// The host knows this text as well: on line 1 it subtracts its length from columns.
const WRAPPER = /*WRAPPER*/ '(';

function instantiate() {
    const module = { exports: {} };
    try {
        factory.call(undefined, module.exports, requireFor, module, makeConsole());
        return { exports: module.exports };
    } catch (error) {
        return { error };
    }
}

function fault(error) {
    if (error instanceof nativeErrors.Error) {
        return { name: `${error.name}`, message: `${error.message}`, stack: typeof error.stack === 'string' ? error.stack : '' };
    }
    let message;
    try {
        message = `${typeof error === 'symbol' ? error.toString() : error}`;
    } catch {
        message = '[object]';
    }
    return { name: 'non-error', message, stack: '' };
}

// Errors of the runtime itself: production gives them no place in the Action's source.
class RuntimeError extends nativeErrors.Error {}

async function execute(entryPoint, eventText) {
    const firstTimer = timers.schedule(() => {}, 0, false, []);
    try {
        action ??= instantiate();
        if (hasOwn(action, 'error')) throw action.error;
        const { exports } = action;
        if (exports === null || typeof exports !== 'object') throw new RuntimeError('The Action must export an object.');
        const handler = exports[entryPoint];
        // Production looks at the constructor's name, so a promise-returning function does not do.
        if (typeof handler !== 'function' || handler.constructor?.name !== 'AsyncFunction') {
            throw new RuntimeError(`Invalid function signature for the "${entryPoint}" handler. Use "exports.${entryPoint} = async function(event, api) { }" as the signature.`);
        }
        const event = parse(eventText);
        await handler(event, makeApi(event));
    } catch (error) {
        throw error instanceof RuntimeError ? { name: 'Error', message: error.message, stack: '' } : fault(error);
    } finally {
        // Production does not wait for timers that the handler left behind.
        const last = timers.schedule(() => {}, 0, false, []);
        for (let id = firstTimer; id <= last; id++) timers.clear_schedule(id);
    }
}

export const loader = {
    load(name, source) {
        try {
            factory = evaluate(`${WRAPPER}${source}\n})`, name);
        } catch (error) {
            throw fault(error);
        }
    },
};

export const onExecutePostLogin = (event) => execute('onExecutePostLogin', event);
export const onContinuePostLogin = (event) => execute('onContinuePostLogin', event);
