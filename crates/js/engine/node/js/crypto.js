// `internalBinding('crypto')`: OpenSSL, see crates/js/engine/crypto.
((node) => {
    'use strict';

    node.complete('crypto', (binding) => {
        Object.assign(binding, node.native.bindCrypto({
            require: (id) => node.require(id),
            // Where Node's thread pool would be ready.
            defer: (callback) => node.host.afterwards(callback),
        }));
    });
})
