
// ---- Before the engine is frozen ----

// OpenSSL looks algorithms up, and reads its tables, when they are first used. Used now, they cost no login anything. Nothing
// here draws a random number.
function warmUp() {
  native.digests();
  native.ciphers();
  native.curves();
  const data = new Uint8Array(32);
  native.hkdf('sha256', data, data, data, 32);
  native.pbkdf2('sha256', data, data, 1, 32);
  native.scrypt(data, data, 2, 1, 1, 2 ** 20, 32);
  // The key of RFC 7515, A.3.
  const number = (text) => Uint8Array.from(text.match(/../g), (byte) => parseInt(byte, 16));
  const ec = native.keyFromEc(
    415,
    number('7fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445'),
    number('c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad'),
    number('8e9b109e719098bf980487df1f5d77e9cb29606ebed2263b5f57c213df84f4b2'),
  );
  const modulus = new Uint8Array(256).fill(0xff);
  const rsa = native.keyFromRsa([modulus, new Uint8Array([1, 0, 1])]);
  for (const pem of [true, false]) {
    const pkcs8 = native.exportPrivate(ec, pem, kPkcs8, undefined, undefined);
    native.parsePrivate(pkcs8, pem, kPkcs8, undefined);
    for (const key of [ec, rsa]) {
      const spki = native.exportPublic(key, pem, kSpki);
      if (pem) native.parsePublicPem(spki);
      else native.parsePublicDer(spki, kSpki);
    }
  }
  for (const key of [ec, rsa]) native.verifyMessage(key, 'sha256', data, data, undefined, undefined);
  native.verifyMessage(rsa, 'sha256', data, modulus, 6, -1);
  native.agree(ec, ec);
  const ed = native.keyFromRaw(rawKinds.Ed25519, data, true);
  native.signMessage(ed, undefined, data, undefined, undefined);
  native.agree(native.keyFromRaw(rawKinds.X25519, data, true), native.keyFromRaw(rawKinds.X25519, data.fill(9), false));
  native.clearErrors();
}
warmUp();
