// Handles of sockets (`tcp_wrap`, `tls_wrap`, `pipe_wrap`, `stream_wrap`). A socket of Node's http client is connected to the server
// in server.js; all other connections are refused.
((node) => {
    'use strict';

    const { host, networkError, Connection, callback, socketBytes: { latin1, bytesOf, joined, text } } = node;
    const UV_ECONNREFUSED = -111;
    const UV_EACCES = -13;
    const UV_ENOTCONN = -107;
    const UV_EINVAL = -22;

    const owner = (handle) => handle[node.getInternalBinding('symbols').owner_symbol];

    const byAsyncId = new Map(); // id → handle, until it connects

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
            const { streamBaseState: fields } = node.getInternalBinding('stream_wrap');
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
    const sizeOf = Function.prototype.call.bind(Object.getOwnPropertyDescriptor(Set.prototype, 'size').get);
    const connecting = new Set(); // sockets of TCP that are neither connected nor closed

    class TCP extends StreamBase {
        #peer;
        #port = FIRST_PORT + (ports++ % 16000);

        constructor(kind) {
            super();
            this.connection = new Connection(this);
            this.kind = kind;
            this.place = host.place?.();
            connecting.add(this);
            byAsyncId.set(this.getAsyncId(), this);
        }

        #forgetName() {
            byAsyncId.delete(this.getAsyncId());
            byAsyncId.delete(this.connection.handle.getAsyncId());
        }

        whenClosed() {
            connecting.delete(this);
            this.#forgetName();
            this.connection.close();
        }

        connect(request, address, port) {
            this.#forgetName();
            this.#peer = { address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' };
            const socket = owner(this.connection.handle);
            this.connection.connect(socket?._host || address, port, (error) => {
                connecting.delete(this);
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

        // The name of what it connects to; undefined for a socket of an http request, which is reported itself.
        static pending(handle) {
            const socket = owner(handle.connection.handle);
            if (!socket || !socket.connecting || socket._httpMessage) return undefined;
            const { address, port } = handle.#peer ?? {};
            const name = socket._host || address;
            const call = handle.connection.isSecure ? 'tls.connect' : 'net.connect';
            return port === undefined ? `${call} ${name}` : `${call} ${name}:${port}`;
        }

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

    // ---- TLS: the host encrypts and verifies certificates ----

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
                callback(() => {
                    this.onhandshakestart?.(0);
                    this.onhandshakedone?.();
                });
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
        // The certificate is not available here; only the verified name is.
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

    // Returns the sockets that are being connected, with their names and places.
    const { pending } = TCP;
    delete TCP.pending;
    const none = Object.freeze([]);
    node.pendingSockets = () => {
        if (sizeOf(connecting) === 0) return none;
        const found = [];
        for (const handle of connecting) {
            const name = pending(handle);
            if (name !== undefined) found[found.length] = { __proto__: null, name, place: handle.place ?? '' };
        }
        return found;
    };
    node.forgetSockets = () => { if (sizeOf(connecting) > 0) connecting.clear(); };

    // Returns the handle for which a name is looked up; see names.js.
    node.socketOf = (asyncId) => byAsyncId.get(asyncId);
    node.HandleWrap = HandleWrap;
})
