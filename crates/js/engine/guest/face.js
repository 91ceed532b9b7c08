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

// Packages would take this for a browser.
delete globalThis.XMLHttpRequest;
delete globalThis.self;

let exit; // what process.exit threw
let failExit; // rejects `exited`
const exited = new Promise((_, reject) => { failExit = reject; });
exited.catch(() => {});

// What the runtime finds on the global object stays there.
for (const name of getOwnPropertyNames(globalThis)) {
    if (name.startsWith('__wasm_rquickjs') && typeof globalThis[name] === 'function' && getOwnPropertyDescriptor(globalThis, name).configurable) {
        defineProperty(globalThis, name, { value: globalThis[name], writable: false, configurable: false, enumerable: false });
    }
}

replace(globalThis, 'queueMicrotask', function (callback) {
    if (typeof callback !== 'function') {
        throw Object.assign(new nativeErrors.TypeError(`The "callback" argument must be of type function. Received ${callback === null ? 'null' : `type ${typeof callback}`}`), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    nativeQueueMicrotask(() => {
        try {
            callback();
        } catch (error) {
            raise(error);
        }
    });
});

replace(process, 'exit', (code = process.exitCode ?? 0) => {
    exit ??= new nativeErrors.Error(`the Action ended its process with exit code ${code}`);
    failExit(exit);
    throw exit;
});
for (const [name, value] of [['platform', 'linux'], ['arch', 'x64'], ['argv0', 'node'], ['title', 'node']]) {
    defineProperty(process, name, { value, writable: false, configurable: true, enumerable: true });
}
process.argv.splice(0, Infinity, process.execPath, `${HOME}/index.js`);

// An error that seems to be thrown where `here` was made.
function errorAt(here, name, message, options) {
    const error = new nativeErrors[name](message, options);
    const frames = typeof here.stack === 'string' ? here.stack.match(/^ +at [^]*/m)?.[0].trimEnd() : undefined;
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

const SYSTEM_ERRORS = {
    ECONNREFUSED: [-111, 'connect'], EHOSTUNREACH: [-113, 'connect'], ETIMEDOUT: [-110, 'connect'], ECONNRESET: [-104, 'read'],
    ENOTFOUND: [-3008, 'getaddrinfo'], EAI_AGAIN: [-3001, 'getaddrinfo'],
};
const CERTIFICATE_ERRORS = {
    CERT_HAS_EXPIRED: 'certificate has expired', DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unable to verify the first certificate',
    ERR_TLS_CERT_ALTNAME_INVALID: "Hostname/IP does not match certificate's altnames",
};

// What a network that fails is in Node.
function failed(code, { protocol, hostname, port }) {
    const [errno, syscall] = SYSTEM_ERRORS[code] ?? [];
    if (!syscall) return Object.assign(errorAt({}, 'Error', CERTIFICATE_ERRORS[code] ?? code), { code });
    if (syscall === 'read') return Object.assign(errorAt({}, 'Error', `read ${code}`), { errno, code, syscall });
    if (syscall === 'getaddrinfo') {
        return Object.assign(errorAt({}, 'Error', `getaddrinfo ${code} ${hostname}`), { errno, code, syscall, hostname });
    }
    port = +port || (protocol === 'http:' ? 80 : 443);
    return Object.assign(errorAt({}, 'Error', `connect ${code} ${hostname}:${port}`), { errno, code, syscall, address: hostname, port });
}

const send = globalThis.fetch;

// `fetch` of the runtime says only that it failed; the host knows why. Nothing when it refused the request itself.
const failureOf = (url) => send('http://last-error.postlogin.invalid/', { method: 'POST', body: url }).then((answer) => answer.text());

replace(globalThis, 'fetch', function (resource, options) {
    const here = new nativeErrors.Error();
    if (!(resource instanceof Request) && !URL.canParse(`${resource}`)) {
        const cause = Object.assign(errorAt({}, 'TypeError', 'Invalid URL'), { code: 'ERR_INVALID_URL', input: `${resource}` });
        return Promise.reject(errorAt(here, 'TypeError', `Failed to parse URL from ${resource}`, { cause }));
    }
    const request = begun('request', `${options?.method ?? resource?.method ?? 'GET'} ${resource?.url ?? resource}`);
    return send(resource, options).then((response) => {
        ended(request);
        return response;
    }, async (error) => {
        if (error?.message !== 'HTTP request failed') {
            ended(request);
            throw error;
        }
        const url = URL.parse(resource?.url ?? resource) ?? {};
        const code = await failureOf(`${url.href}`.replace(/#.*/, ''));
        ended(request);
        throw errorAt(here, 'TypeError', 'fetch failed', { cause: code ? failed(code, url) : refused(url) });
    });
});

const HOST_ERRORS = {
    ConnectionTerminated: 'ECONNRESET', ConnectionTimeout: 'ETIMEDOUT', HttpResponseTimeout: 'ETIMEDOUT',
    DestinationUnavailable: 'ECONNREFUSED', DestinationIpUnroutable: 'EHOSTUNREACH', NXDOMAIN: 'ENOTFOUND', SERVFAIL: 'EAI_AGAIN',
};

const { emit } = ClientRequest.prototype;
replace(ClientRequest.prototype, 'emit', function (name, ...rest) {
    const told = name === 'error' && /^ErrorCode::(\w+)(?:.*Some\("(\w+)"\))?/.exec(rest[0]?.message);
    if (told) {
        const { protocol, host: hostname, port } = this;
        const code = HOST_ERRORS[told[2] ?? told[1]] ?? told[2];
        if (told[1] === 'ConnectionRefused') rest[0] = refused({ protocol, hostname, port });
        else if (code) rest[0] = failed(code, { protocol, hostname, port });
    }
    if (name === 'error' || name === 'close') finished(this);
    try {
        const hasListeners = apply(emit, this, [name, ...rest]);
        if (name === 'response') received(this, rest[0]);
        return hasListeners;
    } catch (error) {
        // In Node it leaves a callback of the network.
        raise(error);
        return true;
    }
});

const sent = new WeakMap(); // ClientRequest → what may be pending

function finished(request) {
    const entry = sent.get(request);
    if (entry) ended(entry);
}

// A body that nobody reads is not waited for.
function received(request, response) {
    const isRead = response.listenerCount('data') + response.listenerCount('end') + response.listenerCount('readable') > 0;
    if (!isRead) return finished(request);
    for (const name of ['end', 'close', 'error']) response.prependOnceListener?.(name, () => finished(request));
    return undefined;
}

const { end: sendNow } = ClientRequest.prototype;
replace(ClientRequest.prototype, 'end', function (...args) {
    if (!sent.has(this)) {
        const { method, protocol, host, port, path } = this;
        const isUsual = !port || +port === (protocol === 'http:' ? 80 : 443);
        sent.set(this, begun('request', `${method} ${protocol}//${host}${isUsual ? '' : `:${port}`}${path ?? ''}`));
    }
    return apply(sendNow, this, args);
});

// The runtime sends a body when it is whole. In Node what is written goes out at once, so nobody may be kept waiting until the end:
// neither for the callback nor for `drain`.
const { write: keepForTheEnd } = ClientRequest.prototype;
replace(ClientRequest.prototype, 'write', function (chunk, encoding, done) {
    const callback = typeof encoding === 'function' ? encoding : done;
    apply(keepForTheEnd, this, [chunk, typeof encoding === 'function' ? undefined : encoding]);
    if (typeof callback === 'function') process.nextTick(callback, null);
    this._needDrain = false;
    return true;
});

replace(Socket.prototype, 'connect', function (...args) {
    const [first, host] = args.flat();
    const { port, host: hostname = 'localhost' } = typeof first === 'object' ? first : { port: first, host: `${host}` };
    queueMicrotask(() => this.destroy(refused({ hostname, port })));
    return this;
});

// Where the key came from elsewhere, the runtime forgets what kind of RSA key it is.
const { prototype: subtle } = globalThis.crypto.subtle.constructor;
const { importKey } = subtle;
replace(subtle, 'importKey', async function (...args) {
    const key = await apply(importKey, this, args);
    const { name, modulusLength, hash } = key.algorithm;
    const details = name.startsWith('RSA') && modulusLength === undefined ? key._keyObject?.asymmetricKeyDetails : undefined;
    if (details) {
        const exponent = details.publicExponent.toString(16);
        const publicExponent = Uint8Array.from(exponent.padStart(exponent.length + (exponent.length % 2), '0').match(/../g), (byte) => parseInt(byte, 16));
        key._algorithm = { name, modulusLength: details.modulusLength, publicExponent, hash };
    }
    return key;
});
