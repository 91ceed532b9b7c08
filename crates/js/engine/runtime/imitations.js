// Modules that are the runtime's imitations, not Node's own; Node's library and the guest get them from here.
import { imitate, node } from '__wasm_rquickjs_builtin/timeout';
import { Intl } from '__wasm_rquickjs_builtin/intl';
import child_process from 'node:child_process';
import cluster from 'node:cluster';
import fs from 'node:fs';
import fs_promises from 'node:fs/promises';
import http2 from 'node:http2';
import inspector from 'node:inspector';
import repl from 'node:repl';
import sqlite from 'node:sqlite';
import test from 'node:test';
import trace_events from 'node:trace_events';
import vm from 'node:vm';

for (const [id, exports] of Object.entries({
    child_process, cluster, fs, 'fs/promises': fs_promises, inspector, repl, sqlite, test, trace_events, vm,
})) imitate(id, exports);

node.installDispatcher();
// Not before: undici does without it.
imitate('http2', http2);
Object.defineProperty(globalThis, 'Intl', { value: Intl, writable: true, configurable: true, enumerable: false });

// What Node makes at first use is made now, before the engine is frozen; what is not there is not on the global object either.
for (const [target, key, , isEnumerable] of node.lazy) {
    let value;
    try {
        value = target[key];
    } catch (error) {
        throw new Error(`${String(key)}: ${error.message}\n${error.stack}`);
    }
    if (value === undefined) delete target[key];
    else Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: isEnumerable });
}
// Loaded by others when they are first used.
for (const name of ['aes', 'cfrg', 'ec', 'mac', 'rsa', 'webcrypto', 'webidl', 'x509']) node.require(`internal/crypto/${name}`);
node.native.forgetLibrary();
