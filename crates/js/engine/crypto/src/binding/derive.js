
// ---- Derivation, randomness ----

// Node does not give OpenSSL's reason.
const underived = () => {
  native.clearErrors();
  throw new Error('Deriving bits failed');
};

jobClass('HKDFJob', (hash, key, salt, info, length) => {
  requireDigest(hash);
  if (length > 255 * native.digestSizeByName(hash)) {
    throw coded(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length');
  }
  return [hash, handleOf(key).secret(), copied(salt), copied(info), length];
}, (values) => ((values[4] === 0 ? undefined : native.hkdf(...values)) ?? underived()).buffer);

jobClass('PBKDF2Job', (password, salt, iterations, length, hash) => {
  requireDigest(hash);
  return [hash, copied(password), copied(salt), iterations, length];
}, (values) => values[4] === 0 ? new ArrayBuffer(0) :
  (native.pbkdf2(...values) ?? underived()).buffer);

jobClass('ScryptJob', (password, salt, N, r, p, maxmem, length) => {
  if (!native.scryptCheck(N, r, p, maxmem)) {
    const reason = native.lastError();
    native.clearErrors();
    throw coded(RangeError, 'ERR_CRYPTO_INVALID_SCRYPT_PARAMS', `Invalid scrypt params${reason ? `: ${reason}` : ''}`);
  }
  return [copied(password), copied(salt), N, r, p, maxmem, length];
}, (values) => values[6] === 0 ? new ArrayBuffer(0) :
  (native.scrypt(...values) ?? jobFailed('Deriving bits failed')).buffer);

jobClass('RandomBytesJob', (buffer, offset, size) => {
  const all = bytes(buffer);
  return new Uint8Array(all.buffer, all.byteOffset + offset, size);
}, (array) => {
  if (!native.randomFill(array)) jobFailed('Deriving bits failed');
});

jobClass('RandomPrimeJob', (bits, safe, add, rem) => {
  const outOfRange = (what) => coded(RangeError, 'ERR_OUT_OF_RANGE', `invalid options.${what}`);
  const values = { bits, safe, add: add === undefined ? undefined : bytes(add), rem: rem === undefined ? undefined : bytes(rem) };
  if (values.add !== undefined) {
    if (native.primeBits(values.add) > bits) throw outOfRange('add');
    if (values.rem !== undefined && !native.numbersInOrder(values.rem, values.add)) throw outOfRange('rem');
  }
  return values;
}, ({ bits, safe, add, rem }) => (native.prime(bits, safe, add, rem) ?? jobFailed('Deriving bits failed')).buffer);

jobClass('CheckPrimeJob', (candidate, checks) => [copied(candidate), checks], (values) =>
  native.isPrime(...values) ?? jobFailed('Deriving bits failed'));

binding.secureBuffer = (length) => new Uint8Array(length);
binding.secureHeapUsed = () => undefined;

// ---- Switches that the sandbox does not have ----

binding.getFipsCrypto = () => 0;
binding.testFipsCrypto = () => false;
binding.setFipsCrypto = (on) => {
  if (on) fail('error:00000000:lib(0)::reason(0)');
};
binding.setEngine = () => false;
binding.getOpenSSLSecLevelCrypto = () => 1;
binding.internalVerifyIntegrity = () => true;
