// The parts of the `crypto` binding that `tls` needs. The host makes TLS connections with the certificates of the machine, so
// secure contexts ignore their settings.
((node) => {
    'use strict';

    const METHODS = ['addCACert', 'addCRL', 'addRootCerts', 'close', 'enableTicketKeyCallback', 'getMaxProto', 'getMinProto', 'init', 'loadPKCS12', 'setAllowPartialTrustChain', 'setCert',
        'setCipherSuites', 'setCiphers', 'setClientCertEngine', 'setDHParam', 'setECDHCurve', 'setEngineKey', 'setFreeListLength', 'setKey', 'setMaxProto', 'setMinProto', 'setOptions',
        'setSessionIdContext', 'setSessionTimeout', 'setSigalgs', 'setTicketKeys'];

    node.complete('crypto', (binding) => {
        class SecureContext {
            getCertificate() { return null; }
            getIssuer() { return null; }
            getTicketKeys() { return node.bufferOf(new Uint8Array(48)); }
        }
        for (const name of METHODS) {
            Object.defineProperty(SecureContext.prototype, name, { value: { [name]() {} }[name], writable: true, configurable: true });
        }
        Object.assign(binding, {
            SecureContext,
            startLoadingCertificatesOffThread() {},
            getBundledRootCertificates: () => [], getSystemCACertificates: () => [], getExtraCACertificates: () => [], getUserRootCertificates: () => [],
            getRootCertificates: () => [],
            resetRootCertStore() {},
            isExtraRootCertsFileLoaded: () => false,
        });
    });
})
