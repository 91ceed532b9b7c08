
// ---- Signatures ----

binding.kSigEncDER = 0;
const kP1363 = binding.kSigEncP1363 = 1;

const oneShotKinds = new Set([1087, 1088]);
const unsupported = () => coded(Error, 'ERR_CRYPTO_UNSUPPORTED_OPERATION', 'Unsupported crypto operation');

// ECDSA and DSA signatures in the form that was asked for; others have one form.
function toForm(signature, key, form) {
  const size = form === kP1363 ? native.signatureNumberSize(key) : 0;
  return size === 0 ? signature : native.derToP1363(signature, size);
}

function fromForm(signature, key, form) {
  const size = form === kP1363 ? native.signatureNumberSize(key) : 0;
  return size === 0 ? signature : native.p1363ToDer(signature, size);
}

class Signature {
  #algorithm;
  #digest;

  init(algorithm) {
    native.clearErrors();
    // Names of OpenSSL 0.9 that Node still takes.
    if (algorithm === 'dss1' || algorithm === 'DSS1') algorithm = 'SHA1';
    if (!native.digestExists(algorithm)) throw coded(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', 'Invalid digest');
    this.#algorithm = algorithm;
    this.#digest = native.digest(algorithm) ?? fail();
  }

  update(data, encoding) {
    native.clearErrors();
    if (this.#digest === undefined) throw notInitialised();
    if (!native.digestUpdate(this.#digest, bytes(data, encoding))) fail();
  }

  // [name of the digest, its value]
  finish() {
    const digest = this.#digest;
    if (digest === undefined) throw notInitialised();
    this.#digest = undefined;
    const size = native.digestSize(digest);
    return [this.#algorithm, native.digestFinal(digest, size) ?? fail()];
  }
}
Object.defineProperty(Signature.prototype, 'finish', { enumerable: false });
const notInitialised = () => coded(Error, 'ERR_CRYPTO_INVALID_STATE', 'Not initialised');

publish('Sign', class extends Signature {
  sign(data, format, type, passphrase, padding, saltLength, form) {
    const key = privateKey(data, format, type, passphrase);
    if (oneShotKinds.has(native.keyId(key))) throw unsupported();
    native.clearErrors();
    const [algorithm, digest] = this.finish();
    const signature = native.signDigest(key, algorithm, digest, padding, saltLength) ??
      failCoded('PEM_read_bio_PrivateKey failed');
    return toBuffer(toForm(signature, key, form) ?? failCoded('PEM_read_bio_PrivateKey failed'));
  }
});

publish('Verify', class extends Signature {
  verify(data, format, type, passphrase, signature, padding, saltLength, form) {
    const key = publicOrPrivateKey(data, format, type, passphrase);
    if (oneShotKinds.has(native.keyId(key))) throw unsupported();
    native.clearErrors();
    const der = fromForm(bytes(signature), key, form);
    if (der == null) throw coded(Error, 'ERR_CRYPTO_OPERATION_FAILED', 'Malformed signature');
    const [algorithm, digest] = this.finish();
    const right = native.verifyDigest(key, algorithm, digest, der, padding, saltLength);
    if (right == null) failCoded('PEM_read_bio_PUBKEY failed');
    return right;
  }
});

function failCoded(message) {
  if (native.peekError() !== 0) fail();
  throw coded(Error, 'ERR_CRYPTO_OPERATION_FAILED', message);
}

class SignFailure {}

jobClass('SignJob', (mode, data, format, type, passphrase, message, algorithm, saltLength, padding, form, signature) => {
  const signs = mode === kSignJobModeSign;
  const key = signs ? privateKey(data, format, type, passphrase) : publicOrPrivateKey(data, format, type, passphrase);
  if (algorithm != null) requireDigest(algorithm);
  return {
    signs, key, algorithm, padding, saltLength, form,
    message: copied(message),
    signature: signature === undefined ? undefined : fromForm(copied(signature), key, form) ?? new Uint8Array(0),
  };
}, ({ signs, key, algorithm, message, padding, saltLength, form, signature }) => {
  if (!signs) {
    const right = native.verifyMessage(key, algorithm, message, signature, padding, saltLength);
    if (right == null) throw new SignFailure();
    return right;
  }
  const made = native.signMessage(key, algorithm, message, padding, saltLength);
  const result = made && toForm(made, key, form);
  if (result == null) throw new SignFailure();
  return result.buffer;
}, (error, isAsync) => {
  if (!(error instanceof SignFailure)) return error;
  if (isAsync) return native.errorOfJob('Deriving bits failed');
  // At once, Node throws the error with its code.
  try {
    fail('Deriving bits failed');
  } catch (thrown) {
    return thrown;
  }
});
