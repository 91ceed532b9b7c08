// Run by Node itself, with --expose-internals: writes Node's library and the shapes of its bindings (constants, names of
// functions and classes; no values of this machine) to the files that are named as arguments.
'use strict';

const { writeFileSync } = require('node:fs');
const { internalBinding } = require('internal/test/binding');
const [, , libraryFile, shapesFile] = process.argv;

const BINDINGS = ['async_wrap', 'blob', 'block_list', 'buffer', 'cares_wrap', 'config', 'constants', 'contextify', 'credentials',
    'crypto', 'encoding_binding', 'errors', 'fs', 'fs_dir', 'fs_event_wrap', 'heap_utils', 'http2', 'http_parser', 'icu', 'inspector',
    'js_stream', 'js_udp_wrap', 'messaging', 'mksnapshot', 'module_wrap', 'modules', 'options', 'os', 'performance',
    'permission', 'pipe_wrap', 'process_methods', 'process_wrap', 'report', 'sea', 'serdes', 'signal_wrap', 'spawn_sync',
    'stream_wrap', 'string_decoder', 'symbols', 'task_queue', 'tcp_wrap', 'timers', 'tls_wrap', 'trace_events', 'tty_wrap',
    'types', 'udp_wrap', 'url', 'url_pattern', 'util', 'uv', 'v8', 'wasm_web_api', 'watchdog', 'worker', 'zlib'];

// Values of this machine or process.
const LEFT_OUT = new Set(['cachedData', 'cwd', 'env', 'isBuildingSnapshotBuffer', 'hrtimeBuffer', 'observerCounts', 'milestones', 'natives']);

const { privateSymbols } = internalBinding('util');
const wellKnown = new Map(Object.entries(privateSymbols).map(([name, symbol]) => [symbol, name]));

function shape(value, depth) {
    switch (typeof value) {
        case 'undefined': return { $: 'undefined' };
        case 'number': return Number.isFinite(value) && !Object.is(value, -0) ? value : { $: 'number', of: String(value) };
        case 'bigint': return { $: 'bigint', of: String(value) };
        case 'symbol': return { $: wellKnown.has(value) ? 'private' : 'symbol', of: wellKnown.get(value) ?? value.description };
        case 'function': return shapeOfFunction(value, depth);
        case 'object': return value === null ? null : shapeOfObject(value, depth);
        default: return value;
    }
}

function shapeOfFunction(value, depth) {
    const made = { $: 'function', of: value.name };
    const methods = value.prototype ? Object.getOwnPropertyNames(value.prototype).filter((name) => name !== 'constructor') : [];
    if (value.prototype) made.methods = methods;
    const parent = Object.getPrototypeOf(value);
    if (typeof parent === 'function' && parent !== Function.prototype && parent.name) made.parent = parent.name;
    const own = {};
    for (const key of Object.keys(value)) own[key] = shape(value[key], depth + 1);
    if (Object.keys(own).length > 0) made.own = own;
    return made;
}

function shapeOfObject(value, depth) {
    if (ArrayBuffer.isView(value)) return { $: value.constructor.name, of: value.length };
    if (value instanceof ArrayBuffer) return { $: 'ArrayBuffer', of: value.byteLength };
    if (Array.isArray(value)) return value.map((item) => shape(item, depth + 1));
    if (depth > 6) return { $: 'object', of: {} };
    const properties = {};
    for (const key of Object.keys(value)) {
        if (LEFT_OUT.has(key)) continue;
        const { get, value: held } = Object.getOwnPropertyDescriptor(value, key);
        if (!get) properties[key] = shape(held, depth + 1);
    }
    return '$' in properties ? { $: 'object', of: properties } : properties;
}

const shapes = { $process: { version: process.version, versions: { ...process.versions }, release: process.release } };
// uv's own messages, and Node's defaults of its options.
shapes.$errors = Object.fromEntries([...internalBinding('uv').getErrorMap().values()]);
shapes.$options = { ...internalBinding('options').getCLIOptionsValues() };
// The names that each public module exports.
shapes.$keys = {};
for (const id of require('module').builtinModules) {
    if (!/^(_|internal\/)/.test(id) && !/^(test|sqlite|sea|wasi|repl|trace_events|inspector)/.test(id)) shapes.$keys[id] = Object.keys(require(id)).filter((key) => /^[\w$]+$/.test(key));
}
// Modules that are there in name only.
shapes.$modules = {};
for (const id of ['repl', 'sqlite']) shapes.$modules[id] = shape(require(`node:${id}`), 0);
shapes.$ids = internalBinding('builtins').builtinIds;
for (const name of BINDINGS) {
    try {
        shapes[name] = shape(internalBinding(name), 0);
    } catch (error) {
        shapes[name] = { $: 'missing', of: error.message };
    }
}
const { natives } = internalBinding('builtins');
const variables = { napi_build_version: process.config.variables.napi_build_version, node_use_amaro: false };
writeFileSync(libraryFile, JSON.stringify({ ...natives, config: JSON.stringify({ target_defaults: {}, variables }) }));
writeFileSync(shapesFile, JSON.stringify(shapes));
