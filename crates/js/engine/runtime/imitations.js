// Modules that are the runtime's imitations, not Node's own; Node's library and the guest get them from here.
import { imitate, node } from '__wasm_rquickjs_builtin/timeout';
import structuredClone from '__wasm_rquickjs_builtin/structured_clone';
import { Intl } from '__wasm_rquickjs_builtin/intl';
import { fetch, Headers, Request, Response } from '__wasm_rquickjs_builtin/http';
import { FormData } from '__wasm_rquickjs_builtin/http_form_data';
import * as web_crypto from '__wasm_rquickjs_builtin/web_crypto';
import child_process from 'node:child_process';
import cluster from 'node:cluster';
import crypto from 'node:crypto';
import dgram from 'node:dgram';
import dns from 'node:dns';
import dns_promises from 'node:dns/promises';
import fs from 'node:fs';
import fs_promises from 'node:fs/promises';
import http from 'node:http';
import http2 from 'node:http2';
import _http_agent from 'node:_http_agent';
import _http_common from 'node:_http_common';
import https from 'node:https';
import inspector from 'node:inspector';
import net from 'node:net';
import repl from 'node:repl';
import sqlite from 'node:sqlite';
import test from 'node:test';
import tls from 'node:tls';
import trace_events from 'node:trace_events';
import tty from 'node:tty';
import vm from 'node:vm';
import worker_threads from 'node:worker_threads';

for (const [id, exports] of Object.entries({
    child_process, cluster, crypto, dgram, dns, 'dns/promises': dns_promises, fs, 'fs/promises': fs_promises, http, http2,
    _http_agent, _http_common, https, inspector, net, repl, sqlite, structuredClone, test, tls, trace_events, tty, vm, worker_threads,
    'internal/deps/undici/undici': { fetch, Headers, Request, Response, FormData },
    'internal/crypto/webcrypto': { crypto: web_crypto.webcrypto, Crypto: web_crypto.Crypto, CryptoKey: web_crypto.CryptoKey, SubtleCrypto: web_crypto.SubtleCrypto },
    'internal/crypto/keys': {
        KeyObject: web_crypto.KeyObject,
        isKeyObject: (value) => value instanceof web_crypto.KeyObject,
        isCryptoKey: (value) => value instanceof web_crypto.CryptoKey,
    },
    'internal/worker/io': worker_threads,
})) imitate(id, exports);

Object.defineProperty(globalThis, 'Intl', { value: Intl, writable: true, configurable: true, enumerable: false });

// What Node makes at first use is made now, before the engine is frozen; what is not there is not on the global object either.
for (const [target, key, , isEnumerable] of node.lazy) {
    const value = target[key];
    if (value === undefined) delete target[key];
    else Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: isEnumerable });
}
node.native.forgetLibrary();
