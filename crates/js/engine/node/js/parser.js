// The `http_parser` binding: parses HTTP/1.x responses for Node's http client.
((node) => {
    'use strict';

    const REQUEST = 1;
    const RESPONSE = 2;
    const kOnHeaders = 1;
    const kOnHeadersComplete = 2;
    const kOnBody = 3;
    const kOnMessageComplete = 4;
    // A header line that no server can send. It marks a body as chunked regardless of the other headers; see server.js.
    const FRAMING = '\0';

    const concat = (one, other) => {
        if (one === undefined || one.length === 0) return other;
        const whole = new Uint8Array(one.length + other.length);
        whole.set(one);
        whole.set(other, one.length);
        return whole;
    };
    const text = (bytes) => {
        let whole = '';
        for (let at = 0; at < bytes.length; at += 4096) whole += String.fromCharCode.apply(undefined, bytes.subarray(at, at + 4096));
        return whole;
    };

    class ParseError extends Error {
        constructor(code, reason) {
            super('Parse Error');
            Object.assign(this, { code, reason });
        }
    }

    // Returns [end of the line, start of the next line].
    function lineEnd(bytes, from) {
        const end = bytes.indexOf(10, from);
        if (end < 0) return undefined;
        return [end > from && bytes[end - 1] === 13 ? end - 1 : end, end + 1];
    }

    class HTTPParser {
        #rest; // bytes that are no whole line yet
        #state = 'idle';
        #left = 0; // bytes of the body or chunk
        #headers = [];
        #head; // { major, minor, status, reason }
        #headBytes = 0;
        #most = 16384;
        #isEof = false;
        #isFramed = false;
        #current;
        #hasThrown = false; // in a callback

        initialize(type, resource, maxHeaderSize = 0) {
            if (type !== RESPONSE && type !== REQUEST) throw new TypeError('a parser is for requests or for responses');
            this.#most = maxHeaderSize > 0 ? maxHeaderSize : 16384;
            this.#reset();
            this.#state = type === RESPONSE ? 'status' : 'refused';
        }

        #reset() {
            this.#rest = undefined;
            this.#state = 'status';
            this.#headers = [];
            this.#headBytes = 0;
            this.#isEof = this.#isFramed = this.#hasThrown = false;
        }

        close() {}
        free() {}
        remove() {}
        pause() {}
        resume() {}
        consume() {}
        unconsume() {}
        getAsyncId() { return 0; }
        getProviderType() { return 0; }
        getCurrentBuffer() { return this.#current; }

        // Returns the number of bytes that were parsed, or an error.
        execute(bytes) {
            this.#current = bytes;
            if (this.#hasThrown) return Object.assign(new ParseError('HPE_USER', 'User callback error'), { bytesParsed: 0 });
            try {
                return this.#read(bytes);
            } catch (error) {
                if (error instanceof ParseError) return Object.assign(error, { bytesParsed: 0 });
                this.#hasThrown = true;
                throw error;
            }
        }

        finish() {
            if (this.#isEof) {
                this.#isEof = false;
                this.#complete();
            } else if (this.#state === 'body' || this.#state === 'chunk' || this.#state === 'size') {
                return Object.assign(new ParseError('HPE_INVALID_EOF_STATE', 'Invalid EOF state'), { bytesParsed: 0 });
            }
            return undefined;
        }

        #read(fresh) {
            const before = this.#rest?.length ?? 0;
            const bytes = concat(this.#rest, fresh);
            this.#rest = undefined;
            let at = 0;
            while (at < bytes.length) {
                if (this.#state === 'upgrade') return at - before;
                if (this.#state === 'body' || this.#state === 'chunk') {
                    const end = this.#isEof ? bytes.length : Math.min(bytes.length, at + this.#left);
                    this.#left -= end - at;
                    const part = bytes.subarray(at, end);
                    at = end;
                    this[kOnBody](node.bufferOf(part));
                    if (this.#left > 0 || this.#isEof) continue;
                    if (this.#state === 'body') this.#complete();
                    else this.#state = 'chunk end';
                    continue;
                }
                const line = lineEnd(bytes, at);
                if (line === undefined) {
                    this.#rest = bytes.slice(at);
                    this.#count(this.#rest.length, 0);
                    return fresh.length;
                }
                const content = text(bytes.subarray(at, line[0]));
                const length = line[1] - at;
                at = line[1];
                this.#line(content, length);
            }
            return fresh.length;
        }

        #count(bytes, kept) {
            if (this.#headBytes + bytes > this.#most) throw new ParseError('HPE_HEADER_OVERFLOW', 'Header overflow');
            this.#headBytes += kept;
        }

        #line(content, length) {
            switch (this.#state) {
                case 'status': {
                    if (content === '') return;
                    const [, major, minor, status, reason] = /^HTTP\/(\d)\.(\d) (\d{3})(?: (.*))?$/.exec(content) ?? [];
                    if (status === undefined) throw new ParseError('HPE_INVALID_CONSTANT', 'Expected HTTP/');
                    this.#head = { major: +major, minor: +minor, status: +status, reason: reason ?? '' };
                    this.#headers = [];
                    this.#headBytes = 0;
                    this.#isFramed = false;
                    this.#state = 'headers';
                    return;
                }
                case 'headers':
                case 'trailers': {
                    this.#count(length, length);
                    if (content === '') {
                        if (this.#state === 'headers') this.#headersComplete();
                        else this.#complete();
                        return;
                    }
                    if (content === FRAMING) {
                        this.#isFramed = true;
                        return;
                    }
                    const colon = content.indexOf(':');
                    if (colon < 1) throw new ParseError('HPE_INVALID_HEADER_TOKEN', 'Invalid header token');
                    this.#headers.push(content.slice(0, colon), content.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, ''));
                    return;
                }
                case 'size': {
                    const [size] = /^[\da-fA-F]+/.exec(content) ?? [];
                    if (size === undefined) throw new ParseError('HPE_INVALID_CHUNK_SIZE', 'Invalid character in chunk size');
                    this.#left = parseInt(size, 16);
                    if (this.#left === 0) {
                        this.#state = 'trailers';
                        this.#headers = [];
                    } else {
                        this.#state = 'chunk';
                    }
                    return;
                }
                case 'chunk end':
                    this.#state = 'size';
                    return;
                default:
                    throw new ParseError('HPE_INVALID_METHOD', 'Invalid method encountered');
            }
        }

        #value(name) {
            let found;
            for (let at = 0; at < this.#headers.length; at += 2) {
                if (this.#headers[at].toLowerCase() === name) found = found === undefined ? this.#headers[at + 1] : `${found}, ${this.#headers[at + 1]}`;
            }
            return found;
        }

        #headersComplete() {
            const { major, minor, status, reason } = this.#head;
            const connection = (this.#value('connection') ?? '').toLowerCase();
            const isUpgrade = status === 101 && /\bupgrade\b/.test(connection);
            const isChunked = this.#isFramed || /\bchunked\s*$/i.test(this.#value('transfer-encoding') ?? '');
            const length = this.#value('content-length');
            const isEmpty = status < 200 || status === 204 || status === 304;
            const ends = isEmpty || isChunked || length !== undefined;
            const keepsAlive = ends && (major === 1 && minor === 1 ? !/\bclose\b/.test(connection) : /\bkeep-alive\b/.test(connection));
            const headers = this.#headers;
            this.#headers = [];
            // 1: there is no body; 2: there is no body, and another protocol follows.
            const skip = this[kOnHeadersComplete](major, minor, headers, undefined, undefined, status, reason, isUpgrade, keepsAlive);
            if (skip === 2 || isUpgrade) {
                this.#state = 'upgrade';
                this[kOnMessageComplete]();
                return;
            }
            if (skip === 1 || isEmpty) return void this.#complete();
            if (isChunked) {
                this.#state = 'size';
                return;
            }
            this.#state = 'body';
            if (length === undefined) {
                this.#isEof = true;
                return;
            }
            if (!/^\d+$/.test(length)) throw new ParseError('HPE_INVALID_CONTENT_LENGTH', 'Invalid character in Content-Length');
            this.#left = +length;
            if (this.#left === 0) this.#complete();
        }

        #complete() {
            // Trailers.
            if (this.#headers.length > 0) this[kOnHeaders](this.#headers, '');
            this.#headers = [];
            this.#state = 'status';
            this[kOnMessageComplete]();
        }
    }

    class ConnectionsList {
        all() { return []; }
        idle() { return []; }
        active() { return []; }
        expired() { return []; }
    }

    node.FRAMING = FRAMING;

    node.complete('http_parser', (binding) => {
        const { methods, allMethods } = binding;
        Object.assign(HTTPParser, binding.HTTPParser);
        Object.assign(binding, { HTTPParser, ConnectionsList, methods, allMethods });
    });
})
