// One request and its response over `wasi:http`. Used by both HTTP clients of Node's library: undici, and http through its sockets.
((node) => {
    'use strict';

    const { native, host } = node;
    const { apply } = Reflect;
    const { assign } = Object;
    const { then } = Promise.prototype;
    const SystemError = Error;
    // Native builds have no `wasi:http`; tests can provide a substitute.
    const refusal = () => ({ response: () => Promise.reject(new Error(REFUSED)), read: () => Promise.reject(new Error(REFUSED)), abort() {} });
    const begin = (...request) => (native.exchange ?? host.exchange ?? refusal)(...request);

    // Errors of Node by code: [errno, syscall].
    const SYSTEM_ERRORS = {
        __proto__: null,
        ECONNREFUSED: [-111, 'connect'], EHOSTUNREACH: [-113, 'connect'], ETIMEDOUT: [-110, 'connect'], ECONNRESET: [-104, 'read'],
        ENOTFOUND: [-3008, 'getaddrinfo'], EAI_AGAIN: [-3001, 'getaddrinfo'],
    };
    const CERTIFICATE_ERRORS = {
        __proto__: null,
        CERT_HAS_EXPIRED: 'certificate has expired', DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
        UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unable to verify the first certificate',
        ERR_TLS_CERT_ALTNAME_INVALID: "Hostname/IP does not match certificate's altnames",
    };
    // The code for requests that the host refuses.
    const REFUSED = 'refused';
    const isAddress = (name) => /^[\d.]+$/.test(name) || name.includes(':');

    // Creates the error that Node reports for a network failure. The host's name replaces the address.
    function networkError(code, hostname, port) {
        const isRefused = code === REFUSED;
        if (isRefused) code = 'ECONNREFUSED';
        const [errno, syscall] = SYSTEM_ERRORS[code] ?? [];
        if (syscall === undefined) return assign(new SystemError(CERTIFICATE_ERRORS[code] ?? code), { code });
        if (syscall === 'read') return assign(new SystemError(`read ${code}`), { errno, code, syscall });
        if (syscall === 'getaddrinfo') return assign(new SystemError(`getaddrinfo ${code} ${hostname}`), { errno, code, syscall, hostname });
        const reason = isRefused && !isAddress(hostname) ? `${hostname}: postlogin refused this request` : `${hostname}:${port}`;
        return assign(new SystemError(`connect ${code} ${reason}`), { errno, code, syscall, address: hostname, port });
    }

    // `request`: method, scheme, hostname, port, path, headers (names and values in turn), body (bytes or undefined).
    // `handler` receives `head(status, headers, chunk, isWhole)`, then `data(chunk, isWhole)` until `end()`, or `fail(error)`, each in its own turn.
    // If `head` or `data` returns false, reading pauses until `resume` is called.
    class Exchange {
        #native;
        #handler;
        #request;
        #entry;
        #isOver = false;
        #isReading = false;
        #hasHead = false;
        #isWhole = false;

        constructor(request, handler) {
            const { method, scheme, hostname, port, path, headers, body } = request;
            const name = hostname.includes(':') ? `[${hostname}]` : hostname;
            const authority = port === (scheme === 'http' ? 80 : 443) ? name : `${name}:${port}`;
            // Without its body, which the native side has copied.
            this.#request = { hostname, port };
            this.#handler = handler;
            const isUsual = port === 80 || port === 443;
            this.#entry = host.begun?.(`${method} ${scheme}://${isUsual ? name : authority}${path}`);
            this.#native = begin(method, scheme, authority, path, headers, body);
            this.#await(this.#native.response(), ([status, lines, chunk, isWhole]) => {
                this.#isWhole = isWhole;
                // A body that nobody reads is not waited for.
                this.#ended();
                const hasRoom = handler.head(status, lines, chunk, isWhole);
                // Set after the call, because the handler may call `resume` in it.
                this.#hasHead = true;
                this.#continue(hasRoom);
            });
        }

        get isOver() {
            return this.#isOver;
        }

        resume() {
            if (this.#hasHead) this.#continue(true);
        }

        // Stops the exchange; the handler is not called again.
        abort() {
            if (this.#isOver) return;
            this.#isOver = true;
            this.#ended();
            this.#native.abort();
        }

        #ended() {
            if (this.#entry) host.ended(this.#entry);
            this.#entry = undefined;
        }

        #await(promise, told) {
            apply(then, promise, [
                (value) => host.afterwards(() => {
                    if (!this.#isOver) told(value);
                }),
                (error) => host.afterwards(() => {
                    if (this.#isOver) return;
                    const { hostname, port } = this.#request;
                    this.#isOver = true;
                    const failure = networkError(error.message, hostname, port);
                    if (this.#entry) host.failed(failure, this.#entry);
                    this.#ended();
                    this.#handler.fail(failure);
                }),
            ]);
        }

        #continue(hasRoom) {
            if (this.#isOver || this.#isReading) return;
            if (this.#isWhole) {
                this.#isOver = true;
                this.#handler.end();
                return;
            }
            if (!hasRoom) return;
            this.#isReading = true;
            this.#await(this.#native.read(), ([chunk, isWhole]) => {
                this.#isWhole = isWhole;
                const hasRoom = chunk === undefined || this.#handler.data(chunk, isWhole);
                this.#isReading = false;
                this.#continue(hasRoom);
            });
        }
    }

    // Returns a Buffer over the same bytes.
    node.bufferOf = (bytes) => new (node.require('internal/buffer').FastBuffer)(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    Object.assign(node, { Exchange, networkError });
})
