// Sockets for Node's http client. Behind each stands no network but a server of ours: it reads the requests that the client
// writes, has them answered over `wasi:http`, and writes the answers as HTTP/1.1. Whatever else wants a connection is refused.
((node) => {
    'use strict';

    const { host, networkError, Exchange, FRAMING } = node;
    const { UV_EOF, UV_ECONNREFUSED, UV_EACCES, UV_ENOTCONN, UV_EINVAL } = {
        UV_EOF: -4095, UV_ECONNREFUSED: -111, UV_EACCES: -13, UV_ENOTCONN: -107, UV_EINVAL: -22,
    };
    const HOP_BY_HOP = new Set(['connection', 'host', 'http2-settings', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']);
    // Turns that a connection is given to fail before it counts as made: what the host refuses, it refuses at once.
    const TURNS_TO_FAIL = 3;

    const owner = (handle) => handle[node.getInternalBinding('symbols').owner_symbol];
    const state = () => node.getInternalBinding('stream_wrap').streamBaseState;
    const latin1 = (text) => {
        const bytes = new Uint8Array(text.length);
        for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
        return bytes;
    };
    const bytesOf = (chunk, encoding) => {
        if (typeof chunk !== 'string') return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
        return encoding === 'latin1' || encoding === 'binary' ? latin1(chunk) : node.require('buffer').Buffer.from(chunk, encoding);
    };
    const joined = (chunks) => {
        if (chunks.length === 1) return chunks[0];
        const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
        let at = 0;
        for (const chunk of chunks) {
            whole.set(chunk, at);
            at += chunk.length;
        }
        return whole;
    };
    const text = (bytes) => {
        let whole = '';
        for (let at = 0; at < bytes.length; at += 4096) whole += String.fromCharCode.apply(undefined, bytes.subarray(at, at + 4096));
        return whole;
    };

    // ---- requests, as the client writes them ----

    class RequestReader {
        #bytes = new Uint8Array(0);
        #head;
        #body = [];
        #left = 0;
        #isChunked = false;
        #state = 'head';

        // `told(name, …)`: `expects`, when the client waits for leave to send the body; `request(head, body)`; `nonsense`.
        constructor(told) {
            this.told = told;
        }

        get isInside() {
            return this.#state !== 'head' || this.#bytes.length > 0;
        }

        write(chunk) {
            if (this.#state === 'nonsense') return;
            this.#bytes = this.#bytes.length === 0 ? chunk : joined([this.#bytes, chunk]);
            while (this.#step());
        }

        #line(from = 0) {
            const end = this.#bytes.indexOf(10, from);
            if (end < 0) return undefined;
            return [text(this.#bytes.subarray(from, end > from && this.#bytes[end - 1] === 13 ? end - 1 : end)), end + 1];
        }

        #step() {
            if (this.#state === 'head') return this.#readHead();
            if (this.#state === 'body' || this.#state === 'chunk') {
                const part = this.#bytes.subarray(0, this.#left);
                this.#bytes = this.#bytes.subarray(part.length);
                this.#left -= part.length;
                if (part.length > 0) this.#body.push(part);
                if (this.#left > 0) return false;
                if (this.#state === 'body') this.#finish();
                else this.#state = 'chunk end';
                return true;
            }
            const line = this.#line();
            if (line === undefined) return false;
            this.#bytes = this.#bytes.subarray(line[1]);
            if (this.#state === 'size') {
                this.#left = parseInt(line[0], 16);
                this.#state = this.#left > 0 ? 'chunk' : 'trailers';
            } else if (this.#state === 'chunk end') {
                this.#state = 'size';
            } else if (line[0] === '') {
                this.#finish();
            }
            return true;
        }

        #readHead() {
            const lines = [];
            let at = 0;
            for (;;) {
                const line = this.#line(at);
                if (line === undefined) {
                    // Other protocols greet otherwise.
                    if (at === 0 && this.#bytes.length > 0 && !/^[A-Z-]+(?: |$)/.test(text(this.#bytes.subarray(0, 24)))) this.#fail();
                    return false;
                }
                at = line[1];
                if (line[0] === '' && lines.length > 0) break;
                if (line[0] !== '') lines.push(line[0]);
            }
            const [, method, target] = /^([!#$%&'*+.^_`|~\w-]+) (\S+) HTTP\/1\.[01]$/.exec(lines[0]) ?? [];
            if (method === undefined) {
                this.#fail();
                return false;
            }
            this.#bytes = this.#bytes.subarray(at);
            const headers = [];
            this.#isChunked = false;
            this.#left = 0;
            let expects = false;
            let closes = false;
            for (let index = 1; index < lines.length; index++) {
                const colon = lines[index].indexOf(':');
                const [name, value] = [lines[index].slice(0, colon), lines[index].slice(colon + 1).trim()];
                const lower = name.toLowerCase();
                if (lower === 'content-length') this.#left = +value || 0;
                if (lower === 'transfer-encoding') this.#isChunked = /\bchunked\b/i.test(value);
                if (lower === 'expect') expects = value.toLowerCase() === '100-continue';
                if (lower === 'connection') closes = /\bclose\b/i.test(value);
                if (!HOP_BY_HOP.has(lower)) headers.push(name, value);
            }
            this.#head = { method, target, headers, closes };
            this.#body = [];
            if (this.#isChunked) this.#state = 'size';
            else if (this.#left > 0) this.#state = 'body';
            else this.#finish();
            if (expects && this.#state !== 'head') this.told('expects');
            return true;
        }

        #finish() {
            this.#state = 'head';
            this.told('request', this.#head, this.#body.length > 0 ? joined(this.#body) : undefined);
        }

        #fail() {
            this.#state = 'nonsense';
            this.told('nonsense');
        }
    }

    // ---- the server behind a socket ----

    class Connection {
        handle; // what the client holds: a TCP, or the TLSWrap around it
        isSecure = false;
        isHandshaken = false;
        isConnected = false;
        #hostname;
        #port;
        #reader;
        #requests = []; // read and not answered
        #exchange;
        #output = []; // [bytes] that the client has not asked for, `null` for the end
        #isReading = false;
        #hasEnded = false;
        #skipped = 0; // bytes that were looked at before the client could write them
        #failure;
        #whenAnswered;

        constructor(handle) {
            this.handle = handle;
            this.#reader = new RequestReader((what, head, body) => {
                // Nothing is told to a client that is writing.
                if (what === 'expects') host.afterwards(() => this.#send(latin1('HTTP/1.1 100 Continue\r\n\r\n')));
                else if (what === 'nonsense') host.afterwards(() => this.#fail(networkError('ECONNRESET', this.#hostname, this.#port)));
                else {
                    this.#requests.push([head, body]);
                    this.#answerNext();
                }
            });
        }

        // `finish(error)` is called when the connection counts as made, or has failed.
        connect(hostname, port, finish) {
            this.#hostname = hostname;
            this.#port = port;
            // The client's parser is attached behind the call that connects.
            this.#later(2, () => {
                const socket = owner(this.handle);
                if (!socket || socket.destroyed) return;
                const isHttp = socket._httpMessage !== undefined && socket._httpMessage !== null;
                if (!isHttp) {
                    finish(networkError('refused', hostname, port));
                    return;
                }
                const made = () => {
                    if (this.isConnected) return;
                    this.isConnected = true;
                    this.#whenAnswered = undefined;
                    if (this.#failure) finish(this.#failure);
                    else finish();
                };
                // What the client wants to write first waits in its socket.
                this.#peek(socket);
                if (this.#exchange === undefined && this.#failure === undefined) return made();
                this.#whenAnswered = made;
                this.#later(TURNS_TO_FAIL, made);
            });
        }

        #later(turns, callback) {
            host.afterwards(() => (turns > 1 ? this.#later(turns - 1, callback) : callback()));
        }

        #peek(socket) {
            const { _pendingData: data, _pendingEncoding: encoding } = socket;
            if (data === null || data === undefined) return;
            const chunks = Array.isArray(data) ? data.map(({ chunk, encoding: own }) => bytesOf(chunk, own)) : [bytesOf(data, encoding)];
            if (chunks.length === 0) return;
            const bytes = joined(chunks);
            this.#skipped = bytes.length;
            this.#reader.write(bytes.slice());
        }

        write(bytes) {
            const known = Math.min(this.#skipped, bytes.length);
            this.#skipped -= known;
            if (known < bytes.length) this.#reader.write(bytes.slice(known));
        }

        // The client writes no more.
        shutdown() {
            if (this.#exchange === undefined && this.#requests.length === 0) this.#send(null);
        }

        readStart() {
            this.#isReading = true;
            if (this.#output.length > 0) host.afterwards(() => this.#flush());
            this.#exchange?.resume();
        }

        readStop() {
            this.#isReading = false;
        }

        close() {
            this.#isReading = false;
            this.#hasEnded = true;
            this.#output.length = 0;
            this.#requests.length = 0;
            this.#exchange?.abort();
            this.#exchange = undefined;
        }

        #answerNext() {
            if (this.#exchange !== undefined || this.#requests.length === 0 || this.#hasEnded) return;
            const [{ method, target, headers, closes }, body] = this.#requests.shift();
            const scheme = this.isSecure ? 'https' : 'http';
            const request = { method, scheme, hostname: this.#hostname, port: this.#port, path: target.startsWith('/') ? target : `/${target}`, headers, body };
            let hasBody = method !== 'HEAD';
            this.#exchange = new Exchange(request, {
                head: (status, lines, chunk, isWhole) => {
                    hasBody &&= status >= 200 && status !== 204 && status !== 304;
                    const reason = node.require('_http_server').STATUS_CODES[status] ?? '';
                    let head = `HTTP/1.1 ${status} ${reason}\r\n`;
                    for (let at = 0; at < lines.length; at += 2) {
                        if (lines[at] !== 'transfer-encoding') head += `${lines[at]}: ${lines[at + 1]}\r\n`;
                    }
                    const parts = [latin1(`${head}${hasBody ? `${FRAMING}\r\n` : ''}\r\n`)];
                    if (hasBody && chunk?.length > 0) parts.push(...framed(chunk));
                    if (hasBody && isWhole) parts.push(LAST_CHUNK);
                    // `end` must not frame the last chunk again.
                    if (isWhole) hasBody = false;
                    this.#whenAnswered?.();
                    return this.#send(joined(parts));
                },
                data: (chunk) => this.#send(hasBody ? joined(framed(chunk)) : new Uint8Array(0)),
                end: () => {
                    this.#exchange = undefined;
                    if (hasBody) this.#send(LAST_CHUNK);
                    if (closes) this.#send(null);
                    this.#answerNext();
                },
                fail: (error) => {
                    this.#exchange = undefined;
                    this.#fail(error);
                },
            });
        }

        #fail(error) {
            this.#failure = error;
            this.#requests.length = 0;
            if (this.#whenAnswered) return this.#whenAnswered();
            if (!this.isConnected) return undefined;
            const socket = owner(this.handle);
            return socket?.destroy(error);
        }

        // Whether the client takes more now.
        #send(bytes) {
            if (this.#hasEnded) return false;
            if (bytes === null) this.#hasEnded = true;
            if (bytes === null || bytes.length > 0) this.#output.push(bytes);
            this.#flush();
            return this.#isReading;
        }

        #flush() {
            while (this.#isReading && this.isConnected && !(this.isSecure && !this.isHandshaken) && this.#output.length > 0) {
                deliver(this.handle, this.#output.shift());
            }
        }

        shakeHands() {
            this.isHandshaken = true;
            this.#flush();
        }
    }

    const LAST_CHUNK = latin1('0\r\n\r\n');
    const framed = (chunk) => [latin1(`${chunk.length.toString(16)}\r\n`), chunk, latin1('\r\n')];

    function deliver(handle, bytes) {
        const fields = state();
        fields[0] = bytes === null ? UV_EOF : bytes.length;
        fields[1] = bytes === null ? 0 : bytes.byteOffset;
        if (bytes !== null) handle.bytesRead += bytes.length;
        handle.onread?.(bytes?.buffer);
    }

    // ---- handles ----

    const byAsyncId = new Map(); // → the socket's handle, while its host may be looked up

    class HandleWrap {
        #asyncId;
        isReferenced = true;
        getAsyncId() {
            return (this.#asyncId ??= node.require('internal/async_hooks').newAsyncId());
        }
        getProviderType() { return 0; }
        ref() { this.isReferenced = true; }
        unref() { this.isReferenced = false; }
        hasRef() { return this.isReferenced; }
        close(callback) {
            if (this.isClosing) return;
            this.isClosing = true;
            this.whenClosed?.();
            if (typeof callback === 'function') host.afterwards(() => callback.call(this));
        }
    }

    class StreamBase extends HandleWrap {
        isStreamBase = true;
        reading = false;
        bytesRead = 0;
        bytesWritten = 0;
        writeQueueSize = 0;
        fd = -1;
        onread = undefined;
        connection = undefined;

        readStart() {
            this.connection?.readStart();
            return 0;
        }

        readStop() {
            this.connection?.readStop();
            return 0;
        }

        shutdown(request) {
            host.afterwards(() => {
                request.oncomplete(0);
                this.connection?.shutdown();
            });
            return 0;
        }

        useUserBuffer() {}
        setBlocking() { return 0; }
        hasPendingRead() { return false; }

        #write(bytes) {
            const fields = state();
            fields[2] = bytes.length;
            fields[3] = 0;
            this.bytesWritten += bytes.length;
            if (!this.connection) return UV_ENOTCONN;
            this.connection.write(bytes);
            return 0;
        }

        writev(request, chunks, areBuffers) {
            if (areBuffers) return this.#write(joined(chunks.map((chunk) => bytesOf(chunk))));
            const parts = [];
            for (let at = 0; at < chunks.length; at += 2) parts.push(bytesOf(chunks[at], chunks[at + 1]));
            return this.#write(joined(parts));
        }

        writeBuffer(request, buffer) { return this.#write(bytesOf(buffer)); }
        writeAsciiString(request, string) { return this.#write(latin1(string)); }
        writeLatin1String(request, string) { return this.#write(latin1(string)); }
        writeUtf8String(request, string) { return this.#write(bytesOf(string, 'utf8')); }
        writeUcs2String(request, string) { return this.#write(bytesOf(string, 'utf16le')); }
    }

    const FIRST_PORT = 49152;
    let ports = 0;

    class TCP extends StreamBase {
        #peer;
        #port = FIRST_PORT + (ports++ % 16000);

        constructor(kind) {
            super();
            this.connection = new Connection(this);
            this.kind = kind;
            byAsyncId.set(this.getAsyncId(), this);
        }

        #forgetName() {
            byAsyncId.delete(this.getAsyncId());
            byAsyncId.delete(this.connection.handle.getAsyncId());
        }

        whenClosed() {
            this.#forgetName();
            this.connection.close();
        }

        connect(request, address, port) {
            this.#forgetName();
            this.#peer = { address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' };
            const socket = owner(this.connection.handle);
            this.connection.connect(socket?._host || address, port, (error) => {
                if (this.isClosing) return;
                if (error) {
                    const { handle } = this.connection;
                    owner(handle).destroy(error);
                    return;
                }
                request.oncomplete(0, this.connection.handle, request, true, true);
            });
            return 0;
        }

        connect6(request, address, port) { return this.connect(request, address, port); }

        getpeername(out) {
            if (!this.#peer) return UV_ENOTCONN;
            Object.assign(out, this.#peer);
            return 0;
        }

        getsockname(out) {
            const { family = 'IPv4' } = this.#peer ?? {};
            Object.assign(out, { address: family === 'IPv6' ? '::1' : '127.0.0.1', family, port: this.#port });
            return 0;
        }

        setNoDelay() { return 0; }
        setKeepAlive() { return 0; }
        open() { return UV_EINVAL; }
        bind() { return 0; }
        bind6() { return 0; }
        listen() { return UV_EACCES; }
        reset(callback) {
            this.close(callback);
            return 0;
        }
    }

    class Pipe extends StreamBase {
        connect(request, path) {
            host.afterwards(() => {
                if (!this.isClosing) request.oncomplete(UV_ECONNREFUSED, this, request, true, true);
            });
            return 0;
        }
        open() { return UV_EINVAL; }
        bind() { return 0; }
        listen() { return UV_EACCES; }
        fchmod() { return 0; }
    }

    // ---- TLS: the host makes it, and judges the certificates ----

    class TLSWrap extends StreamBase {
        #parent;
        #servername = '';
        #protocols;

        constructor(parent) {
            super();
            this.#parent = parent;
            this.connection = parent.connection;
            if (this.connection) {
                this.connection.handle = this;
                this.connection.isSecure = true;
                byAsyncId.set(this.getAsyncId(), this);
            }
        }

        start() {
            host.afterwards(() => {
                if (this.isClosing || owner(this)?.destroyed) return;
                if (!this.connection) {
                    owner(this).destroy(networkError('ECONNRESET', '', 0));
                    return;
                }
                this.onhandshakestart?.(0);
                this.onhandshakedone?.();
                this.connection.shakeHands();
            });
        }

        receive() {}
        destroySSL() {}
        writesIssuedByPrevListenerDone() {}
        setVerifyMode() {}
        enableTrace() {}
        enableKeylogCallback() {}
        enableSessionCallbacks() {}
        enableCertCb() {}
        enableALPNCb() {}
        certCbDone() {}
        endParser() {}
        requestOCSP() {}
        setOCSPResponse() {}
        setSession() {}
        loadSession() {}
        newSessionDone() {}
        setKeyCert() {}
        enablePskCallback() {}
        setPskIdentityHint() {}
        renegotiate() {}
        setMaxSendFragment() { return 1; }
        setServername(name) { this.#servername = name; }
        getServername() { return this.#servername; }
        setALPNProtocols(protocols) { this.#protocols = protocols; }
        getALPNNegotiatedProtocol() {
            const bytes = this.#protocols;
            for (let at = 0; bytes && at < bytes.length; at += bytes[at] + 1) {
                if (text(bytes.subarray(at + 1, at + 1 + bytes[at])) === 'http/1.1') return 'http/1.1';
            }
            return false;
        }
        isSessionReused() { return false; }
        getSession() { return undefined; }
        getTLSTicket() { return undefined; }
        getFinished() { return undefined; }
        getPeerFinished() { return undefined; }
        getEphemeralKeyInfo() { return { type: 'ECDH', name: 'X25519', size: 253 }; }
        getSharedSigalgs() { return ['ECDSA+SHA256', 'RSA-PSS+SHA256', 'RSA+SHA256']; }
        getCipher() { return { name: 'TLS_AES_256_GCM_SHA384', standardName: 'TLS_AES_256_GCM_SHA384', version: 'TLSv1.3' }; }
        getProtocol() { return 'TLSv1.3'; }
        verifyError() { return undefined; }
        getCertificate() { return undefined; }
        getX509Certificate() { return undefined; }
        getPeerX509Certificate() { return undefined; }
        // The host keeps the certificate to itself; this says of whom it is.
        getPeerCertificate() {
            const { _host: name, remoteAddress } = owner(this) ?? {};
            const subject = this.#servername || name || remoteAddress || '';
            const isAddress = /^[\d.]+$|:/.test(subject);
            return { subject: { CN: subject }, issuer: {}, subjectaltname: isAddress ? `IP Address:${subject}` : `DNS:${subject}` };
        }
        exportKeyingMaterial() { throw new Error('the keys of a connection are not known here'); }
    }

    const makeRequest = (name) => ({ [name]: class extends HandleWrap {} })[name];

    node.complete('stream_wrap', (binding) => {
        Object.assign(binding, {
            WriteWrap: makeRequest('WriteWrap'),
            ShutdownWrap: makeRequest('ShutdownWrap'),
            LibuvStreamWrap: StreamBase,
        });
    });
    node.complete('tcp_wrap', (binding) => {
        Object.assign(binding, { TCP, TCPConnectWrap: makeRequest('TCPConnectWrap') });
    });
    node.complete('pipe_wrap', (binding) => {
        Object.assign(binding, { Pipe, PipeConnectWrap: makeRequest('PipeConnectWrap') });
    });
    node.complete('js_stream', (binding) => {
        binding.JSStream = class JSStream extends StreamBase {
            readBuffer() {}
            emitEOF() {}
            finishWrite() {}
            finishShutdown() {}
        };
    });
    node.complete('tls_wrap', (binding) => {
        Object.assign(binding, { TLSWrap, wrap: (handle) => new TLSWrap(handle) });
    });

    node.complete('tty_wrap', (binding) => { binding.isTTY = () => false; });

    // The handle whose host is being looked up, for `names.js`.
    node.socketOf = (asyncId) => byAsyncId.get(asyncId);
    node.HandleWrap = HandleWrap;
})
