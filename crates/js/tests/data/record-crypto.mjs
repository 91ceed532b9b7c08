// Records in crypto.jsonl what Node's crypto answers: `node-22 record-crypto.mjs`, with no other version than 22.
//
// The first line has a `prelude`, which all rows share. Each other row has a `name`, a `source` and what it `gives`: JSON of what the source, the body of an async function, returned, or
// `{error}` with the name, code and message of what it threw. Keys, signatures and ciphertexts that a row needs are part of its
// source: what Node made must be understood here, and what can have one value only must be that value.
import { execFileSync } from 'node:child_process';
import * as crypto from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

if (!process.version.startsWith('v22.')) throw new Error(`production runs Node 22, this is ${process.version}`);

const rows = [];
const add = (name, source) => rows.push({ name, source });
const text = JSON.stringify;
const hex = (bytes) => `Buffer.from('${Buffer.from(bytes).toString('hex')}', 'hex')`;
const message = Buffer.from('What is signed in one place is verified in another: äöü');
const MESSAGE = 'MESSAGE';

// ---- digests and HMAC ----

for (const name of new Set([...crypto.getHashes(), 'SHA-256', 'sha-512', 'SHA3-384', 'shake128', 'nope', 'md4'])) {
    add(`hash ${name}`, `return ['', 'abc', 'a'.repeat(1000)].map((text) => crypto.createHash(${text(name)}).update(text).digest('hex'));`);
    add(`hmac ${name}`, `return ['', 'key', 'k'.repeat(200)].map((key) => crypto.createHmac(${text(name)}, key).update('abc').digest('base64'));`);
}
add('hash at once', `return ['sha1', 'sha256', 'sha512', 'md5', 'shake256'].map((name) => crypto.hash(name, 'abc', 'base64url'));`);
add('hash at once, unknown', `return crypto.hash('nope', 'abc');`);
add('hash of any length', `return [1, 32, 200].map((outputLength) => crypto.createHash('shake256', { outputLength }).update('abc').digest('hex'));`);
add('hash of a wrong length', `return crypto.createHash('sha256', { outputLength: 20 });`);
add('hash copies', `const hash = crypto.createHash('sha384').update('a'); const copy = hash.copy(); return [hash.update('b').digest('hex'), copy.update('c').digest('hex')];`);
for (const list of ['getHashes', 'getCiphers', 'getCurves']) add(list, `return crypto.${list}();`);

// ---- ciphers ----

for (const name of crypto.getCiphers()) {
    const info = crypto.getCipherInfo(name);
    add(`getCipherInfo ${name}`, `return crypto.getCipherInfo(${text(name)});`);
    const key = hex(Buffer.from(Array.from({ length: info.keyLength }, (_, index) => index * 7 + 1)));
    const iv = info.ivLength ? hex(Buffer.alloc(info.ivLength, 9)) : 'null';
    const authenticated = ['gcm', 'ccm', 'ocb'].includes(info.mode) || name === 'chacha20-poly1305';
    const plain = /wrap|xts/.test(info.mode) || /wrap/.test(name) ? hex(Buffer.alloc(32, 5)) : MESSAGE;
    const options = authenticated ? ', { authTagLength: 16 }' : '';
    // The IV of this one is random.
    const shown = /3DESwrap|des3-wrap/.test(name) ? 'made.length' : `made.toString('hex')`;
    if (!authenticated) {
        add(`cipher ${name}`, `const c = crypto.createCipheriv(${text(name)}, ${key}, ${iv}); const made = Buffer.concat([c.update(${plain}), c.final()]);
const d = crypto.createDecipheriv(${text(name)}, ${key}, ${iv}); return [${shown}, Buffer.concat([d.update(made), d.final()]).equals(${plain})];`);
        continue;
    }
    const aad = info.mode === 'ccm' ? `.setAAD(Buffer.from('aad'), { plaintextLength: ${message.length} })` : `.setAAD(Buffer.from('aad'))`;
    add(`cipher ${name}`, `const c = crypto.createCipheriv(${text(name)}, ${key}, ${iv}${options})${aad}; const made = Buffer.concat([c.update(${plain}), c.final()]);
const tag = c.getAuthTag(); const d = crypto.createDecipheriv(${text(name)}, ${key}, ${iv}${options})${aad}.setAuthTag(tag);
return [made.toString('hex'), tag.toString('hex'), Buffer.concat([d.update(made), d.final()]).equals(${plain})];`);
    add(`cipher ${name}, changed`, `const c = crypto.createCipheriv(${text(name)}, ${key}, ${iv}${options}); const made = Buffer.concat([c.update(${plain}), c.final()]);
const tag = c.getAuthTag(); tag[0] ^= 1; const d = crypto.createDecipheriv(${text(name)}, ${key}, ${iv}${options}).setAuthTag(tag); d.update(made); return d.final();`);
}
add('cipher, wrong padding', `const d = crypto.createDecipheriv('aes-256-cbc', Buffer.alloc(32), Buffer.alloc(16)); d.update(Buffer.alloc(32)); return d.final();`);
add('cipher, wrong length', `const d = crypto.createDecipheriv('aes-128-cbc', Buffer.alloc(16), Buffer.alloc(16)); d.update(Buffer.alloc(17)); return d.final();`);
add('cipher of the legacy provider', `return crypto.createCipheriv('rc4', Buffer.alloc(16), null);`);
add('cipher, short tag', `return crypto.createDecipheriv('aes-128-gcm', Buffer.alloc(16), Buffer.alloc(12)).setAuthTag(Buffer.alloc(3));`);
add('cipher, lengths', `return [[24, 12], [24, 16], [16, 12], [24, undefined]].map(([keyLength, ivLength]) => crypto.getCipherInfo('aes-192-gcm', { keyLength, ivLength }) ?? null);`);

// ---- key pairs ----

const pairs = {};
for (const size of [2048, 3072]) pairs[`rsa-${size}`] = crypto.generateKeyPairSync('rsa', { modulusLength: size });
pairs['rsa-pss'] = crypto.generateKeyPairSync('rsa-pss', { modulusLength: 2048, hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256', saltLength: 32 });
for (const namedCurve of ['P-256', 'P-384', 'P-521', 'secp256k1', 'secp224r1', 'brainpoolP256r1']) pairs[namedCurve] = crypto.generateKeyPairSync('ec', { namedCurve });
for (const kind of ['ed25519', 'ed448', 'x25519', 'x448']) pairs[kind] = crypto.generateKeyPairSync(kind);
pairs.dsa = crypto.generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 });
pairs.dh = crypto.generateKeyPairSync('dh', { group: 'modp14' });

const pem = (key) => key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' });
// What all rows share: the keys, and the message.
const PRELUDE = `const PEM = ${text(Object.fromEntries(Object.entries(pairs).map(([name, { privateKey, publicKey }]) => [name, [pem(privateKey), pem(publicKey)]])))};
const PRIVATE = (name) => crypto.createPrivateKey(PEM[name][0]);
const PUBLIC = (name) => crypto.createPublicKey(PEM[name][1]);
const MESSAGE = ${hex(message)};
`;
const PRIVATE = (name) => `PRIVATE(${text(name)})`;
const PUBLIC = (name) => `PUBLIC(${text(name)})`;

const BYTES = `const bytes = (value) => typeof value === 'string' ? value : Buffer.isBuffer(value) ? value.toString('base64') : value;`;
for (const name of Object.keys(pairs)) {
    const forms = { private: [['pem', 'pkcs8'], ['der', 'pkcs8'], ['jwk']], public: [['pem', 'spki'], ['der', 'spki'], ['jwk']] };
    if (name.startsWith('rsa-')) for (const part of ['private', 'public']) forms[part].push(['pem', 'pkcs1'], ['der', 'pkcs1']);
    if (pairs[name].privateKey.asymmetricKeyType === 'ec') forms.private.push(['pem', 'sec1'], ['der', 'sec1']);
    for (const [part, list] of Object.entries(forms)) {
        const maker = part === 'private' ? 'createPrivateKey' : 'createPublicKey';
        add(`key ${name} ${part}`, `${BYTES} const key = ${part === 'private' ? PRIVATE(name) : PUBLIC(name)};
return [key.type, key.asymmetricKeyType, JSON.stringify(key.asymmetricKeyDetails, (k, v) => typeof v === 'bigint' ? String(v) : v), ${text(list)}.map(([format, type]) => { try { return bytes(key.export({ format, type })); } catch (e) { return [e.name, e.code, e.message]; } })];`);
        for (const [format, type] of list) {
            let value;
            try { value = pairs[name][`${part}Key`].export({ format, type }); } catch { continue; }
            const literal = format === 'jwk' ? text(value) : format === 'pem' ? text(value) : hex(value);
            add(`key ${name} ${part} from ${format} ${type ?? ''}`, `const key = crypto.${maker}({ key: ${literal}, format: ${text(format)}${type ? `, type: ${text(type)}` : ''} });
return [key.equals(${part === 'private' ? PRIVATE(name) : PUBLIC(name)}), crypto.createPublicKey(${part === 'private' ? 'key' : 'key.export({ format: "pem", type: "spki" })'}).equals(${PUBLIC(name)})];`);
        }
    }
    for (const cipher of ['aes-256-cbc', 'aes-128-cbc', 'des-ede3-cbc']) {
        const locked = pairs[name].privateKey.export({ format: 'pem', type: 'pkcs8', cipher, passphrase: 'secret' });
        add(`key ${name} with passphrase, ${cipher}`, `return crypto.createPrivateKey({ key: ${text(locked)}, passphrase: 'secret' }).equals(${PRIVATE(name)});`);
    }
}
const locked = pairs['P-256'].privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'secret' });
const lockedRsa = pairs['rsa-2048'].privateKey.export({ format: 'pem', type: 'pkcs1', cipher: 'aes-256-cbc', passphrase: 'secret' });
add('key, traditional encryption', `return crypto.createPrivateKey({ key: ${text(lockedRsa)}, passphrase: 'secret' }).equals(${PRIVATE('rsa-2048')});`);
add('key, passphrase missing', `return crypto.createPrivateKey(${text(locked)});`);
add('key, passphrase missing, traditional', `return crypto.createPrivateKey(${text(lockedRsa)});`);
add('key, passphrase wrong', `return crypto.createPrivateKey({ key: ${text(locked)}, passphrase: 'other' });`);
for (const [name, input] of [['text', "'abc'"], ['empty block', "'-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----'"], ['DER', "{ key: Buffer.from('abc'), format: 'der', type: 'pkcs8' }"], ['SPKI', "{ key: Buffer.alloc(9), format: 'der', type: 'spki' }"], ['JWK', "{ key: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, format: 'jwk' }"]]) {
    for (const maker of ['createPrivateKey', 'createPublicKey']) add(`key, bad ${name}, ${maker}`, `try { return crypto.${maker}(${input}); } catch (e) { return [e.name, e.code, e.message, e.library, e.reason, e.opensslErrorStack]; }`);
}
add('key objects', `const util = require('util'); const key = ${PRIVATE('P-256')}; const secret = crypto.createSecretKey(Buffer.from('0102', 'hex'));
return [util.types.isKeyObject(key), util.types.isKeyObject(secret), util.types.isKeyObject({}), util.types.isCryptoKey(key), key instanceof crypto.KeyObject, key.constructor.name, secret.constructor.name, Object.prototype.toString.call(key), secret.export({ format: 'jwk' }), secret.symmetricKeySize, secret.equals(crypto.createSecretKey('0102', 'hex'))];`);

// ---- signatures ----

const hashes = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'RSA-SHA256', 'sha3-256'];
const changed = (bytes) => { const copy = Buffer.from(bytes); copy[copy.length - 1] ^= 1; return copy; };
const verifies = (hash, key, signature) => `return [crypto.verify(${text(hash)}, ${MESSAGE}, ${key}, ${hex(signature)}), crypto.verify(${text(hash)}, ${MESSAGE}, ${key}, ${hex(changed(signature))}), crypto.verify(${text(hash)}, Buffer.from('another message'), ${key}, ${hex(signature)})];`;
for (const hash of hashes) {
    for (const name of ['rsa-2048', 'rsa-3072']) {
        add(`sign ${name} ${hash}`, `return [crypto.sign(${text(hash)}, ${MESSAGE}, ${PRIVATE(name)}).toString('base64'), crypto.createSign(${text(hash)}).update(${MESSAGE}).sign(${PRIVATE(name)}, 'base64')];`);
        add(`verify ${name} ${hash}`, verifies(hash, PUBLIC(name), crypto.sign(hash, message, pairs[name].privateKey)));
    }
    for (const saltLength of [crypto.constants.RSA_PSS_SALTLEN_DIGEST, crypto.constants.RSA_PSS_SALTLEN_MAX_SIGN, 20]) {
        const padding = crypto.constants.RSA_PKCS1_PSS_PADDING;
        const signature = crypto.sign(hash, message, { key: pairs['rsa-2048'].privateKey, padding, saltLength });
        for (const own of new Set([saltLength, crypto.constants.RSA_PSS_SALTLEN_AUTO, 7])) add(`verify PSS ${hash} ${saltLength} as ${own}`, verifies(hash, `{ key: ${PUBLIC('rsa-2048')}, padding: ${padding}, saltLength: ${own} }`, signature));
        add(`sign PSS ${hash} ${saltLength}`, `const made = crypto.sign(${text(hash)}, ${MESSAGE}, { key: ${PRIVATE('rsa-2048')}, padding: ${padding}, saltLength: ${saltLength} });
return [made.length, crypto.verify(${text(hash)}, ${MESSAGE}, { key: ${PUBLIC('rsa-2048')}, padding: ${padding}, saltLength: ${saltLength} }, made), crypto.verify(${text(hash)}, ${MESSAGE}, { key: ${PUBLIC('rsa-2048')}, padding: ${padding}, saltLength: 5 }, made)];`);
    }
    for (const name of ['P-256', 'P-384', 'P-521', 'secp256k1', 'dsa']) {
        for (const dsaEncoding of ['der', 'ieee-p1363']) {
            const signature = crypto.sign(hash, message, { key: pairs[name].privateKey, dsaEncoding });
            const key = `{ key: ${PUBLIC(name)}, dsaEncoding: ${text(dsaEncoding)} }`;
            add(`verify ${name} ${hash} ${dsaEncoding}`, verifies(hash, key, signature));
            add(`verify by parts ${name} ${hash} ${dsaEncoding}`, `return [crypto.createVerify(${text(hash)}).update(${hex(message.subarray(0, 9))}).update(${hex(message.subarray(9))}).verify(${key}, ${hex(signature)}), crypto.createVerify(${text(hash)}).update('x').verify(${key}, ${hex(signature)})];`);
            add(`sign ${name} ${hash} ${dsaEncoding}`, `const made = crypto.sign(${text(hash)}, ${MESSAGE}, { key: ${PRIVATE(name)}, dsaEncoding: ${text(dsaEncoding)} });
const digest = crypto.createHash(${text(hash)}).update(${MESSAGE}).digest();
return [${dsaEncoding === 'der' ? 'made[0]' : 'made.length'}, crypto.verify(${text(hash)}, ${MESSAGE}, ${key}, made), crypto.createVerify(${text(hash)}).update(${MESSAGE}).verify(${key}, made), crypto.verify(${text(hash)}, digest, ${key}, made)];`);
        }
    }
}
for (const name of ['ed25519', 'ed448']) {
    add(`sign ${name}`, `return crypto.sign(null, ${MESSAGE}, ${PRIVATE(name)}).toString('hex');`);
    add(`verify ${name}`, `return [crypto.verify(null, ${MESSAGE}, ${PUBLIC(name)}, ${hex(crypto.sign(null, message, pairs[name].privateKey))}), crypto.verify(null, Buffer.from('other'), ${PUBLIC(name)}, ${hex(crypto.sign(null, message, pairs[name].privateKey))})];`);
    add(`sign ${name} with a hash`, `return crypto.sign('sha256', ${MESSAGE}, ${PRIVATE(name)});`);
    add(`sign ${name} by parts`, `return crypto.createSign('sha256').update('x').sign(${PRIVATE(name)});`);
}
add('verify RSA-PSS', verifies('sha256', PUBLIC('rsa-pss'), crypto.sign('sha256', message, pairs['rsa-pss'].privateKey)));
add('sign RSA-PSS with another hash', `return crypto.sign('sha512', ${MESSAGE}, ${PRIVATE('rsa-pss')});`);
add('sign, unknown hash', `return crypto.sign('nope', ${MESSAGE}, ${PRIVATE('rsa-2048')});`);
add('sign, salt too long', `try { return crypto.sign('sha512', ${MESSAGE}, { key: ${PRIVATE('rsa-2048')}, padding: 6, saltLength: 1000 }); } catch (e) { return [e.name, e.code, e.message, e.opensslErrorStack]; }`);

// ---- encryption by key pairs ----

for (const oaepHash of ['sha1', 'sha256', 'sha384', 'sha512']) {
    for (const label of [undefined, 'label']) {
        const options = `oaepHash: ${text(oaepHash)}${label ? `, oaepLabel: Buffer.from('${label}')` : ''}`;
        const made = crypto.publicEncrypt({ key: pairs['rsa-2048'].publicKey, oaepHash, ...(label && { oaepLabel: Buffer.from(label) }) }, Buffer.from('short'));
        add(`OAEP ${oaepHash} ${label ?? ''}`, `return [crypto.privateDecrypt({ key: ${PRIVATE('rsa-2048')}, ${options} }, ${hex(made)}).toString(), crypto.privateDecrypt({ key: ${PRIVATE('rsa-2048')}, ${options} }, crypto.publicEncrypt({ key: ${PUBLIC('rsa-2048')}, ${options} }, Buffer.from('back'))).toString()];`);
    }
}
const v15 = crypto.publicEncrypt({ key: pairs['rsa-2048'].publicKey, padding: 1 }, Buffer.from('short'));
add('PKCS#1 encryption', `return crypto.privateDecrypt({ key: ${PRIVATE('rsa-2048')}, padding: 1 }, ${hex(v15)}).toString();`);
add('PKCS#1 encryption, changed', `return crypto.privateDecrypt({ key: ${PRIVATE('rsa-2048')}, padding: 1 }, ${hex(changed(v15))}).toString('hex');`);
add('OAEP, changed', `return crypto.privateDecrypt(${PRIVATE('rsa-2048')}, ${hex(changed(v15))});`);
add('private encryption', `const made = crypto.privateEncrypt(${PRIVATE('rsa-2048')}, Buffer.from('short')); return [made.toString('hex'), crypto.publicDecrypt(${PUBLIC('rsa-2048')}, made).toString()];`);
add('encryption without padding', `return crypto.publicEncrypt({ key: ${PUBLIC('rsa-2048')}, padding: 3 }, Buffer.alloc(256, 1)).toString('hex');`);
add('encryption of too much', `return crypto.publicEncrypt(${PUBLIC('rsa-2048')}, Buffer.alloc(256));`);

// ---- agreement ----

for (const curve of ['prime256v1', 'secp384r1', 'secp521r1', 'secp256k1']) {
    const [own, other] = [crypto.createECDH(curve), crypto.createECDH(curve)];
    own.generateKeys();
    other.generateKeys();
    add(`ECDH ${curve}`, `const own = crypto.createECDH(${text(curve)}); own.setPrivateKey(${hex(own.getPrivateKey())});
return [own.getPublicKey('hex'), own.getPublicKey('hex', 'compressed'), own.getPublicKey('hex', 'hybrid'), own.computeSecret(${hex(other.getPublicKey())}, null, 'hex'), own.computeSecret(${hex(other.getPublicKey(null, 'compressed'))}, null, 'hex'), crypto.ECDH.convertKey(${hex(other.getPublicKey())}, ${text(curve)}, null, 'hex', 'compressed')];`);
}
for (const name of ['P-256', 'P-384', 'P-521', 'secp256k1', 'x25519', 'x448', 'dh']) {
    const kind = pairs[name].privateKey.asymmetricKeyType;
    const other = crypto.generateKeyPairSync(kind, kind === 'ec' ? { namedCurve: name } : kind === 'dh' ? { group: 'modp14' } : {});
    add(`diffieHellman ${name}`, `return crypto.diffieHellman({ privateKey: ${PRIVATE(name)}, publicKey: crypto.createPublicKey(${text(pem(other.publicKey))}) }).toString('hex');`);
}
for (const group of ['modp1', 'modp2', 'modp5', 'modp14', 'modp15']) {
    const other = crypto.getDiffieHellman(group);
    other.generateKeys();
    add(`Diffie-Hellman ${group}`, `const prime = crypto.getDiffieHellman(${text(group)}); const own = crypto.createDiffieHellman(prime.getPrime(), prime.getGenerator()); own.setPrivateKey(Buffer.alloc(24, 3)); own.generateKeys();
return [prime.getPrime('hex'), prime.getGenerator('hex'), prime.verifyError, own.getPublicKey('hex'), own.computeSecret(${hex(other.getPublicKey())}, null, 'hex')];`);
}

// ---- derivation ----

for (const hash of ['sha1', 'sha256', 'sha384', 'sha512', 'md5', 'sha3-256']) {
    add(`pbkdf2 ${hash}`, `return [crypto.pbkdf2Sync('password', 'salt', 1, 20, ${text(hash)}).toString('hex'), crypto.pbkdf2Sync('', Buffer.alloc(0), 1000, 64, ${text(hash)}).toString('hex')];`);
    add(`hkdf ${hash}`, `return [['key', 'salt', 'info', 42], ['', '', '', 80]].map((values) => Buffer.from(crypto.hkdfSync(${text(hash)}, ...values)).toString('hex'));`);
}
add('scrypt', `return [['password', 'NaCl', 64, { N: 1024, r: 8, p: 16 }], ['', '', 64, { N: 16, r: 1, p: 1 }]].map((values) => crypto.scryptSync(...values).toString('hex'));`);
add('scrypt, too much memory', `return crypto.scryptSync('a', 'b', 32, { N: 2 ** 20 });`);
add('later', `const later = require('util').promisify; return [(await later(crypto.pbkdf2)('a', 'b', 10, 16, 'sha256')).toString('hex'), (await later(crypto.scrypt)('a', 'b', 16)).toString('hex'), Buffer.from(await later(crypto.hkdf)('sha256', 'a', 'b', 'c', 16)).toString('hex'), (await later(crypto.randomBytes)(9)).length];`);
add('primes', `return [crypto.checkPrimeSync(97n), crypto.checkPrimeSync(91n), crypto.checkPrimeSync(2n ** 127n - 1n), crypto.generatePrimeSync(64, { bigint: true }) > 2n ** 63n];`);

// ---- WebCrypto ----

const raw = hex(Buffer.from(Array.from({ length: 32 }, (_, index) => index)));
const SUBTLE = `const { subtle } = globalThis.crypto; const hexOf = (buffer) => Buffer.from(buffer).toString('hex');`;
for (const size of [16, 24, 32]) {
    for (const algorithm of ["{ name: 'AES-CBC', iv: Buffer.alloc(16, 1) }", "{ name: 'AES-CTR', counter: Buffer.alloc(16, 255), length: 64 }", "{ name: 'AES-CTR', counter: Buffer.alloc(16, 255), length: 3 }", "{ name: 'AES-GCM', iv: Buffer.alloc(12, 1), additionalData: Buffer.from('aad') }", "{ name: 'AES-GCM', iv: Buffer.alloc(12, 1), tagLength: 96 }"]) {
        add(`subtle ${algorithm} ${size}`, `${SUBTLE} const algorithm = ${algorithm}; const key = await subtle.importKey('raw', ${raw}.subarray(0, ${size}), algorithm.name, true, ['encrypt', 'decrypt']);
const made = await subtle.encrypt(algorithm, key, ${MESSAGE}); return [hexOf(made), hexOf(await subtle.decrypt(algorithm, key, made)), await subtle.exportKey('jwk', key)];`);
    }
    add(`subtle AES-KW ${size}`, `${SUBTLE} const key = await subtle.importKey('raw', ${raw}.subarray(0, ${size}), 'AES-KW', true, ['wrapKey', 'unwrapKey']); const inner = await subtle.importKey('raw', ${raw}, { name: 'HMAC', hash: 'SHA-256' }, true, ['sign']);
const made = await subtle.wrapKey('raw', inner, key, 'AES-KW'); return [hexOf(made), await subtle.exportKey('jwk', await subtle.unwrapKey('raw', made, key, 'AES-KW', { name: 'HMAC', hash: 'SHA-256' }, true, ['sign']))];`);
}
for (const hash of ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512']) {
    add(`subtle digest ${hash}`, `${SUBTLE} return hexOf(await subtle.digest(${text(hash)}, ${MESSAGE}));`);
    add(`subtle HMAC ${hash}`, `${SUBTLE} const key = await subtle.importKey('raw', ${raw}, { name: 'HMAC', hash: ${text(hash)} }, true, ['sign', 'verify']); const made = await subtle.sign('HMAC', key, ${MESSAGE}); return [hexOf(made), await subtle.verify('HMAC', key, made, ${MESSAGE}), await subtle.exportKey('jwk', key)];`);
    add(`subtle derive ${hash}`, `${SUBTLE} const [h, p] = await Promise.all(['HKDF', 'PBKDF2'].map((name) => subtle.importKey('raw', ${raw}, name, false, ['deriveBits'])));
return [hexOf(await subtle.deriveBits({ name: 'HKDF', hash: ${text(hash)}, salt: Buffer.from('salt'), info: Buffer.from('info') }, h, 256)), hexOf(await subtle.deriveBits({ name: 'PBKDF2', hash: ${text(hash)}, salt: Buffer.from('salt'), iterations: 100 }, p, 256))];`);
    for (const name of ['RSASSA-PKCS1-v1_5', 'RSA-PSS']) {
        const algorithm = `{ name: ${text(name)}, hash: ${text(hash)} }`;
        const options = name === 'RSA-PSS' ? `{ name: 'RSA-PSS', saltLength: 20 }` : text(name);
        const signature = crypto.sign(hash.replace('-', ''), message, { key: pairs['rsa-2048'].privateKey, padding: name === 'RSA-PSS' ? 6 : 1, saltLength: 20 });
        add(`subtle ${name} ${hash}`, `${SUBTLE} const key = await subtle.importKey('spki', ${hex(pairs['rsa-2048'].publicKey.export({ format: 'der', type: 'spki' }))}, ${algorithm}, true, ['verify']);
return [await subtle.verify(${options}, key, ${hex(signature)}, ${MESSAGE}), await subtle.verify(${options}, key, ${hex(changed(signature))}, ${MESSAGE}), key.algorithm, await subtle.exportKey('jwk', key)];`);
    }
    const made = crypto.publicEncrypt({ key: pairs['rsa-2048'].publicKey, oaepHash: hash.replace('-', ''), oaepLabel: Buffer.from('l') }, Buffer.from('short'));
    add(`subtle RSA-OAEP ${hash}`, `${SUBTLE} const key = await subtle.importKey('pkcs8', ${hex(pairs['rsa-2048'].privateKey.export({ format: 'der', type: 'pkcs8' }))}, { name: 'RSA-OAEP', hash: ${text(hash)} }, false, ['decrypt']);
return Buffer.from(await subtle.decrypt({ name: 'RSA-OAEP', label: Buffer.from('l') }, key, ${hex(made)})).toString();`);
    for (const namedCurve of ['P-256', 'P-384', 'P-521']) {
        const signature = crypto.sign(hash.replace('-', ''), message, { key: pairs[namedCurve].privateKey, dsaEncoding: 'ieee-p1363' });
        add(`subtle ECDSA ${namedCurve} ${hash}`, `${SUBTLE} const options = { name: 'ECDSA', hash: ${text(hash)} }; const algorithm = { name: 'ECDSA', namedCurve: ${text(namedCurve)} };
const key = await subtle.importKey('jwk', ${text(pairs[namedCurve].publicKey.export({ format: 'jwk' }))}, algorithm, true, ['verify']); const own = await subtle.importKey('pkcs8', ${hex(pairs[namedCurve].privateKey.export({ format: 'der', type: 'pkcs8' }))}, algorithm, true, ['sign']);
const made = await subtle.sign(options, own, ${MESSAGE});
return [await subtle.verify(options, key, ${hex(signature)}, ${MESSAGE}), await subtle.verify(options, key, ${hex(changed(signature))}, ${MESSAGE}), made.byteLength, crypto.verify(${text(hash.replace('-', ''))}, ${MESSAGE}, { key: ${PUBLIC(namedCurve)}, dsaEncoding: 'ieee-p1363' }, Buffer.from(made)), hexOf(await subtle.exportKey('raw', key)), hexOf(await subtle.exportKey('spki', key)), await subtle.exportKey('jwk', own)];`);
    }
}
add('subtle Ed25519', `${SUBTLE} const own = await subtle.importKey('jwk', ${text(pairs.ed25519.privateKey.export({ format: 'jwk' }))}, 'Ed25519', true, ['sign']); const key = await subtle.importKey('raw', ${hex(Buffer.from(pairs.ed25519.publicKey.export({ format: 'jwk' }).x, 'base64url'))}, 'Ed25519', true, ['verify']);
const made = await subtle.sign('Ed25519', own, ${MESSAGE}); return [hexOf(made), await subtle.verify('Ed25519', key, made, ${MESSAGE}), await subtle.exportKey('jwk', own), hexOf(await subtle.exportKey('spki', key))];`);
for (const [name, namedCurve] of [['P-256', 'P-256'], ['P-384', 'P-384'], ['P-521', 'P-521'], ['x25519']]) {
    const algorithm = namedCurve ? { name: 'ECDH', namedCurve } : { name: 'X25519' };
    const other = crypto.generateKeyPairSync(namedCurve ? 'ec' : 'x25519', { namedCurve });
    add(`subtle agreement ${name}`, `${SUBTLE} const own = await subtle.importKey('jwk', ${text(pairs[name].privateKey.export({ format: 'jwk' }))}, ${text(algorithm)}, false, ['deriveBits', 'deriveKey']); const peer = await subtle.importKey('jwk', ${text(other.publicKey.export({ format: 'jwk' }))}, ${text(algorithm)}, true, []);
return [hexOf(await subtle.deriveBits({ name: ${text(algorithm.name)}, public: peer }, own, 128)), await subtle.exportKey('jwk', await subtle.deriveKey({ name: ${text(algorithm.name)}, public: peer }, own, { name: 'AES-GCM', length: 256 }, true, ['encrypt']))];`);
}
add('subtle, wrong ciphertext', `${SUBTLE} const key = await subtle.importKey('raw', ${raw}, 'AES-CBC', true, ['decrypt']); try { return await subtle.decrypt({ name: 'AES-CBC', iv: Buffer.alloc(16) }, key, Buffer.alloc(32)); } catch (e) { return [e.name, e.message, e.cause.message]; }`);
add('subtle generates', `${SUBTLE} const results = []; for (const [algorithm, uses] of [[{ name: 'RSA-PSS', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }, ['sign', 'verify']], [{ name: 'ECDSA', namedCurve: 'P-384' }, ['sign', 'verify']], ['Ed25519', ['sign', 'verify']], [{ name: 'AES-GCM', length: 192 }, ['encrypt']], [{ name: 'HMAC', hash: 'SHA-512' }, ['sign']]]) { const made = await subtle.generateKey(algorithm, true, uses); const key = made.publicKey ?? made; results.push([key.type, key.algorithm, key.usages, key.extractable, Object.keys(await subtle.exportKey('jwk', key)).sort()]); } return results;`);

// ---- certificates ----

const folder = mkdtempSync(join(tmpdir(), 'crypto-'));
const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
writeFileSync(join(folder, 'ext'), 'subjectAltName=@names\nextendedKeyUsage=serverAuth,clientAuth\nauthorityInfoAccess=OCSP;URI:http://ocsp.example.com/,caIssuers;URI:http://example.com/ca.crt\nbasicConstraints=CA:FALSE\n[names]\nDNS.1=example.com\nDNS.2=*.example.org\nIP.1=127.0.0.1\nIP.2=2001:db8::1\nemail.1=a@example.com\nURI.1=https://example.com/a,b\nRID.1=1.2.3.4\n');
openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '3650', '-subj', '/C=DE/O=Example, Inc./CN=Example CA');
openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'leaf.key');
openssl('req', '-new', '-key', 'leaf.key', '-out', 'leaf.csr', '-subj', '/C=DE/ST=Köln/O=Example/OU=One/OU=Two/CN=example.com', '-utf8');
openssl('x509', '-req', '-in', 'leaf.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-set_serial', '0x0123456789abcdef', '-days', '3650', '-extfile', 'ext', '-out', 'leaf.crt');
const read = (name) => text(readFileSync(join(folder, name), 'utf8'));
for (const name of ['ca', 'leaf']) {
    add(`certificate ${name}`, `const c = new crypto.X509Certificate(${read(`${name}.crt`)}); return [c.subject, c.issuer, c.subjectAltName, c.infoAccess, c.validFrom, c.validTo, +c.validFromDate, +c.validToDate, c.fingerprint, c.fingerprint256, c.fingerprint512, c.keyUsage, c.serialNumber, c.ca, c.raw.length, c.toString(), c.publicKey.export({ format: 'jwk' }), String(c) === c.toJSON()];`);
    add(`certificate ${name}, legacy`, `return JSON.stringify(new crypto.X509Certificate(${read(`${name}.crt`)}).toLegacyObject());`);
}
add('certificates, checks', `const ca = new crypto.X509Certificate(${read('ca.crt')}), leaf = new crypto.X509Certificate(${read('leaf.crt')});
return [leaf.checkIssued(ca), ca.checkIssued(leaf), leaf.verify(ca.publicKey), leaf.verify(leaf.publicKey), leaf.checkPrivateKey(crypto.createPrivateKey(${read('leaf.key')})), leaf.checkPrivateKey(crypto.createPrivateKey(${read('ca.key')})), leaf.checkHost('example.com'), leaf.checkHost('www.example.org'), leaf.checkHost('other.com') ?? null, leaf.checkHost('www.example.org', { wildcards: false }) ?? null, leaf.checkEmail('a@example.com'), leaf.checkEmail('b@example.com') ?? null, leaf.checkIP('127.0.0.1'), leaf.checkIP('::1') ?? null];`);
add('certificate as public key', `return crypto.createPublicKey(${read('leaf.crt')}).export({ format: 'jwk' });`);
add('certificate, bad', `return new crypto.X509Certificate('abc');`);
rmSync(folder, { recursive: true });

// Each row in a thread of its own: Node leaves errors of OpenSSL behind, which the next call may find.
const RUN = `const { parentPort, workerData } = require('node:worker_threads');
const AsyncFunction = (async () => {}).constructor;
(async () => {
    try {
        return JSON.stringify(await new AsyncFunction('require', 'crypto', workerData)(require, require('crypto'))) ?? 'undefined';
    } catch (error) {
        return JSON.stringify({ error: [error.name, error.code ?? null, error.message] });
    }
})().then((gives) => parentPort.postMessage(gives));`;
for (const row of rows) {
    const worker = new Worker(RUN, { eval: true, workerData: PRELUDE + row.source });
    [row.gives] = await once(worker, 'message');
    await worker.terminate();
}
writeFileSync(new URL('crypto.jsonl', import.meta.url), [{ prelude: PRELUDE }, ...rows].map((row) => `${text(row)}\n`).join(''));
console.log(`${rows.length} rows`);
