const jwksClient = require('jwks-rsa');
const three = require('jwks-rsa-3');
const jwt = require('jsonwebtoken');
exports.onExecutePostLogin = async (event) => {
  for (const make of [jwksClient, three]) {
    const client = make({ jwksUri: 'https://api.example.com/jwks.json', cache: true });
    const key = await client.getSigningKey('test');
    const token = (await (await fetch('https://api.example.com/token')).text()).trim();
    const payload = jwt.verify(token, key.getPublicKey(), { algorithms: ['RS256'] });
    console.log(key.kid, key.alg, payload);
    await client.getSigningKey('other').catch((error) => console.log(error.name, error.message));
  }
};
