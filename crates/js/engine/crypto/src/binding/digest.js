
// ---- Hash, Hmac ----

publish('Hash', class {
  #digest;
  #length;
  #done;

  constructor(algorithm, outputLength) {
    native.clearErrors();
    if (typeof algorithm === 'object') {
      this.#digest = native.digestCopy(algorithm.#digest) ?? fail('Digest copy error');
    } else {
      this.#digest = native.digest(algorithm);
    }
    if (this.#digest == null) fail('Digest method not supported');
    let size = native.digestSize(this.#digest);
    const extendable = native.digestIsXof(this.#digest);
    // What SHAKE gave before OpenSSL 3.4 dropped its defaults.
    if (extendable && outputLength === undefined && size === 0) {
      size = { 'shake128': 16, 'shake256': 32 }[native.digestName(this.#digest).toLowerCase().replace('-', '')] ?? 0;
    }
    if (outputLength !== undefined && outputLength !== size) {
      if (!extendable) {
        native.putError(6, 178);
        fail('Digest method not supported');
      }
      size = outputLength;
    }
    this.#length = size;
  }

  update(data, encoding) {
    return native.digestUpdate(this.#digest, bytes(data, encoding));
  }

  digest(encoding) {
    native.clearErrors();
    this.#done ??= this.#length === 0 ? new Uint8Array(0) :
      native.digestFinal(this.#digest, this.#length) ?? fail('Failed to finalize digest');
    return encoded(this.#done, encoding);
  }
});

publish('Hmac', class {
  #hmac;

  init(algorithm, key) {
    native.clearErrors();
    requireDigest(algorithm);
    this.#hmac = native.hmac(algorithm, secretOf(key)) ?? fail();
  }

  update(data, encoding) {
    return this.#hmac !== undefined && native.hmacUpdate(this.#hmac, bytes(data, encoding));
  }

  digest(encoding) {
    const result = this.#hmac === undefined ? new Uint8Array(0) : native.hmacFinal(this.#hmac) ?? fail('Failed to finalize HMAC');
    this.#hmac = undefined;
    return encoded(result, encoding);
  }
});

// Node answers by a number in a cache; here the name is as fast.
binding.getCachedAliases = () => ({ __proto__: null });

binding.oneShotDigest = (algorithm, id, cache, input, outputEncoding) => {
  native.clearErrors();
  const result = native.digestOnce(algorithm, bytes(input), -1);
  if (result == null) {
    if (native.digestNames(algorithm) == null) throw new Error(`Digest method ${algorithm} is not supported`);
    fail();
  }
  return encoded(result, outputEncoding);
};

jobClass('HashJob', (algorithm, data, length) => {
  requireDigest(algorithm);
  return { algorithm, data: copied(data), length: length === undefined ? -1 : length >> 3 };
}, ({ algorithm, data, length }) => (native.digestOnce(algorithm, data, length) ?? jobFailed('Deriving bits failed')).buffer);

const kSignJobModeSign = binding.kSignJobModeSign = 0;
binding.kSignJobModeVerify = 1;

jobClass('HmacJob', (mode, algorithm, key, data, signature) => {
  requireDigest(algorithm);
  return { mode, algorithm, key: secretOf(key), data: copied(data), signature: signature && copied(signature) };
}, ({ mode, algorithm, key, data, signature }) => {
  const hmac = native.hmac(algorithm, key) ?? jobFailed('Deriving bits failed');
  native.hmacUpdate(hmac, data);
  const result = native.hmacFinal(hmac) ?? jobFailed('Deriving bits failed');
  return mode === kSignJobModeSign ? result.buffer : native.secretEquals(result, signature);
});

// As in Node, both lists are in the order of names.
binding.getHashes = () => native.digests();
binding.getCiphers = () => [...native.ciphers(), ...tlsOnly.keys()].sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
binding.getCurves = () => native.curves();

binding.timingSafeEqual = (a, b) => {
  const isBytes = (value) => ArrayBuffer.isView(value) || library.require('internal/util/types').isAnyArrayBuffer(value);
  const { codes: { ERR_INVALID_ARG_TYPE } } = library.require('internal/errors');
  const kinds = 'an instance of ArrayBuffer, Buffer, TypedArray, or DataView.';
  if (!isBytes(a)) throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', `The "buf1" argument must be ${kinds}`);
  if (!isBytes(b)) throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', `The "buf2" argument must be ${kinds}`);
  const left = bytes(a), right = bytes(b);
  if (left.length !== right.length) {
    throw coded(RangeError, 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH', 'Input buffers must have the same byte length');
  }
  return native.secretEquals(left, right);
};
