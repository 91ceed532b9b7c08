// `internalBinding('crypto')`: OpenSSL, see crates/js/engine/crypto.
((node) => {
    'use strict';

    const { host, native, getInternalBinding } = node;

    // What Node's OpenSSL offers for TLS, in its order. The host makes the connections.
    const TLS_CIPHERS = `
        TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 TLS_AES_128_GCM_SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384
        DHE-RSA-AES256-GCM-SHA384 ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-CHACHA20-POLY1305 DHE-RSA-CHACHA20-POLY1305 ECDHE-ECDSA-AES128-GCM-SHA256
        ECDHE-RSA-AES128-GCM-SHA256 DHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-SHA384 ECDHE-RSA-AES256-SHA384 DHE-RSA-AES256-SHA256
        ECDHE-ECDSA-AES128-SHA256 ECDHE-RSA-AES128-SHA256 DHE-RSA-AES128-SHA256 ECDHE-ECDSA-AES256-SHA ECDHE-RSA-AES256-SHA DHE-RSA-AES256-SHA
        ECDHE-ECDSA-AES128-SHA ECDHE-RSA-AES128-SHA DHE-RSA-AES128-SHA RSA-PSK-AES256-GCM-SHA384 DHE-PSK-AES256-GCM-SHA384 RSA-PSK-CHACHA20-POLY1305
        DHE-PSK-CHACHA20-POLY1305 ECDHE-PSK-CHACHA20-POLY1305 AES256-GCM-SHA384 PSK-AES256-GCM-SHA384 PSK-CHACHA20-POLY1305 RSA-PSK-AES128-GCM-SHA256
        DHE-PSK-AES128-GCM-SHA256 AES128-GCM-SHA256 PSK-AES128-GCM-SHA256 AES256-SHA256 AES128-SHA256 ECDHE-PSK-AES256-CBC-SHA384
        ECDHE-PSK-AES256-CBC-SHA SRP-RSA-AES-256-CBC-SHA SRP-AES-256-CBC-SHA RSA-PSK-AES256-CBC-SHA384 DHE-PSK-AES256-CBC-SHA384
        RSA-PSK-AES256-CBC-SHA DHE-PSK-AES256-CBC-SHA AES256-SHA PSK-AES256-CBC-SHA384 PSK-AES256-CBC-SHA ECDHE-PSK-AES128-CBC-SHA256
        ECDHE-PSK-AES128-CBC-SHA SRP-RSA-AES-128-CBC-SHA SRP-AES-128-CBC-SHA RSA-PSK-AES128-CBC-SHA256 DHE-PSK-AES128-CBC-SHA256
        RSA-PSK-AES128-CBC-SHA DHE-PSK-AES128-CBC-SHA AES128-SHA PSK-AES128-CBC-SHA256 PSK-AES128-CBC-SHA tls_aes_256_gcm_sha384
        tls_chacha20_poly1305_sha256 tls_aes_128_gcm_sha256 tls_aes_128_ccm_8_sha256 tls_aes_128_ccm_sha256`.trim().split(/\s+/);

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
        }), { getSSLCiphers: () => [...TLS_CIPHERS] });
        node.cloneOfHandle = binding.cloneOfHandle;
        delete binding.cloneOfHandle;
    });
})
