
// ---- Key agreement ----

const operationFailed = (message) => coded(Error, 'ERR_CRYPTO_OPERATION_FAILED', message);
const invalidCurve = () => coded(TypeError, 'ERR_CRYPTO_INVALID_CURVE', 'Invalid EC curve name');
const badPoint = () => operationFailed('Failed to convert Buffer to EC_POINT');

publish('ECDH', class {
  #key;

  constructor(curve) {
    native.clearErrors();
    // Unlike elsewhere, NIST's names are not taken.
    const nid = /^P-\d+$/.test(curve) ? 0 : native.curveNid(curve);
    if (nid === 0) throw invalidCurve();
    this.#key = native.ecdh(nid);
    if (this.#key == null) throw operationFailed('Failed to create key using named curve');
  }

  generateKeys() {
    if (!native.ecdhGenerate(this.#key)) throw operationFailed('Failed to generate key');
  }

  computeSecret(other) {
    const point = bytes(other);
    const valid = native.ecdhIsValid(this.#key);
    native.clearErrors();
    if (!valid) throw coded(RangeError, 'ERR_CRYPTO_INVALID_KEYPAIR', 'Invalid key pair');
    // Node's library makes an error of this text.
    if (!native.ecdhHasPoint(this.#key, point)) return 'ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY';
    const secret = native.ecdhCompute(this.#key, point);
    if (secret == null) throw operationFailed('Failed to compute ECDH key');
    return toBuffer(secret);
  }

  getPublicKey(form) {
    const key = native.ecdhPublic(this.#key, form);
    if (key == null) throw operationFailed('Failed to get ECDH public key');
    return toBuffer(key);
  }

  getPrivateKey() {
    const key = native.ecdhPrivate(this.#key);
    if (key == null) throw operationFailed('Failed to get ECDH private key');
    return toBuffer(key);
  }

  setPrivateKey(data) {
    switch (native.ecdhSetPrivate(this.#key, bytes(data))) {
      case 1:
        throw coded(RangeError, 'ERR_CRYPTO_INVALID_KEYTYPE', 'Private key is not valid for specified curve.');
      case 2:
        throw operationFailed('Failed to convert BN to a private key');
      case 3:
        throw operationFailed('Failed to generate ECDH public key');
    }
    native.clearErrors();
  }

  setPublicKey(data) {
    const result = native.ecdhSetPublic(this.#key, bytes(data));
    native.clearErrors();
    if (result === 1) throw badPoint();
    if (result === 2) throw operationFailed('Failed to set EC_POINT as the public key');
  }
});

binding.ECDHConvertKey = (key, curve, form) => {
  native.clearErrors();
  const data = bytes(key);
  if (data.length === 0) return '';
  const nid = native.curveNid(curve);
  if (nid === 0) throw invalidCurve();
  const converted = native.ecConvert(nid, data, form);
  if (converted == null) throw badPoint();
  return toBuffer(converted);
};

binding.statelessDH = (own, peer) => {
  native.clearErrors();
  return toBuffer(native.agree(own.asymmetric(), peer.asymmetric()) ?? fail('diffieHellman failed'));
};

for (const name of ['ECDHBitsJob', 'DHBitsJob']) {
  jobClass(name, (peer, own) => [own.asymmetric(), peer.asymmetric()], ([own, peer]) =>
    (native.agree(own, peer) ?? jobFailed('Deriving bits failed')).buffer);
}

const DH_LIBRARY = 5, MODULUS_TOO_SMALL = 126, BAD_GENERATOR = 101;
const isSmallerThanTwo = (number) => number.every((byte, index) => byte === 0 || index === number.length - 1 && byte === 1);

class Exchange {
  #dh;

  constructor(dh) {
    this.#dh = dh;
    Object.defineProperty(this, 'verifyError', {
      enumerable: true,
      get: () => {
        const codes = native.dhCheck(dh);
        native.clearErrors();
        return codes;
      },
    });
  }

  generateKeys() {
    native.clearErrors();
    if (!native.dhGenerate(this.#dh)) fail('Key generation failed');
    return toBuffer(native.dhPart(this.#dh, 2));
  }

  computeSecret(data) {
    native.clearErrors();
    const other = bytes(data);
    const codes = native.dhCheckPublic(this.#dh, other);
    native.clearErrors();
    if (codes === 1) throw coded(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Supplied key is too small');
    if (codes === 2) throw coded(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Supplied key is too large');
    if (codes !== 0) throw coded(RangeError, 'ERR_CRYPTO_INVALID_KEYTYPE', 'Unspecified validation error');
    const secret = native.dhCompute(this.#dh, other);
    if (secret == null) {
      native.clearErrors();
      throw coded(RangeError, 'ERR_CRYPTO_INVALID_KEYPAIR', 'Invalid key pair');
    }
    return toBuffer(secret);
  }

  #part(number, missing) {
    const part = native.dhPart(this.#dh, number);
    if (part == null) throw coded(Error, 'ERR_CRYPTO_INVALID_STATE', missing);
    return toBuffer(part);
  }

  getPrime() {
    return this.#part(0, 'p is null');
  }

  getGenerator() {
    return this.#part(1, 'g is null');
  }

  getPublicKey() {
    return this.#part(2, 'No public key - did you forget to generate one?');
  }

  getPrivateKey() {
    return this.#part(3, 'No private key - did you forget to generate one?');
  }

  setPublicKey(key) {
    native.dhSet(this.#dh, bytes(key), false);
  }

  setPrivateKey(key) {
    native.dhSet(this.#dh, bytes(key), true);
  }
}

publish('DiffieHellman', class extends Exchange {
  constructor(sizeOrPrime, generator) {
    native.clearErrors();
    const refuse = (reason, message) => {
      native.putError(DH_LIBRARY, reason);
      fail(message);
    };
    const isNumber = typeof generator === 'number';
    const number = isNumber ? undefined : bytes(generator);
    if (typeof sizeOrPrime === 'number' && sizeOrPrime < 2) refuse(MODULUS_TOO_SMALL, 'Invalid prime length');
    if (isNumber ? generator < 2 : isSmallerThanTwo(number)) refuse(BAD_GENERATOR, 'Invalid generator');
    let dh;
    if (typeof sizeOrPrime !== 'number') dh = native.dh(bytes(sizeOrPrime), number ?? numberBytes(generator));
    else if (isNumber) dh = native.dhNew(sizeOrPrime, generator);
    if (dh == null) throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', 'Invalid DH parameters');
    super(dh);
  }
});

publish('DiffieHellmanGroup', class extends Exchange {
  constructor(name) {
    native.clearErrors();
    const dh = native.dhGroup(name);
    if (dh == null) throw coded(Error, 'ERR_CRYPTO_UNKNOWN_DH_GROUP', 'Unknown DH group');
    super(dh);
  }
});
