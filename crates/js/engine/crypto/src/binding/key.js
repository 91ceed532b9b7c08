
// ---- Keys ----

const kSecret = binding.kKeyTypeSecret = 0;
const kPublic = binding.kKeyTypePublic = 1;
const kPrivate = binding.kKeyTypePrivate = 2;
binding.kKeyFormatDER = 0;
const kPem = binding.kKeyFormatPEM = 1;
const kJwk = binding.kKeyFormatJWK = 2;
const kPkcs1 = binding.kKeyEncodingPKCS1 = 0;
const kPkcs8 = binding.kKeyEncodingPKCS8 = 1;
const kSpki = binding.kKeyEncodingSPKI = 2;
binding.kKeyEncodingSEC1 = 3;
const kRaw = binding.kWebCryptoKeyFormatRaw = 0;
const kWebPkcs8 = binding.kWebCryptoKeyFormatPKCS8 = 1;
const kWebSpki = binding.kWebCryptoKeyFormatSPKI = 2;
binding.kWebCryptoKeyFormatJWK = 3;

const RSA = 6, RSA_PSS = 912, DSA = 116, DH = 28, EC = 408;
const rawKinds = {
  Ed25519: binding.EVP_PKEY_ED25519 = 1087,
  Ed448: binding.EVP_PKEY_ED448 = 1088,
  X25519: binding.EVP_PKEY_X25519 = 1034,
  X448: binding.EVP_PKEY_X448 = 1035,
};
const rawNames = Object.fromEntries(Object.entries(rawKinds).map(([name, kind]) => [kind, name]));
const typeNames = {
  [RSA]: 'rsa', [RSA_PSS]: 'rsa-pss', [DSA]: 'dsa', [DH]: 'dh', [EC]: 'ec',
  1087: 'ed25519', 1088: 'ed448', 1034: 'x25519', 1035: 'x448',
};
// By OpenSSL's numbers.
const jwkCurves = { 415: 'P-256', 715: 'P-384', 716: 'P-521', 714: 'secp256k1' };
const invalidJwk = (message) => coded(TypeError, 'ERR_CRYPTO_INVALID_JWK', message);

// What a private key's parser left: without an error a missing key means an unknown form.
function parsed(key, passphrase, otherwise) {
  const error = native.peekError();
  if (error !== 0) {
    // PEM_R_BAD_PASSWORD_READ
    if (error === 9 * 2 ** 23 + 104 && passphrase === undefined) {
      throw coded(TypeError, 'ERR_MISSING_PASSPHRASE', 'Passphrase required for encrypted key');
    }
    fail(otherwise, PEEK);
  }
  return key ?? fail(otherwise, NONE);
}

function parsedPrivate(data, format, type, passphrase, otherwise) {
  const secret = passphrase === undefined || passphrase === null ? undefined : bytes(passphrase);
  return parsed(native.parsePrivate(bytes(data), format === kPem, type ?? -1, secret), secret, otherwise);
}

function privateKey(data, format, type, passphrase) {
  if (data instanceof KeyObjectHandle) return data.asymmetric();
  native.clearErrors();
  return parsedPrivate(data, format, type, passphrase, 'Failed to read private key');
}

function publicOrPrivateKey(data, format, type, passphrase) {
  if (data instanceof KeyObjectHandle) return data.asymmetric();
  native.clearErrors();
  const otherwise = 'Failed to read asymmetric key';
  const input = bytes(data);
  if (format === kPem) {
    const key = native.parsePublicPem(input);
    // A private key has a public one too; what was wrong with a public key stays the first error.
    return key || parsedPrivate(input, format, type, passphrase, otherwise);
  }
  const isPublic = type === kPkcs1 ? !native.isPrivateRsa(input) : type === kSpki;
  if (!isPublic) return parsedPrivate(input, format, type, passphrase, otherwise);
  return native.parsePublicDer(input, type) ?? fail(otherwise, NONE);
}

function secretOf(key) {
  return key instanceof KeyObjectHandle ? key.secret() : bytes(key);
}

function exported(key, isPrivate, format, type, cipher, passphrase) {
  native.clearErrors();
  if (cipher !== undefined && cipher !== null && !native.cipherExists(cipher)) {
    throw coded(Error, 'ERR_CRYPTO_UNKNOWN_CIPHER', 'Unknown cipher');
  }
  const data = isPrivate ?
    native.exportPrivate(key, format === kPem, type, cipher, passphrase === undefined ? undefined : bytes(passphrase)) :
    native.exportPublic(key, format === kPem, type);
  if (data == null) fail(`Failed to encode ${isPrivate ? 'private' : 'public'} key`);
  return format === kPem ? toBuffer(data).toString('latin1') : toBuffer(data);
}

const base64url = (array) => toBuffer(array).toString('base64url');
const fromBase64url = (text) => bytes(text, 'base64url');

class KeyObjectHandle {
  #type;
  #secret;
  #key;

  // Not to be seen by users of the binding: the handle never leaves Node's library.
  asymmetric() {
    return this.#key;
  }

  secret() {
    return this.#secret;
  }

  adopt(type, key) {
    this.#type = type;
    if (type === kSecret) this.#secret = key;
    else this.#key = key;
    return this;
  }

  init(type, data, format, encoding, passphrase) {
    native.clearErrors();
    switch (type) {
      case kSecret: this.adopt(type, copied(data)); break;
      case kPublic: this.adopt(type, publicOrPrivateKey(data, format, encoding, passphrase)); break;
      case kPrivate: this.adopt(type, privateKey(data, format, encoding, passphrase)); break;
    }
  }

  getSymmetricKeySize() {
    return this.#secret.length;
  }

  getAsymmetricKeyType() {
    return typeNames[native.keyId(this.#key)];
  }

  checkEcKeyData() {
    native.clearErrors();
    return native.keyCheck(this.#key, this.#type === kPrivate);
  }

  export(format, type, cipher, passphrase) {
    if (this.#type === kSecret) return toBuffer(copied(this.#secret));
    return exported(this.#key, this.#type === kPrivate, format, type, cipher, passphrase);
  }

  exportJwk(target, withPss) {
    if (this.#type === kSecret) return Object.assign(target, { kty: 'oct', k: base64url(this.#secret) });
    return Object.assign(target, jwkOf(this.#key, this.#type === kPrivate, withPss));
  }

  initECRaw(curve, data) {
    native.clearErrors();
    const nid = native.curveNid(curve);
    const key = nid === 0 ? null : native.keyFromEcPoint(nid, bytes(data));
    if (key == null) return false;
    this.adopt(kPublic, key);
    return true;
  }

  initEDRaw(name, data, type) {
    native.clearErrors();
    const key = native.keyFromRaw(rawKinds[name], bytes(data), type === kPrivate);
    if (key == null) return false;
    this.adopt(type, key);
    return true;
  }

  initJwk(jwk, namedCurve) {
    native.clearErrors();
    switch (jwk.kty) {
      case 'oct':
        if (typeof jwk.k !== 'string') throw invalidJwk('Invalid JWK secret key format');
        this.adopt(kSecret, copied(fromBase64url(jwk.k)));
        break;
      case 'RSA': this.#initRsa(jwk); break;
      case 'EC': this.#initEc(jwk, namedCurve); break;
      default: throw invalidJwk(`${jwk.kty} is not a supported JWK key type`);
    }
    return this.#type;
  }

  #initRsa(jwk) {
    const isPrivate = jwk.d !== undefined;
    const names = isPrivate ? ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] : ['n', 'e'];
    if (names.some((name) => typeof jwk[name] !== 'string')) throw invalidJwk('Invalid JWK RSA key');
    const key = native.keyFromRsa(names.map((name) => fromBase64url(jwk[name])));
    if (key == null) throw invalidJwk('Invalid JWK RSA key');
    this.adopt(isPrivate ? kPrivate : kPublic, key);
  }

  #initEc(jwk, namedCurve) {
    const { x, y, d } = jwk;
    if (typeof x !== 'string' || typeof y !== 'string' || d !== undefined && typeof d !== 'string') {
      throw invalidJwk('Invalid JWK EC key');
    }
    const nid = native.curveNid(`${namedCurve}`);
    if (nid === 0) throw coded(TypeError, 'ERR_CRYPTO_INVALID_CURVE', 'Invalid EC curve name');
    const key = native.keyFromEc(
      nid, fromBase64url(x), fromBase64url(y), d === undefined ? undefined : fromBase64url(d));
    if (key == null) throw invalidJwk('Invalid JWK EC key');
    this.adopt(d === undefined ? kPublic : kPrivate, key);
  }

  keyDetail(target) {
    if (this.#type === kSecret) {
      target.length = this.#secret.length * 8;
      return target;
    }
    const key = this.#key;
    switch (native.keyId(key)) {
      case RSA:
      case RSA_PSS:
        target.modulusLength = native.keyBits(key);
        target.publicExponent = native.rsaParts(key).e.buffer;
        if (native.keyId(key) === RSA_PSS) restrictions(key, target);
        break;
      case DSA:
        [target.modulusLength, target.divisorLength] = native.dsaBits(key);
        break;
      case EC:
        target.namedCurve = native.nameOfNid(native.ecParts(key).nid);
        break;
      default:
        throw coded(TypeError, 'ERR_CRYPTO_INVALID_KEYTYPE', 'Invalid key type');
    }
    return target;
  }

  equals(other) {
    if (this.#type === kSecret) return native.secretEquals(this.#secret, other.#secret);
    native.clearErrors();
    const result = native.keysEqual(this.#key, other.#key);
    if (result === -2) throw coded(Error, 'ERR_CRYPTO_UNSUPPORTED_OPERATION', 'Unsupported crypto operation');
    return result === 1;
  }
}
for (const name of ['asymmetric', 'secret', 'adopt']) Object.defineProperty(KeyObjectHandle.prototype, name, { enumerable: false });
publish('KeyObjectHandle', KeyObjectHandle);

function restrictions(key, target) {
  const parts = native.rsaPssParts(key);
  if (parts == null) return;
  target.hashAlgorithm = parts.hash;
  if (parts.mgf1Hash !== undefined) target.mgf1HashAlgorithm = parts.mgf1Hash;
  target.saltLength = parts.saltLength;
}

function jwkOf(key, isPrivate, withPss) {
  const kind = native.keyId(key);
  if (kind === RSA || kind === RSA_PSS && withPss) {
    const parts = native.rsaParts(key);
    const names = isPrivate ? ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] : ['n', 'e'];
    return { kty: 'RSA', ...Object.fromEntries(names.map((name) => [name, base64url(parts[name])])) };
  }
  if (kind === EC) {
    const { nid, x, y, d } = native.ecParts(key);
    const crv = jwkCurves[nid];
    if (crv === undefined) {
      throw coded(Error, 'ERR_CRYPTO_JWK_UNSUPPORTED_CURVE', `Unsupported JWK EC curve: ${native.nameOfNid(nid)}.`);
    }
    const jwk = { kty: 'EC', x: base64url(x), y: base64url(y), crv };
    return isPrivate ? { ...jwk, d: base64url(d) } : jwk;
  }
  const crv = rawNames[kind];
  if (crv === undefined) throw coded(Error, 'ERR_CRYPTO_JWK_UNSUPPORTED_KEY_TYPE', 'Unsupported JWK Key Type.');
  const jwk = { crv, x: base64url(native.keyRaw(key, false)), kty: 'OKP' };
  return isPrivate ? { crv, d: base64url(native.keyRaw(key, true)), x: jwk.x, kty: 'OKP' } : jwk;
}

// The base of KeyObject remembers its handle, for jobs that take the object itself.
const handles = new WeakMap();
binding.createNativeKeyObjectClass = (callback) => {
  class NativeKeyObject {
    constructor(handle) {
      handles.set(this, handle);
    }
  }
  return callback(NativeKeyObject);
};
const handleOf = (key) => key instanceof KeyObjectHandle ? key : handles.get(key);
// A key object over the same handle; undefined for other objects.
binding.cloneOfHandle = (key) => {
  const handle = handles.get(key);
  if (handle === undefined) return undefined;
  const { constructor: Type } = Object.getPrototypeOf(key);
  return new Type(handle);
};

function keyExportJob(name, raw) {
  jobClass(name, (format, handle) => ({ format, key: handle.asymmetric() }), ({ format, key }) => {
    const data = format === kRaw ? raw(key) :
      format === kWebPkcs8 ? native.exportPrivate(key, false, kPkcs8, undefined, undefined) :
        format === kWebSpki ? native.exportPublic(key, false, kSpki) : null;
    return (data ?? jobFailed('Cipher job failed')).buffer;
  });
}
keyExportJob('ECKeyExportJob', (key) => native.keyId(key) === EC ? native.ecPoint(key, 4) : native.keyRaw(key, false));
keyExportJob('RSAKeyExportJob', () => null);
keyExportJob('DHKeyExportJob', () => null);

// ---- New keys ----

binding.OPENSSL_EC_NAMED_CURVE = 1;
binding.OPENSSL_EC_EXPLICIT_CURVE = 0;

// `count` arguments belong to the algorithm, the others to the encodings.
function pairJob(name, count, prepare, generate) {
  jobClass(name, (...args) => {
    const own = typeof count === 'function' ? count(args) : count;
    const values = prepare(...args.slice(0, own));
    const [publicFormat, publicType, privateFormat, privateType, cipher, passphrase] = args.slice(own);
    if (cipher !== undefined && cipher !== null && !native.cipherExists(cipher)) {
      throw coded(Error, 'ERR_CRYPTO_UNKNOWN_CIPHER', 'Unknown cipher');
    }
    return { values, publicFormat, publicType, privateFormat, privateType, cipher, passphrase };
  }, ({ values, ...encoding }) => {
    const key = generate(values) ?? jobFailed('Key generation job failed');
    const part = (isPrivate, format, type) => {
      if (format === undefined) return new KeyObjectHandle().adopt(isPrivate ? kPrivate : kPublic, key);
      if (format === kJwk) return jwkOf(key, isPrivate, false);
      return isPrivate ? exported(key, true, format, type, encoding.cipher, encoding.passphrase) :
        exported(key, false, format, type);
    };
    return [
      part(false, encoding.publicFormat, encoding.publicType),
      part(true, encoding.privateFormat, encoding.privateType),
    ];
  });
}

pairJob('RsaKeyPairGenJob', (args) => args[0] === binding.kKeyVariantRSA_PSS ? 6 : 3,
  (variant, bits, exponent, hash, mgf1Hash, saltLength) => {
    if (hash !== undefined) requireDigest(hash);
    if (mgf1Hash !== undefined && !native.digestExists(mgf1Hash)) {
      throw coded(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid MGF1 digest: ${mgf1Hash}`);
    }
    return [variant === binding.kKeyVariantRSA_PSS, bits, exponent, hash, mgf1Hash, saltLength ?? -1];
  }, (values) => native.generateRsa(...values));

pairJob('EcKeyPairGenJob', 2, (curve, encoding) => {
  const nid = native.curveNid(curve);
  if (nid === 0) throw coded(TypeError, 'ERR_CRYPTO_INVALID_CURVE', 'Invalid EC curve name');
  return [nid, encoding];
}, ([nid, encoding]) => rawNames[nid] ? native.generateKind(nid) : native.generateEc(nid, encoding));

pairJob('NidKeyPairGenJob', 1, (kind) => kind, (kind) => native.generateKind(kind));
pairJob('DsaKeyPairGenJob', 2, (...values) => values, (values) => native.generateDsa(...values));

pairJob('DhKeyPairGenJob', (args) => typeof args[0] === 'string' ? 1 : 2, (size, generator) => {
  if (typeof size === 'number') return { size, generator };
  const exchange = typeof size === 'string' ? native.dhGroup(size) : native.dh(bytes(size), numberBytes(generator));
  if (exchange == null) throw coded(Error, 'ERR_CRYPTO_UNKNOWN_DH_GROUP', 'Unknown DH group');
  return { exchange };
}, ({ size, generator, exchange }) =>
  exchange === undefined ? native.generateDh(size, generator) : native.generateDhIn(exchange));

function numberBytes(number) {
  return new Uint8Array([number >>> 24, number >>> 16, number >>> 8, number]);
}

jobClass('SecretKeyGenJob', (bits) => bits >> 3, (length) =>
  new KeyObjectHandle().adopt(kSecret, native.randomBytes(length) ?? jobFailed('Key generation job failed')));
