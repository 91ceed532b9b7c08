// The dispatcher of undici's `fetch`: each request is one exchange over `wasi:http` instead of a connection.
((node) => {
    'use strict';

    const { host, networkError, Exchange } = node;
    const { assign, entries: entriesOf } = Object;
    const { isArray } = Array;
    const { isView } = ArrayBuffer;

    const coded = (name, code, message) => assign(new Error(message), { name, code });
    const invalid = (message) => coded('InvalidArgumentError', 'UND_ERR_INVALID_ARG', message);
    // Headers that belong to the connection.
    const OF_CONNECTION = new Set(['connection', 'host', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);
    const INVALID_PATH = /[^\u0021-\u00ff]/;
    const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
    const INVALID_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

    // Returns names and values in turn. Callers of undici pass a flat list, pairs, or an object.
    function headerList(headers) {
        const list = [];
        const add = (name, value) => {
            if (value === undefined) return;
            if (!TOKEN.test(name)) throw invalid('invalid header key');
            for (const item of isArray(value) ? value : [value]) {
                const text = item === null ? '' : `${item}`;
                if ((typeof item === 'object' && item !== null) || INVALID_VALUE.test(text)) throw invalid(`invalid ${name} header`);
                if (!OF_CONNECTION.has(name.toLowerCase())) list.push(name, text);
            }
        };
        if (headers === null || headers === undefined) return list;
        if (isArray(headers) && !isArray(headers[0])) {
            if (headers.length % 2 !== 0) throw invalid('headers array must be even');
            for (let at = 0; at < headers.length; at += 2) add(`${headers[at]}`, headers[at + 1]);
        } else if (typeof headers !== 'object') {
            throw invalid('headers must be an object or an array');
        } else if (typeof headers[Symbol.iterator] === 'function') {
            for (const header of headers) {
                if (!isArray(header) || header.length !== 2) throw invalid('headers must be in key-value pair format');
                add(header[0], header[1]);
            }
        } else {
            for (const [name, value] of entriesOf(headers)) add(name, value);
        }
        return list;
    }

    function valueOf(list, name) {
        for (let at = 0; at < list.length; at += 2) if (list[at].toLowerCase() === name) return list[at + 1];
        return undefined;
    }

    // Returns the bytes of a body, or undefined if the body has to be read first.
    function bytesAtHand(body) {
        const { Buffer } = node.require('buffer');
        if (typeof body === 'string') return Buffer.from(body);
        if (isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
        if (node.types.isAnyArrayBuffer(body)) return new Uint8Array(body);
        return undefined;
    }

    async function bytesRead(body, list) {
        const { Buffer } = node.require('buffer');
        if (typeof body.arrayBuffer === 'function' && typeof body.stream === 'function') return new Uint8Array(await body.arrayBuffer());
        if (body[Symbol.toStringTag] === 'FormData') {
            const { Response } = node.require(UNDICI);
            const response = new Response(body);
            if (valueOf(list, 'content-type') === undefined) list.push('content-type', response.headers.get('content-type'));
            return new Uint8Array(await response.arrayBuffer());
        }
        if (typeof body[Symbol.asyncIterator] !== 'function' && typeof body[Symbol.iterator] !== 'function') {
            throw invalid('body must be a string, a Buffer, a Readable stream, an iterable, or an async iterable');
        }
        const chunks = [];
        for await (const chunk of body) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
        return chunks.length === 1 && chunks[0] instanceof Uint8Array ? chunks[0] : Buffer.concat(chunks);
    }

    // Adapts a handler of undici 7 to the interface of undici 6.
    function legacy(handler) {
        if (typeof handler.onRequestStart !== 'function') return handler;
        const controller = {
            rawHeaders: undefined, reason: undefined, paused: false, aborted: false,
            pause() { this.paused = true; },
            resume() {
                this.paused = false;
                this.onResume?.();
            },
            abort(reason) {
                this.aborted = true;
                this.reason = reason;
                this.onAbort?.(reason);
            },
        };
        return {
            onConnect(abort, context) {
                controller.onAbort = abort;
                handler.onRequestStart(controller, context);
            },
            onHeaders(status, rawHeaders, resume, statusText) {
                controller.rawHeaders = rawHeaders;
                controller.onResume = resume;
                const headers = {};
                for (let at = 0; at < rawHeaders.length; at += 2) {
                    const [name, value] = [rawHeaders[at].toString('latin1').toLowerCase(), rawHeaders[at + 1].toString('latin1')];
                    headers[name] = headers[name] === undefined ? value : [headers[name], value].flat();
                }
                handler.onResponseStart?.(controller, status, headers, statusText);
                return !controller.paused;
            },
            onData(chunk) {
                handler.onResponseData?.(controller, chunk);
                return !controller.paused;
            },
            onComplete() { handler.onResponseEnd?.(controller, {}); },
            onError(error) { handler.onResponseError?.(controller, error); },
        };
    }

    function send(origin, options, given) {
        const handler = legacy(given);
        const { path, method, body, query, headersTimeout } = options;
        if (typeof path !== 'string') throw invalid('path must be a string');
        if (INVALID_PATH.test(path)) throw invalid('invalid request path');
        if (typeof method !== 'string') throw invalid('method must be a string');
        if (!TOKEN.test(method)) throw invalid('invalid request method');
        const url = new URL(`${origin}`);
        const headers = headerList(options.headers);
        const search = query ? `${path.includes('?') ? '&' : '?'}${node.require('querystring').stringify(query)}` : '';
        const request = {
            method, scheme: url.protocol.slice(0, -1), hostname: url.hostname.replace(/^\[|\]$/g, ''),
            port: url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : +url.port,
            path: `${path.startsWith('/') ? path : new URL(path).pathname}${search}`, headers,
        };

        let exchange;
        let isOver = false;
        const pending = host.begun?.(`${method} ${url.origin}${request.path}`);
        // Reading the body is not reported as pending.
        const settled = () => pending && host.ended(pending);
        let timer;
        const { setTimeout, clearTimeout } = node.require('timers');
        const fail = (error) => {
            if (isOver) return;
            isOver = true;
            settled();
            clearTimeout(timer);
            exchange?.abort();
            handler.onError(error);
        };
        const abort = (reason) => fail(reason ?? coded('AbortError', 'UND_ERR_ABORTED', 'Request aborted'));
        // An exception in a handler ends its request.
        const told = (call) => {
            if (isOver) return false;
            try {
                return call();
            } catch (error) {
                fail(error);
                return false;
            }
        };

        const begin = (bytes) => {
            if (isOver) return;
            const length = valueOf(headers, 'content-length');
            if (length !== undefined && +length !== (bytes?.length ?? 0) && method !== 'HEAD' && method !== 'GET') {
                fail(coded('RequestContentLengthMismatchError', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'Request body length does not match content-length header'));
                return;
            }
            // undici writes it after the other headers.
            if (length !== undefined) headers.push(...headers.splice(headers.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === 'content-length'), 2));
            exchange = new Exchange({ ...request, body: bytes?.length > 0 ? bytes : undefined }, {
                head(status, lines, chunk) {
                    clearTimeout(timer);
                    settled();
                    const { Buffer } = node.require('buffer');
                    const raw = lines.map((line) => Buffer.from(line, 'latin1'));
                    const reason = node.require('_http_server').STATUS_CODES[status] ?? '';
                    told(() => handler.onResponseStarted?.());
                    const hasRoom = told(() => handler.onHeaders(status, raw, () => exchange.resume(), reason));
                    return (chunk?.length > 0 && method !== 'HEAD' ? this.data(chunk) : hasRoom) !== false;
                },
                data: (chunk) => method === 'HEAD' || told(() => handler.onData(node.bufferOf(chunk))) !== false,
                end() {
                    if (isOver) return;
                    told(() => handler.onComplete([]));
                    isOver = true;
                },
                fail,
            });
        };

        // WebSockets and tunnels: `wasi:http` has only requests.
        if (options.upgrade || method === 'CONNECT') {
            told(() => handler.onConnect(abort, null));
            fail(networkError('refused', request.hostname, request.port));
            return true;
        }
        if (headersTimeout > 0) timer = setTimeout(() => fail(coded('HeadersTimeoutError', 'UND_ERR_HEADERS_TIMEOUT', 'Headers Timeout Error')), headersTimeout);
        told(() => handler.onConnect(abort, null));
        if (isOver) return true;
        if (body === null || body === undefined) {
            begin(undefined);
            return true;
        }
        const bytes = bytesAtHand(body);
        if (bytes !== undefined) begin(bytes);
        else bytesRead(body, headers).then(begin, fail);
        return true;
    }

    // Reports requests of http as pending, with the place where they are created.
    function noteRequests() {
        const { apply } = Reflect;
        const { ClientRequest } = node.require('_http_client');
        const notes = new WeakMap();
        const [get, set] = [WeakMap.prototype.get, WeakMap.prototype.set].map((method) => Function.prototype.call.bind(method, notes));
        node.require('diagnostics_channel').subscribe('http.client.request.created', ({ request }) => {
            const { method, protocol, host: name, path } = request;
            const note = host.begun?.(`${method} ${protocol}//${request.getHeader('host') ?? name}${path ?? ''}`);
            if (note) set(request, note);
        });
        const { emit } = ClientRequest.prototype;
        const noted = {
            emit(name, response) {
                const hasListeners = apply(emit, this, arguments);
                const isUnread = name === 'response' && response.readableFlowing === null && response.listenerCount('readable') === 0;
                const note = name === 'close' || isUnread ? get(this) : undefined;
                if (note) host.ended(note);
                return hasListeners;
            },
        };
        Object.defineProperty(ClientRequest.prototype, 'emit', { value: noted.emit, writable: true, configurable: true, enumerable: false });
    }

    // undici keeps some objects alive by the scopes of functions, which V8 shares and this engine does not, and cancels bodies when their
    // response is collected, which happens at once here. So its references are strong, and it does not hear of collected objects.
    class StrongRef {
        #target;
        constructor(target) { this.#target = target; }
        deref() { return this.#target; }
    }
    class NoRegistry {
        register() {}
        unregister() {}
    }
    const UNDICI = 'internal/deps/undici/undici';

    function requireUndici() {
        const { compile } = node;
        node.compile = (id, parameters) => {
            if (id !== UNDICI) return compile(id, parameters);
            const load = compile(id, [...parameters, 'WeakRef', 'FinalizationRegistry']);
            return (...given) => load(...given, StrongRef, NoRegistry);
        };
        const undici = node.require(UNDICI);
        node.compile = compile;
        return undici;
    }

    // Loads undici, with an agent that uses exchanges instead of connections.
    node.installDispatcher = () => {
        // undici compiles its parser when it is loaded; here it is never used.
        const never = () => new Promise(() => {});
        const { WebAssembly } = globalThis;
        if (WebAssembly === undefined) Object.defineProperty(globalThis, 'WebAssembly', { value: { compile: never, instantiate: never }, configurable: true });
        const undici = requireUndici();
        if (WebAssembly === undefined) delete globalThis.WebAssembly;
        const EventEmitter = node.require('events');
        class Origin extends EventEmitter {
            #origin;
            constructor(origin) {
                super();
                this.#origin = origin;
            }
            dispatch(options, handler) {
                if (typeof handler !== 'object' || handler === null) throw invalid('handler must be an object');
                try {
                    return send(this.#origin, options, handler);
                } catch (error) {
                    if (typeof handler.onError !== 'function') throw invalid('invalid onError method');
                    handler.onError(error);
                    return false;
                }
            }
            async close() {}
            async destroy() {}
        }
        const { constructor: Agent } = undici.getGlobalDispatcher();
        node.require('internal/dns/utils').initializeDns();
        // Behind a switch of the command line in Node 22.
        delete globalThis.EventSource;
        noteRequests();
        undici.setGlobalDispatcher(new Agent({ factory: (origin) => new Origin(origin) }));
        return undici;
    };
})
