// Modules that are the runtime's imitations, not Node's own; Node's library and the guest get them from here.
import { imitate, node } from '__wasm_rquickjs_builtin/timeout';
import { Intl } from '__wasm_rquickjs_builtin/intl';
import * as web_crypto from '__wasm_rquickjs_builtin/web_crypto';
import child_process from 'node:child_process';
import cluster from 'node:cluster';
import crypto from 'node:crypto';
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
    child_process, cluster, crypto, fs, 'fs/promises': fs_promises, inspector, repl, sqlite, test, trace_events, vm,
    'internal/crypto/webcrypto': { crypto: web_crypto.webcrypto, Crypto: web_crypto.Crypto, CryptoKey: web_crypto.CryptoKey, SubtleCrypto: web_crypto.SubtleCrypto },
    'internal/crypto/keys': {
        KeyObject: web_crypto.KeyObject,
        isKeyObject: (value) => value instanceof web_crypto.KeyObject,
        isCryptoKey: (value) => value instanceof web_crypto.CryptoKey,
    },
    'internal/crypto/x509': { InternalX509Certificate: class {}, X509Certificate: web_crypto.X509Certificate },
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
node.native.forgetLibrary();
