
// ---- Ciphers ----

// Ciphers that OpenSSL has for TLS alone, and on processors with AES instructions: production lists them, and they take
// no data outside of TLS. name → number and length of the key.
const tlsOnly = new Map(Object.entries({
  'aes-128-cbc-hmac-sha1': [916, 16],
  'aes-128-cbc-hmac-sha256': [948, 16],
  'aes-256-cbc-hmac-sha1': [918, 32],
  'aes-256-cbc-hmac-sha256': [950, 32],
}));

const MODE_GCM = 6, MODE_CCM = 7, MODE_OCB = 0x10003, MODE_WRAP = 0x10002, NID_CHACHA20_POLY1305 = 1018;


const invalidTag = (message) => coded(TypeError, 'ERR_CRYPTO_INVALID_AUTH_TAG', message);
const isGcmTagLength = (length) => length === 4 || length === 8 || length >= 12 && length <= 16;

publish('CipherBase', class {
  #encrypts;
  #cipher;
  #mode;
  #nid;
  #tagLength;
  #tag;
  // 'unknown', 'known', 'passed' to OpenSSL
  #tagState = 'unknown';
  #maxMessage = 2 ** 31 - 1;
  #authenticationFailed = false;
  #isTls = false;

  constructor(encrypts) {
    this.#encrypts = encrypts;
  }

  init(name, key, tagLength) {
    this.initiv(name, key, null, tagLength);
  }

  initiv(name, key, ivData, tagLength) {
    native.clearErrors();
    const tls = tlsOnly.get(name.toLowerCase());
    if (tls !== undefined) name = `aes-${tls[1] * 8}-cbc`;
    const facts = native.cipherFacts(name);
    if (facts == null) throw coded(Error, 'ERR_CRYPTO_UNKNOWN_CIPHER', 'Unknown cipher');
    const secret = secretOf(key);
    const [mode, ivLength, nid] = facts;
    this.#mode = mode;
    this.#nid = nid;
    const iv = ivData === null ? new Uint8Array(0) : bytes(ivData);
    const invalidIv = () => coded(TypeError, 'ERR_CRYPTO_INVALID_IV', 'Invalid initialization vector');
    const hasIv = ivData !== null && iv.length > 0;
    if (!hasIv && ivLength !== 0) throw invalidIv();
    if (!this.#authenticates() && hasIv && iv.length !== ivLength) throw invalidIv();
    if (nid === NID_CHACHA20_POLY1305 && iv.length > 12) throw invalidIv();

    this.#cipher = native.cipher(name, this.#encrypts) ?? fail('Failed to initialize cipher');
    if (this.#authenticates()) this.#initTag(name, iv.length, tagLength, invalidIv);
    if (!native.cipherSetKeyLength(this.#cipher, secret.length)) {
      this.#cipher = undefined;
      throw coded(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length');
    }
    if (!native.cipherSetKey(this.#cipher, secret, hasIv ? iv : null)) fail('Failed to initialize cipher');
    this.#isTls = tls !== undefined;
  }

  #initTag(name, ivLength, tagLength, invalidIv) {
    if (!native.cipherSetIvLength(this.#cipher, ivLength)) throw invalidIv();
    if (this.#mode === MODE_GCM) {
      if (tagLength === -1) return;
      if (!isGcmTagLength(tagLength)) throw invalidTag(`Invalid authentication tag length: ${tagLength}`);
      this.#tagLength = tagLength;
      return;
    }
    if (tagLength === -1) {
      if (this.#nid !== NID_CHACHA20_POLY1305) throw invalidTag(`authTagLength required for ${name}`);
      tagLength = 16;
    }
    if (!native.cipherSetTagLength(this.#cipher, tagLength)) {
      throw invalidTag(`Invalid authentication tag length: ${tagLength}`);
    }
    this.#tagLength = tagLength;
    if (this.#mode === MODE_CCM) {
      if (ivLength === 12) this.#maxMessage = 16777215;
      if (ivLength === 13) this.#maxMessage = 65535;
    }
  }

  #authenticates() {
    const mode = this.#mode;
    return mode === MODE_GCM || mode === MODE_CCM || mode === MODE_OCB || this.#nid === NID_CHACHA20_POLY1305;
  }

  #checkLength(length) {
    if (length > this.#maxMessage) throw coded(RangeError, 'ERR_CRYPTO_INVALID_MESSAGELEN', 'Invalid message length');
  }

  #passTag() {
    if (this.#tagState !== 'known') return;
    native.cipherSetTag(this.#cipher, this.#tag);
    this.#tagState = 'passed';
  }

  update(data, encoding) {
    native.clearErrors();
    const input = bytes(data, encoding);
    if (this.#cipher === undefined || this.#isTls) fail('Trying to add data in unsupported state');
    if (this.#mode === MODE_CCM) this.#checkLength(input.length);
    if (!this.#encrypts && this.#authenticates()) this.#passTag();
    const output = native.cipherUpdate(this.#cipher, input);
    if (output != null) return toBuffer(output);
    // CCM checks the tag here; the error is final()'s.
    if (!this.#encrypts && this.#mode === MODE_CCM) {
      this.#authenticationFailed = true;
      return toBuffer(new Uint8Array(0));
    }
    fail('Trying to add data in unsupported state');
  }

  final() {
    if (this.#cipher === undefined) throw coded(Error, 'ERR_CRYPTO_INVALID_STATE', 'Invalid state');
    native.clearErrors();
    const authenticates = this.#authenticates();
    const output = this.#finish(authenticates);
    this.#cipher = undefined;
    if (output == null) {
      fail(authenticates ? 'Unsupported state or unable to authenticate data' : 'Unsupported state');
    }
    return toBuffer(output);
  }

  #finish(authenticates) {
    if (!this.#encrypts) {
      if (authenticates) this.#passTag();
      if (this.#nid === NID_CHACHA20_POLY1305 && this.#tagState !== 'passed') return null;
      if (this.#mode === MODE_CCM) return this.#authenticationFailed ? null : new Uint8Array(0);
    }
    const output = native.cipherFinal(this.#cipher);
    if (output != null && this.#encrypts && authenticates) {
      this.#tagLength ??= 16;
      this.#tag = native.cipherGetTag(this.#cipher, this.#tagLength);
      if (this.#tag == null) return null;
    }
    return output;
  }

  setAutoPadding(on) {
    return this.#cipher !== undefined && native.cipherSetPadding(this.#cipher, on);
  }

  getAuthTag() {
    if (this.#cipher !== undefined || !this.#encrypts || this.#tagLength === undefined || this.#tag == null) return;
    return toBuffer(copied(this.#tag));
  }

  setAuthTag(data) {
    if (this.#cipher === undefined || this.#encrypts || !this.#authenticates() || this.#tagState !== 'unknown') return false;
    const tag = copied(data);
    const fits = this.#mode === MODE_GCM ?
      (this.#tagLength === undefined || this.#tagLength === tag.length) && isGcmTagLength(tag.length) :
      this.#tagLength === tag.length;
    if (!fits) throw invalidTag(`Invalid authentication tag length: ${tag.length}`);
    this.#tagLength = tag.length;
    this.#tag = tag;
    this.#tagState = 'known';
    return true;
  }

  setAAD(data, plaintextLength) {
    if (this.#cipher === undefined || !this.#authenticates()) return false;
    native.clearErrors();
    if (this.#mode === MODE_CCM) {
      if (plaintextLength < 0) {
        throw coded(TypeError, 'ERR_MISSING_ARGS', 'options.plaintextLength required for CCM mode with AAD');
      }
      this.#checkLength(plaintextLength);
      if (!this.#encrypts) this.#passTag();
      if (!native.cipherPlainLength(this.#cipher, plaintextLength)) return false;
    }
    return native.cipherAad(this.#cipher, bytes(data));
  }
});

binding.getCipherInfo = (target, nameOrNid, keyLength, ivLength) => {
  const isName = typeof nameOrNid === 'string';
  for (const [name, [nid, keySize]] of tlsOnly) {
    if (isName ? nameOrNid.toLowerCase() !== name : nameOrNid !== nid) continue;
    if ((keyLength ?? keySize) !== keySize || (ivLength ?? 16) !== 16) return;
    return Object.assign(target, { mode: 'cbc', name, nid, blockSize: 16, ivLength: 16, keyLength: keySize });
  }
  const info = native.cipherInfo(
    isName ? nameOrNid : undefined, isName ? 0 : nameOrNid, keyLength ?? -1, ivLength ?? -1);
  return info == null ? undefined : Object.assign(target, info);
};

// ---- Encryption by key pairs ----

function rsaFunction(operation, isPublic) {
  return (data, format, type, passphrase, buffer, padding, oaepHash, oaepLabel) => {
    native.clearErrors();
    const key = isPublic ? publicOrPrivateKey(data, format, type, passphrase) : privateKey(data, format, type, passphrase);
    if (oaepHash !== undefined && !native.digestExists(oaepHash)) {
      throw coded(Error, 'ERR_OSSL_EVP_INVALID_DIGEST', 'Invalid digest used');
    }
    native.clearErrors();
    const label = oaepLabel === undefined ? undefined : bytes(oaepLabel);
    return toBuffer(native.rsaCrypt(operation, key, bytes(buffer), padding, oaepHash, label) ?? fail());
  };
}
binding.publicEncrypt = rsaFunction(0, true);
binding.privateDecrypt = rsaFunction(1, false);
binding.privateEncrypt = rsaFunction(2, false);
binding.publicDecrypt = rsaFunction(3, true);

// ---- WebCrypto ----

const kEncrypt = binding.kWebCryptoCipherEncrypt = 0;
binding.kWebCryptoCipherDecrypt = 1;

const aesVariants = [];
['CTR', 'CBC', 'GCM', 'KW'].forEach((mode, row) => [128, 192, 256].forEach((size, column) => {
  const number = binding[`kKeyVariantAES_${mode}_${size}`] = row * 3 + column;
  aesVariants[number] = [mode, mode === 'KW' ? `id-aes${size}-wrap` : `aes-${size}-${mode.toLowerCase()}`];
}));

// One pass of a cipher, or `null`. With `tag` it authenticates: a length to encrypt with, or the bytes to check.
function pass(name, encrypts, key, iv, data, { tag, aad } = {}) {
  const cipher = native.cipher(name, encrypts);
  if (cipher == null) return null;
  if (tag !== undefined && !native.cipherSetIvLength(cipher, iv.length)) return null;
  if (!native.cipherSetKeyLength(cipher, key.length) || !native.cipherSetKey(cipher, key, iv)) return null;
  if (tag !== undefined && !encrypts && !native.cipherSetTag(cipher, tag)) return null;
  if (aad !== undefined && aad.length > 0 && !native.cipherAad(cipher, aad)) return null;
  const parts = [native.cipherUpdate(cipher, data)];
  if (parts[0] == null) return null;
  parts.push(native.cipherFinal(cipher));
  if (parts[1] == null) return null;
  if (tag !== undefined && encrypts) {
    parts.push(native.cipherGetTag(cipher, tag));
    if (parts[2] == null) return null;
  }
  return joined(parts);
}

function joined(parts) {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (result.set(part, at), at + part.length), 0);
  return result;
}

// Counter mode where only the last `length` bits count: behind the last value they start again with zero.
function counterMode(name, key, counter, length, data) {
  let value = 0n;
  for (const byte of counter) value = value << 8n | BigInt(byte);
  const all = 1n << BigInt(length);
  const blocks = BigInt(Math.ceil(data.length / 16));
  if (blocks > all) return null;
  const left = all - value % all;
  if (blocks <= left) return pass(name, true, key, counter, data);
  const first = Number(left) * 16;
  const restarted = copied(counter);
  let base = value - value % all;
  for (let index = 15; index >= 0; index--, base >>= 8n) restarted[index] = Number(base & 255n);
  const before = pass(name, true, key, counter, data.subarray(0, first));
  const after = pass(name, true, key, restarted, data.subarray(first));
  return before && after && joined([before, after]);
}

jobClass('AESCipherJob', (mode, key, data, variant, iv, option, aad) => ({
  encrypts: mode === kEncrypt,
  key: secretOf(key),
  data: copied(data),
  variant: aesVariants[variant],
  iv: iv === undefined ? null : copied(iv),
  option: typeof option === 'object' ? copied(option) : option,
  aad: aad === undefined ? undefined : copied(aad),
}), ({ encrypts, key, data, variant: [mode, name], iv, option, aad }) => {
  const result = mode === 'CTR' ? counterMode(name, key, iv, option, data) :
    pass(name, encrypts, key, iv, data, mode === 'GCM' ? { tag: option, aad } : {});
  return (result ?? jobFailed('Cipher job failed')).buffer;
});

binding.kKeyVariantRSA_SSA_PKCS1_v1_5 = 0;
binding.kKeyVariantRSA_PSS = 1;
binding.kKeyVariantRSA_OAEP = 2;
binding.RSA_PKCS1_PSS_PADDING = 6;

jobClass('RSACipherJob', (mode, key, data, variant, hash, label) => {
  requireDigest(hash);
  return { mode, key: key.asymmetric(), data: copied(data), hash, label: label === undefined ? undefined : copied(label) };
}, ({ mode, key, data, hash, label }) =>
  (native.rsaCrypt(mode, key, data, 4, hash, label) ?? jobFailed('Cipher job failed')).buffer);
