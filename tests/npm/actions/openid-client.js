// openid-client 5 and 6 with what they ask a server of OpenID Connect for.
// Objects of the realm around the Action's: others are not plain ones to openid-client 5.
const plain = (object) => JSON.parse(JSON.stringify(object));

exports.onExecutePostLogin = async () => {
  const { Issuer, generators, errors, custom } = require('openid-client-5');
  const issuer = await Issuer.discover('https://op.example.com/.well-known/openid-configuration');
  console.log(issuer.metadata.issuer, issuer.metadata.token_endpoint);
  const client = new issuer.Client(plain({ client_id: 'c', client_secret: 's', redirect_uris: ['https://rp.example.com/cb'], response_types: ['code'] }));
  console.log(client.authorizationUrl(plain({ scope: 'openid email', code_challenge: generators.codeChallenge('v'.repeat(43)), code_challenge_method: 'S256' })));
  console.log(client.callbackParams('https://rp.example.com/cb?code=1&state=2'));
  const tokens = await client.grant(plain({ grant_type: 'client_credentials', scope: 'a' }));
  console.log(tokens.access_token, tokens.token_type, tokens.expired());
  console.log(await client.userinfo('token'));
  console.log(await client.introspect('token'));
  try { client.authorizationUrl({ scope: 'openid' }); } catch (error) { console.log(error.name, error.message, typeof errors.OPError); }
  console.log(generators.codeVerifier().length, typeof custom.http_options);

  const oidc = require('openid-client');
  const config = await oidc.discovery(new URL('https://op.example.com'), 'c', 's');
  console.log(config.serverMetadata().issuer);
  console.log(oidc.buildAuthorizationUrl(config, { scope: 'openid', redirect_uri: 'https://rp.example.com/cb', code_challenge: await oidc.calculatePKCECodeChallenge('v'.repeat(43)), code_challenge_method: 'S256' }).href);
  const granted = await oidc.clientCredentialsGrant(config, { scope: 'a' });
  console.log(granted.access_token, granted.expires_in, granted.expiresIn() <= 60);
  console.log(await oidc.fetchUserInfo(config, 'token', 'sub-1'));
  await oidc.fetchUserInfo(config, 'token', 'other').catch((error) => console.log(error.name, error.code, error.message));
  console.log(await oidc.tokenIntrospection(config, 'token'));
  await oidc.discovery(new URL('https://op.example.com/missing'), 'c').catch((error) => console.log(error.name, error.code));
};
