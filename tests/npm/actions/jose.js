const jose = require('jose');
exports.onExecutePostLogin = async () => {
  const secret = new TextEncoder().encode('secret-of-at-least-32-characters!!');
  const token = await new jose.SignJWT({ role: 'admin' }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt(1767225600).sign(secret);
  const { payload, protectedHeader } = await jose.jwtVerify(token, secret);
  console.log(token, payload, protectedHeader);
  for (const alg of ['RS256', 'ES256']) {
    const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await jose.exportJWK(publicKey)), kid: 'k', alg };
    const signed = await new jose.SignJWT({ a: 1 }).setProtectedHeader({ alg, kid: 'k' }).sign(privateKey);
    const verified = await jose.jwtVerify(signed, jose.createLocalJWKSet({ keys: [jwk] }));
    console.log(alg, verified.payload, jwk.kty);
  }
  await jose.jwtVerify(`${token}x`, secret).catch((error) => console.log(error.code, error instanceof jose.errors.JOSEError));
  const jwe = await new jose.CompactEncrypt(new TextEncoder().encode('hi')).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(new Uint8Array(32));
  console.log(new TextDecoder().decode((await jose.compactDecrypt(jwe, new Uint8Array(32))).plaintext));
};
