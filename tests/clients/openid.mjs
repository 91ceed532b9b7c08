// openid-client, a certified relying party, with all its checks: discovery, PKCE, state, nonce, signatures by JWKS, at_hash.

import assert from 'node:assert/strict';
import * as oidc from 'openid-client';
import { Browser } from './browser.mjs';

const issuer = process.env.ISSUER;
const redirect_uri = 'http://localhost:5000/callback';
const options = { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] };
const browser = new Browser();

const spa = await oidc.discovery(new URL(issuer), 'spa-client', undefined, oidc.None(), options);
const code_verifier = oidc.randomPKCECodeVerifier();
const checks = { expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() };
const parameters = {
  redirect_uri,
  scope: 'openid profile email offline_access',
  audience: 'https://api.example.com',
  code_challenge: await oidc.calculatePKCECodeChallenge(code_verifier),
  code_challenge_method: 'S256',
  state: checks.expectedState,
  nonce: checks.expectedNonce,
  max_age: '300',
};
const back = await browser.signIn(oidc.buildAuthorizationUrl(spa, parameters), issuer, 'jane@example.com', 'jane-secret');
const tokens = await oidc.authorizationCodeGrant(spa, back, {
  pkceCodeVerifier: code_verifier, ...checks, maxAge: 300, idTokenExpected: true,
});
const claims = tokens.claims();
assert.equal(claims['https://example.com/hobby'], 'surfing');

const userinfo = await oidc.fetchUserInfo(spa, tokens.access_token, claims.sub);
assert.equal(userinfo['https://example.com/hobby'], 'surfing');
assert.equal(userinfo.email, 'jane@example.com');

const refreshed = await oidc.refreshTokenGrant(spa, tokens.refresh_token);
assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
await assert.rejects(oidc.refreshTokenGrant(spa, tokens.refresh_token), { error: 'invalid_grant' });
await assert.rejects(oidc.refreshTokenGrant(spa, refreshed.refresh_token), { error: 'invalid_grant' });

// Silent authentication: the session is there, until it is ended.
const silent = { redirect_uri, scope: 'openid', prompt: 'none', state: 's', code_challenge: parameters.code_challenge, code_challenge_method: 'S256' };
const again = await browser.signIn(oidc.buildAuthorizationUrl(spa, silent), issuer);
await oidc.authorizationCodeGrant(spa, again, { pkceCodeVerifier: code_verifier, expectedState: 's', idTokenExpected: true });
const out = await browser.fetch(oidc.buildEndSessionUrl(spa, { id_token_hint: tokens.id_token, post_logout_redirect_uri: 'http://localhost:5000/bye' }));
assert.equal(out.headers.get('location'), 'http://localhost:5000/bye');
const gone = await browser.signIn(oidc.buildAuthorizationUrl(spa, silent), issuer);
await assert.rejects(
  oidc.authorizationCodeGrant(spa, gone, { pkceCodeVerifier: code_verifier, expectedState: 's' }),
  { error: 'login_required' },
);

// A confidential application, its secret in the header and in the body, and the hybrid flow with c_hash.
for (const authentication of [oidc.ClientSecretBasic('web-secret'), oidc.ClientSecretPost('web-secret')]) {
  const web = await oidc.discovery(new URL(issuer), 'web-client', undefined, authentication, options);
  oidc.useCodeIdTokenResponseType(web);
  const nonce = oidc.randomNonce();
  const url = oidc.buildAuthorizationUrl(web, { redirect_uri, scope: 'openid', nonce, state: 't', response_mode: 'fragment' });
  const answer = await browser.signIn(url, issuer, 'jane@example.com', 'jane-secret');
  const hybrid = await oidc.authorizationCodeGrant(web, answer, { expectedNonce: nonce, expectedState: 't', idTokenExpected: true });
  assert.equal(hybrid.claims().sub, claims.sub);
}

const machine = await oidc.discovery(new URL(issuer), 'machine-client', undefined, oidc.ClientSecretBasic('machine-secret'), options);
const machines = await oidc.clientCredentialsGrant(machine, { audience: 'https://api.example.com' });
assert.equal(machines.expires_in, 86400);

const device = await oidc.initiateDeviceAuthorization(spa, { scope: 'openid' });
assert.match(device.user_code, /^[A-Z]{4}-[A-Z]{4}$/);
await oidc.tokenRevocation(spa, refreshed.refresh_token);
console.log('openid-client: all well');
