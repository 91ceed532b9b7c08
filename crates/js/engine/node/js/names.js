// The `cares_wrap` and `udp_wrap` bindings. There is no name server: only lookups for a socket get an address, as a placeholder.
((node) => {
    'use strict';

    const { host, HandleWrap } = node;
    const UV_EAI_AGAIN = -3001;
    const UV_EACCES = -13;
    const REFUSED = 'ECONNREFUSED'; // the code of c-ares when the server refuses
    const LOCAL = /^(?:.+\.)?localhost\.?$/i;
    // Reserved for documentation by RFC 5737; nothing is sent there.
    const STANDS_FOR_ANY = '192.0.2.1';

    // Calls back in a later turn. What is not done when a handler returns is reported.
    const later = (what, done) => {
        const note = host.begun?.(what);
        host.afterwards(() => {
            if (note) host.ended(note);
            done();
        });
    };
    // The methods of `dns` whose names are not those of their bindings.
    const METHODS = { __proto__: null, queryA: 'resolve4', queryAaaa: 'resolve6', getHostByAddr: 'reverse' };

    const makeRequest = (name) => ({ [name]: class extends HandleWrap {} })[name];

    node.complete('cares_wrap', (binding) => {
        class ChannelWrap extends HandleWrap {
            #servers = [['127.0.0.1', 53]];
            getServers() { return this.#servers.map((server) => [...server]); }
            setServers(servers) {
                this.#servers = servers.map(([, address, port]) => [address, port]);
                return 0;
            }
            setLocalAddress() {}
            cancel() {}
        }
        for (const name of ['queryA', 'queryAny', 'queryAaaa', 'queryCaa', 'queryCname', 'queryMx', 'queryNaptr', 'queryNs', 'queryPtr', 'querySrv', 'querySoa', 'queryTlsa', 'queryTxt', 'getHostByAddr']) {
            Object.defineProperty(ChannelWrap.prototype, name, {
                value(request, asked) {
                    const method = METHODS[name] ?? `resolve${name.slice('query'.length)}`;
                    later(`dns.${method} ${asked}`, () => request.oncomplete(REFUSED));
                    return 0;
                },
                writable: true, configurable: true,
            });
        }
        Object.assign(binding, {
            ChannelWrap,
            GetAddrInfoReqWrap: makeRequest('GetAddrInfoReqWrap'),
            GetNameInfoReqWrap: makeRequest('GetNameInfoReqWrap'),
            QueryReqWrap: makeRequest('QueryReqWrap'),
            getaddrinfo(request, hostname, family) {
                // During a lookup for a socket, Node sets the socket's id as the default trigger.
                const { async_id_fields: ids, constants } = node.getInternalBinding('async_wrap');
                const socket = node.socketOf(ids[constants.kDefaultTriggerAsyncId]);
                const address = LOCAL.test(hostname) ? '127.0.0.1' : socket ? STANDS_FOR_ANY : undefined;
                const done = () => {
                    if (address === undefined) request.oncomplete(UV_EAI_AGAIN);
                    else request.oncomplete(null, [family === 6 ? (address === '127.0.0.1' ? '::1' : `64:ff9b::${address}`) : address]);
                };
                // A socket is reported itself.
                if (socket) host.afterwards(done);
                else later(`dns.lookup ${hostname}`, done);
                return 0;
            },
            getnameinfo(request, address, port) {
                later(`dns.lookupService ${address}:${port}`, () => request.oncomplete(UV_EAI_AGAIN));
                return 0;
            },
            canonicalizeIP: node.addresses.canonical,
            convertIpv6StringToBuffer: node.addresses.bytes6,
            strerror: (code) => (typeof code === 'string' ? code : `c-ares error ${code}`),
        });
    });

    node.complete('udp_wrap', (binding) => {
        class UDP extends HandleWrap {
            fd = -1;
            open() { return UV_EACCES; }
            bind() { return UV_EACCES; }
            bind6() { return UV_EACCES; }
            connect() { return UV_EACCES; }
            connect6() { return UV_EACCES; }
            send() { return UV_EACCES; }
            send6() { return UV_EACCES; }
            recvStart() { return UV_EACCES; }
            recvStop() { return 0; }
            disconnect() { return 0; }
            getpeername() { return UV_EACCES; }
            getsockname() { return UV_EACCES; }
            bufferSize() { return 0; }
            getSendQueueSize() { return 0; }
            getSendQueueCount() { return 0; }
        }
        for (const name of ['addMembership', 'dropMembership', 'addSourceSpecificMembership', 'dropSourceSpecificMembership', 'setMulticastInterface', 'setMulticastTTL', 'setMulticastLoopback', 'setBroadcast', 'setTTL']) {
            Object.defineProperty(UDP.prototype, name, { value: () => 0, writable: true, configurable: true });
        }
        Object.assign(binding, { UDP, SendWrap: makeRequest('SendWrap') });
    });
})
