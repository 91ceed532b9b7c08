// Modules that are the runtime's imitations, not Node's own; Node's library and the guest get them from here.
import { imitate, node } from '__wasm_rquickjs_builtin/timeout';
import { Intl } from '__wasm_rquickjs_builtin/intl';
import child_process from 'node:child_process';
import cluster from 'node:cluster';
import http2 from 'node:http2';
import inspector from 'node:inspector';
import repl from 'node:repl';
import sqlite from 'node:sqlite';
import vm from 'node:vm';

Object.defineProperty(child_process, '_forkChild', { value: function _forkChild() {}, writable: true, enumerable: true, configurable: true });

// What a switch of Node's would add is not there.
const { Module, SourceTextModule, SyntheticModule, ...asInNode } = vm;
async function measureMemory() {
    throw new Error('postlogin does not measure memory');
}

for (const [id, exports] of Object.entries({
    child_process, cluster, inspector, repl, sqlite, vm: { ...asInNode, measureMemory },
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
// Packages often ask for it.
node.require('fs');
