// jose 4 and 5, as openid-client 5 and older Actions have them.
exports.onExecutePostLogin = async () => {
  const crypto = require('crypto');
  // One for all: the search for primes is what takes time.
  const { privateKey: rsa, publicKey: rsaPublic } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  for (const name of ['jose-4', 'jose-5']) {
    const jose = require(name);
    const secret = new TextEncoder().encode('secret-of-at-least-32-characters!!');
    const token = await new jose.SignJWT({ role: 'admin' }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt(1767225600).setIssuer('urn:i').sign(secret);
    console.log(name, token, (await jose.jwtVerify(token, secret, { issuer: 'urn:i' })).payload);
    for (const alg of ['RS256', 'PS384', 'ES256', 'ES384', 'EdDSA']) {
      const { publicKey, privateKey } = /^[RP]S/.test(alg) ? { publicKey: rsaPublic, privateKey: rsa } : await jose.generateKeyPair(alg);
      const jwk = { ...(await jose.exportJWK(publicKey)), kid: 'k', alg };
      const signed = await new jose.SignJWT({ a: 1 }).setProtectedHeader({ alg, kid: 'k' }).sign(privateKey);
      const verified = await jose.jwtVerify(signed, jose.createLocalJWKSet({ keys: [jwk] }));
      const again = await jose.importSPKI(await jose.exportSPKI(publicKey), alg);
      console.log(alg, verified.payload, jwk.kty, (await jose.compactVerify(signed, again)).protectedHeader);
    }
    const encrypted = await new jose.EncryptJWT({ s: 1 }).setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' }).encrypt(rsaPublic);
    console.log((await jose.jwtDecrypt(encrypted, rsa)).payload, jose.decodeProtectedHeader(encrypted));
    const thumbprint = await jose.calculateJwkThumbprint({ kty: 'oct', k: 'AAAA' });
    const failures = await Promise.allSettled([
      jose.jwtVerify(`${token}x`, secret), jose.jwtVerify(token, secret, { audience: 'x' }), jose.jwtVerify('a.b', secret), jose.importPKCS8('nope', 'RS256'),
      jose.jwtVerify(token, rsaPublic),
    ]);
    console.log(thumbprint, failures.map(({ reason }) => [reason.name, reason.code, reason.message]));
    const local = await jose.jwtVerify(token, secret, { currentDate: new Date('2026-01-02'), maxTokenAge: '1h' }).catch((error) => [error.code, error.claim]);
    console.log(local);
  }
};
