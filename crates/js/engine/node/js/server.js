// The server behind a socket of Node's http client: parses the requests that the client writes, has them answered over `wasi:http`,
// and writes the responses as HTTP/1.1.
((node) => {
    'use strict';

    const { host, networkError, Exchange, FRAMING } = node;
    const UV_EOF = -4095;
    const HOP_BY_HOP = new Set(['connection', 'host', 'http2-settings', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']);
    // A connection that fails within so many turns was never established: the host refuses requests immediately.
    const TURNS_TO_FAIL = 16;

    const owner = (handle) => handle[node.getInternalBinding('symbols').owner_symbol];
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

    // ---- parsing of requests ----

    class RequestReader {
        #bytes = new Uint8Array(0);
        #head;
        #body = [];
        #left = 0;
        #isChunked = false;
        #state = 'head';

        // `told` is called with `expects` (the client waits before it sends the body), `request`, head and body, or `nonsense`.
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
                    // Fail early if the client uses another protocol.
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
        handle; // the client's handle: a TCP, or the TLSWrap around it
        isSecure = false;
        isHandshaken = false;
        isConnected = false;
        #hostname;
        #port;
        #reader;
        #requests = []; // parsed and not answered
        #exchange;
        #output = []; // bytes that the client has not read, null for the end
        #isReading = false;
        #hasEnded = false;
        #isClosing = false; // after the pending responses
        #skipped = 0; // bytes that were parsed before the client could write them
        #failure;
        #whenAnswered;

        constructor(handle) {
            this.handle = handle;
            this.#reader = new RequestReader((what, head, body) => {
                // Later: the client is in the middle of a write.
                if (what === 'expects') host.afterwards(() => this.#send(latin1('HTTP/1.1 100 Continue\r\n\r\n')));
                else if (what === 'nonsense') host.afterwards(() => this.#fail(networkError('ECONNRESET', this.#hostname, this.#port)));
                else {
                    this.#requests.push([head, body]);
                    this.#answerNext();
                }
            });
        }

        // Calls `finish` when the connection is established, or with the error if it failed.
        connect(hostname, port, finish) {
            this.#hostname = hostname;
            this.#port = port;
            // The client attaches its request after it connects.
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
                    callback(() => finish(this.#failure));
                };
                // The socket keeps the first write until it is connected.
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

        // The client has finished writing.
        shutdown() {
            this.#isClosing = true;
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
                    // The last chunk is written already.
                    if (isWhole) hasBody = false;
                    this.#whenAnswered?.();
                    return this.#send(joined(parts));
                },
                data: (chunk, isWhole) => {
                    if (!hasBody) return true;
                    const parts = framed(chunk);
                    if (isWhole) parts.push(LAST_CHUNK);
                    hasBody = !isWhole;
                    return this.#send(joined(parts));
                },
                end: () => {
                    this.#exchange = undefined;
                    if (hasBody) this.#send(LAST_CHUNK);
                    if (closes || (this.#isClosing && this.#requests.length === 0)) this.#send(null);
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

        // Returns whether the client reads now.
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
        const { streamBaseState: fields } = node.getInternalBinding('stream_wrap');
        fields[0] = bytes === null ? UV_EOF : bytes.length;
        fields[1] = bytes === null ? 0 : bytes.byteOffset;
        if (bytes !== null) handle.bytesRead += bytes.length;
        callback(() => handle.onread?.(bytes?.buffer));
    }

    // Runs a callback of the library as Node does: exceptions go to the process, then ticks and jobs run.
    function callback(run) {
        try {
            run();
        } catch (error) {
            node.fail(error, false);
        }
        node.endTurn();
    }

    Object.assign(node, { Connection, callback, socketBytes: { latin1, bytesOf, joined, text } });
})
