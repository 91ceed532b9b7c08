// express-openid-connect, the vendor's middleware for web servers: signs in, shows the profile, refreshes, logs out. The
// tokens are checked once more by jose, against the published keys.

import assert from 'node:assert/strict';
import express from 'express';
import middleware from 'express-openid-connect';
import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { Browser } from './browser.mjs';

const { auth, requiresAuth } = middleware;
const issuer = process.env.ISSUER;
const site = process.env.SITE;
const HOBBY = 'https://example.com/hobby';
const API = 'https://api.example.com';

/// A server with one page that needs a login.
async function start(options) {
  const app = express();
  app.use(auth({
    issuerBaseURL: issuer,
    baseURL: site,
    clientID: 'web-client',
    secret: 'a-long-secret-for-the-cookies-of-this-server',
    idpLogout: true,
    authRequired: false,
    ...options,
  }));
  app.get('/profile', requiresAuth(), async (request, response) => {
    const { oidc } = request;
    response.json({
      user: oidc.user,
      userinfo: oidc.accessToken ? await oidc.fetchUserInfo() : null,
      tokens: { id: oidc.idToken, access: oidc.accessToken?.access_token, refresh: oidc.refreshToken },
    });
  });
  app.get('/refresh', requiresAuth(), async (request, response) => {
    const { access_token: token } = await request.oidc.accessToken.refresh();
    response.json({ token });
  });
  app.get('/', (request, response) => response.json({ isAuthenticated: request.oidc.isAuthenticated() }));
  // What goes wrong is in the answer, for the assertion that fails.
  app.use((error, request, response, next) => response.headersSent ? next(error) : response.status(error.status ?? 500).json({ error: error.message }));
  return new Promise((done) => { const server = app.listen(new URL(site).port, 'localhost', () => done(server)); });
}

async function json(browser, path) {
  const response = await browser.fetch(new URL(path, site));
  const text = await response.text();
  assert.equal(response.status, 200, `${path}: ${response.headers.get('location') ?? text}`);
  return JSON.parse(text);
}

async function redirected(browser, url) {
  const response = await browser.fetch(url);
  assert.equal(response.status, 302, `${url}: ${await response.text()}`);
  return new URL(response.headers.get('location'), url);
}

/// From a page that needs a login to the tenant and back, to the same page.
async function signIn(browser) {
  const asked = await redirected(browser, new URL('profile', site));
  assert.equal(asked.origin + asked.pathname, `${issuer}authorize`);
  const back = await browser.signIn(asked, issuer, 'jane@example.com', 'jane-secret');
  assert.equal(back.origin + back.pathname, `${site}callback`);
  assert.equal((await redirected(browser, back)).pathname, '/profile');
}

const keys = createRemoteJWKSet(new URL(`${issuer}.well-known/jwks.json`));
const verified = (token, audience) => jwtVerify(token, keys, { issuer, audience, algorithms: ['RS256'] });

const code = await start({
  clientSecret: 'web-secret',
  authorizationParams: { response_type: 'code', scope: 'openid profile email offline_access', audience: API },
});
const browser = new Browser();
assert.deepEqual(await json(browser, '/'), { isAuthenticated: false });
await signIn(browser);
const profile = await json(browser, '/profile');
assert.equal(profile.user[HOBBY], 'surfing');
assert.equal(profile.userinfo[HOBBY], 'surfing');
assert.equal(profile.userinfo.email, 'jane@example.com');

const id = await verified(profile.tokens.id, 'web-client');
assert.equal(id.payload[HOBBY], 'surfing');
assert.equal(id.payload.sub, profile.userinfo.sub);
const access = await verified(profile.tokens.access, API);
assert.deepEqual(access.payload.aud, [API, `${issuer}userinfo`]);
assert.equal(access.payload.azp, 'web-client');
assert.equal(decodeProtectedHeader(profile.tokens.access).typ, 'JWT');
// And it is no token for anybody else, nor with another content.
await assert.rejects(verified(profile.tokens.access, 'https://elsewhere.example.com'), errors.JWTClaimValidationFailed);
const [header, , signature] = profile.tokens.id.split('.');
const forged = Buffer.from(JSON.stringify({ ...id.payload, sub: 'auth0|2' })).toString('base64url');
await assert.rejects(verified(`${header}.${forged}.${signature}`, 'web-client'), errors.JWSSignatureVerificationFailed);

const { token } = await json(browser, '/refresh');
assert.notEqual(token, undefined);
assert.equal((await verified(token, API)).payload.sub, id.payload.sub);

// Logout at the application and at the tenant: the next login asks for the password again.
const out = await redirected(browser, new URL('logout', site));
assert.ok(out.href.startsWith(issuer), out.href);
assert.equal((await redirected(browser, out)).href, site);
assert.equal(id.payload['https://example.com/lang'], 'en');
assert.deepEqual(await json(browser, '/'), { isAuthenticated: false });
const asked = await redirected(browser, new URL('profile', site));
assert.equal((await redirected(browser, asked)).pathname, '/u/login');
code.close();

// The middleware's own default: an ID token by form_post.
const implicit = await start({});
const other = new Browser();
const start_ = await redirected(other, new URL('profile', site));
assert.equal(start_.searchParams.get('response_mode'), 'form_post');
const page = await redirected(other, start_);
const sent = await other.fetch(`${issuer}u/login`, {
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ state: page.searchParams.get('state'), username: 'jane@example.com', password: 'jane-secret' }).toString(),
});
const html = await sent.text();
const fields = [...html.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]);
assert.ok(html.includes(`action="${site}callback"`), html);
const posted = await other.fetch(`${site}callback`, {
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
});
assert.equal(posted.status, 302, await posted.text());
assert.equal((await json(other, '/profile')).user[HOBBY], 'surfing');
implicit.close();
console.log('express-openid-connect: all well');
process.exit(0);
