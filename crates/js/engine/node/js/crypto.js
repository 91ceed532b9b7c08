// `internalBinding('crypto')`: OpenSSL, see crates/js/engine/crypto.
((node) => {
    'use strict';

    const { host, native, getInternalBinding } = node;

    node.complete('crypto', (binding) => {
        Object.assign(binding, native.bindCrypto({
            require: (id) => node.require(id),
            // Where Node's thread pool would be ready; as there, in the context of the call.
            defer(callback) {
                const { getContinuationPreservedEmbedderData: get, setContinuationPreservedEmbedderData: set } = getInternalBinding('async_context_frame');
                const context = get();
                host.afterwards(() => {
                    const before = get();
                    set(context);
                    try {
                        callback();
                    } finally {
                        set(before);
                    }
                });
            },
        }));
    });
})
