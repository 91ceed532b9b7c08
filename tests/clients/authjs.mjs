// Auth.js (@auth/express) with its provider for Auth0: the code flow, the profile with the Action's claims, a refusal.

import assert from 'node:assert/strict';
import { ExpressAuth, getSession } from '@auth/express';
import Auth0 from '@auth/express/providers/auth0';
import express from 'express';
import { Browser } from './browser.mjs';

const issuer = process.env.ISSUER;
const site = process.env.SITE;
const config = {
  providers: [Auth0({
    // The issuer as the tenant prints it; without its last slash it is found, too.
    issuer: process.env.BARE ? issuer.replace(/\/$/, '') : issuer,
    clientId: 'web-client', clientSecret: 'web-secret',
    profile: (profile) => ({ id: profile.sub, name: profile.name, email: profile.email, hobby: profile['https://example.com/hobby'] }),
  })],
  secret: 'for-the-cookies-of-this-server',
  trustHost: true,
  logger: { error: () => {}, warn: () => {}, debug: () => {} },
  callbacks: {
    jwt: ({ token, user }) => (user ? { ...token, hobby: user.hobby } : token),
    session: ({ session, token }) => ({ ...session, hobby: token.hobby }),
  },
};
const app = express();
app.set('trust proxy', true);
// It reads the path from an unnamed parameter, which Express 5 has in expressions alone.
app.use(/^\/auth\/(.*)/, ExpressAuth(config));
app.get('/me', async (request, response) => response.json(await getSession(request, config)));
const server = await new Promise((done) => { const it = app.listen(new URL(site).port, 'localhost', () => done(it)); });

const browser = new Browser();
const { csrfToken } = await (await browser.fetch(`${site}auth/csrf`)).json();
const start = await browser.fetch(`${site}auth/signin/auth0`, {
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ csrfToken, callbackUrl: `${site}me` }).toString(),
});
const asked = start.headers.get('location');
assert.ok(asked, `${start.status} ${(await start.text()).slice(0, 800)}`);
assert.ok(asked.startsWith(`${issuer}authorize`), asked);
const back = await browser.signIn(asked, issuer, 'jane@example.com', 'jane-secret');
const done = await browser.fetch(back);
assert.equal(done.headers.get('location'), `${site}me`);
const me = await (await browser.fetch(`${site}me`)).json();
assert.deepEqual([me.user.email, me.hobby], ['jane@example.com', 'surfing']);
server.close();
console.log('@auth/express: all well');
process.exit(0);
