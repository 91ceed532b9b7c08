const jwt = require('jsonwebtoken');
const crypto = require('crypto');
exports.onExecutePostLogin = async () => {
  const hs = jwt.sign({ sub: 'jane', iat: 1767225600 }, 'secret-of-at-least-32-characters!!', { expiresIn: '100y' });
  console.log(hs, jwt.verify(hs, 'secret-of-at-least-32-characters!!').sub);
  for (const alg of ['RS256', 'PS256', 'ES256']) {
    const { privateKey, publicKey } = alg === 'ES256'
      ? crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const token = jwt.sign({ a: 1 }, pem, { algorithm: alg, keyid: 'k1', issuer: 'me', noTimestamp: true });
    const got = jwt.verify(token, publicKey.export({ type: 'spki', format: 'pem' }), { algorithms: [alg], issuer: 'me', complete: true });
    console.log(got.header, got.payload);
    try {
      jwt.verify(`${token.slice(0, -6)}AAAAAA`, publicKey, { algorithms: [alg] });
    } catch (error) {
      console.log(error.name, error.message, error instanceof jwt.JsonWebTokenError);
    }
  }
  try {
    jwt.verify(jwt.sign({ exp: 1 }, 'k'), 'k');
  } catch (error) {
    console.log(error.name, error.message, error.expiredAt);
  }
};
