// Starts Node's library as Node does: primordials, realm, bootstrap, the web's interfaces, and what a main thread adds.
((node) => {
    'use strict';

    const { native, host, shapes } = node;
    const { defineProperty } = Object;
    const { prepareStackTrace } = Error; // the engine's; the library puts its own in its place

    // What is not as in Node's library: places in the text of a module, and what is there instead. Lines stay where they are.
    const ALTERED = {
        __proto__: null,
        // The loop runs what waits for its turn after an error that a listener has handled, and an immediate would count as pending.
        'internal/process/execution': [["require('timers').setImmediate(noop);", '']],
        // Warnings go to the host: nobody sees standard error. Those of a run that is over before its next tick can be asked for.
        'internal/process/warning': [
            ["error ??= require('internal/console/global').error;", 'error ??= process._rawDebug;'],
            ['function doEmitWarning(warning) {', 'const pending = new SafeSet(); function doEmitWarning(warning) { pending.delete(warning);'],
            ['  process.nextTick(doEmitWarning, warning);', '  pending.add(warning); process.nextTick(doEmitWarning, warning);'],
            ['module.exports = {', 'module.exports = { pending,'],
        ],
    };

    function altered(id, source) {
        for (const [before, after] of ALTERED[id] ?? []) {
            if (source.split(before).length !== 2) throw new Error(`Node's module ${id} has changed: ${before}`);
            source = source.replace(before, () => after);
        }
        return source;
    }

    node.compile = (id, parameters) => {
        const found = native.librarySource(id);
        if (found === undefined) throw new Error(`Node's module ${id} is not embedded`);
        const source = altered(id, found);
        return native.compile(`(function (${parameters.join(', ')}) {${source}\n})`, `node:${id}`);
    };

    // ---- process, as Node's C++ makes it ----

    const process = Object.create(Object.create(Object.prototype, { constructor: { value: { process: function process() {} }.process, writable: true, configurable: true } }));
    node.process = process;
    const fixed = (name, value) => defineProperty(process, name, { value, writable: false, enumerable: true, configurable: false });
    fixed('version', shapes.$process.version);
    fixed('versions', Object.freeze({ ...shapes.$process.versions }));
    fixed('arch', 'x64');
    fixed('platform', 'linux');
    fixed('release', Object.freeze({ ...shapes.$process.release }));
    const { exit_info_private_symbol: exitInfo } = node.getInternalBinding('util').privateSymbols;
    process[exitInfo] = new Int32Array(3);
    Object.assign(process, { title: 'node', argv: ['/usr/local/bin/node', '/home/action/index.js'], execArgv: [], env: environment(), pid: 1, ppid: 0, execPath: '/usr/local/bin/node', debugPort: 9229 });

    // As Node's: values are texts.
    function environment() {
        const text = (value) => {
            if (typeof value === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string');
            return `${value}`;
        };
        return new Proxy({}, {
            set: (target, key, value) => (typeof key === 'symbol' ? (text(key), false) : Reflect.set(target, key, text(value))),
            defineProperty(target, key, property) {
                if (typeof key === 'symbol') text(key);
                const code = 'ERR_INVALID_OBJECT_DEFINE_PROPERTY';
                if (!('value' in property)) {
                    throw Object.assign(new TypeError("'process.env' does not accept an accessor(getter/setter) descriptor"), { code });
                }
                const { value, configurable = false, writable = false, enumerable = false } = { ...Object.getOwnPropertyDescriptor(target, key), ...property };
                if (!(configurable && writable && enumerable)) {
                    throw Object.assign(new TypeError("'process.env' only accepts a configurable, writable, and enumerable data descriptor"), { code });
                }
                return Reflect.defineProperty(target, key, { value: text(value), configurable, writable, enumerable });
            },
        });
    }

    // ---- the order of Node's start ----

    const { privateSymbols } = node.getInternalBinding('util');
    const perIsolateSymbols = node.getInternalBinding('symbols');
    const primordials = (node.primordials = {});
    for (const id of ['internal/per_context/primordials']) {
        node.compile(id, ['exports', 'primordials', 'privateSymbols', 'perIsolateSymbols'])({}, primordials, privateSymbols, perIsolateSymbols);
    }
    const noLinkedBinding = (name) => { throw new Error(`No such binding: ${name}`); };
    node.compile('internal/bootstrap/realm', ['process', 'getLinkedBinding', 'getInternalBinding', 'primordials'])(process, noLinkedBinding, node.getInternalBinding, primordials);
    const { require, internalBinding } = node;
    const start = (id) => node.compile(id, ['process', 'require', 'internalBinding', 'primordials'])(process, require, internalBinding, primordials);
    start('internal/bootstrap/node');
    start('internal/bootstrap/web/exposed-wildcard');
    start('internal/bootstrap/web/exposed-window-or-worker');

    // What Node's switches and `prepareMainThreadExecution` add.
    require('internal/util/debuglog').initializeDebugEnv(undefined);
    for (const name of ['cwd']) {
        const { [name]: method } = internalBinding('process_methods');
        process[name] = { [name]: () => method() }[name];
    }
    process.umask = { umask(mask) {
        if (mask !== undefined) require('internal/validators').parseFileMode(mask, 'mask');
        return 0o22;
    } }.umask;
    process.chdir = { chdir(directory) {
        require('internal/validators').validateString(directory, 'directory');
        const message = `ENOENT: no such file or directory, chdir '/' -> '${directory}'`;
        throw Object.assign(new Error(message), { errno: -2, code: 'ENOENT', syscall: 'chdir', path: '/', dest: directory });
    } }.chdir;
    process.abort = internalBinding('process_methods').abort;
    for (const name of ['setuid', 'setgid', 'seteuid', 'setegid', 'setgroups', 'initgroups']) {
        const { [name]: refused } = { [name]() { throw node.coded(Error, 'EPERM', `EPERM, Operation not permitted`); } };
        process[name] = refused;
    }
    defineProperty(process, 'report', { get: () => require('internal/process/report').report, enumerable: true, configurable: true });
    defineProperty(process, 'argv0', { value: 'node', enumerable: true, configurable: false, writable: false });
    for (const name of ['stdout', 'stderr', 'stdin']) {
        let stream;
        defineProperty(process, name, { get: () => (stream ??= streamOf(name)), set: undefined, enumerable: true, configurable: true });
    }
    require('internal/console/constructor').initializeGlobalConsole(require('internal/console/global'));
    const { defineReplaceableLazyAttribute, exposeLazyInterfaces, exposeInterface } = require('internal/util');
    exposeLazyInterfaces(globalThis, 'internal/navigator', ['Navigator']);
    defineReplaceableLazyAttribute(globalThis, 'internal/navigator', ['navigator'], false);
    exposeInterface(globalThis, 'CustomEvent', require('internal/event_target').CustomEvent);
    require('internal/process/promises');
    require('internal/bootstrap/realm').BuiltinModule.allowRequireByUsers('sqlite');
    const { onWarning, pending: unprinted } = require('internal/process/warning');
    process.on('warning', onWarning);
    // Prints the warnings that no tick has printed yet, if the process still prints warnings.
    node.flushWarnings = () => {
        if (unprinted.size === 0) return;
        try {
            const isPrinted = process.listeners('warning').includes(onWarning);
            for (const warning of unprinted) {
                unprinted.delete(warning);
                if (isPrinted) onWarning(warning);
            }
        } catch {
            // A warning that cannot be shown as a text, or a process that is changed.
        }
        unprinted.clear();
    };

    defineReplaceableLazyAttribute(globalThis, 'internal/crypto/webcrypto', ['crypto'], false, function cryptoThisCheck() {
        if (this !== globalThis && this !== undefined && this !== null) {
            const { ERR_INVALID_THIS } = require('internal/errors').codes;
            throw new ERR_INVALID_THIS('nullish or must be the global object');
        }
    });
    exposeLazyInterfaces(globalThis, 'internal/crypto/webcrypto', ['Crypto', 'CryptoKey', 'SubtleCrypto']);
    // The engine makes stacks as V8 does; this function stands for that.
    defineProperty(prepareStackTrace, 'name', { value: 'ErrorPrepareStackTrace', configurable: true });
    defineProperty(Error, 'prepareStackTrace', { value: prepareStackTrace, writable: true, configurable: true, enumerable: false });

    // Who made a timer may be asked later.
    require('async_hooks').createHook({
        init(asyncId, type, triggerId, resource) {
            if (type === 'Timeout' || type === 'Immediate') node.onTimer?.(resource, type);
        },
    }).enable();

    // Bindings are the library's own.
    process.binding = { binding(name) {
        throw new Error(`No such module: ${String(name)}`);
    } }.binding;
    process._linkedBinding = { _linkedBinding: process.binding }._linkedBinding;

    function streamOf(name) {
        if (name === 'stdin') {
            const { Readable } = require('stream');
            const stdin = new Readable({ read() { this.push(null); } });
            stdin.fd = 0;
            return stdin;
        }
        const { Writable } = require('stream');
        const stream = new Writable({
            decodeStrings: false,
            write(chunk, encoding, done) {
                host.write(name, typeof chunk === 'string' ? chunk : chunk.toString('utf8'));
                done();
            },
        });
        stream._type = 'pipe';
        stream._isStdio = true;
        stream.fd = name === 'stdout' ? 1 : 2;
        stream.destroySoon = stream.destroy;
        stream._destroy = function (error, callback) { callback(error); };
        return stream;
    }
})
