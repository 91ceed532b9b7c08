// @auth0/nextjs-auth0 and NextAuth in a real Next server: login, claims of the Action, access token, logout.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Browser } from './browser.mjs';

const issuer = process.env.ISSUER;
const site = process.env.SITE;
const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'next');
const next = path.join(folder, 'node_modules/next/dist/bin/next');
const server = spawn(process.execPath, [next, 'dev', '--port', new URL(site).port, '--hostname', 'localhost'], {
  cwd: folder,
  stdio: ['ignore', 'pipe', 'pipe'],
  detached: true,
  env: { ...process.env, SITE: site.replace(/\/$/, ''), NEXTAUTH_URL: site, NEXT_TELEMETRY_DISABLED: '1' },
});
let output = '';
for (const stream of [server.stdout, server.stderr]) stream.on('data', (data) => { output += data; });
const stop = () => { try { process.kill(-server.pid, 'SIGKILL'); } catch { /* It has ended. */ } };
process.on('exit', stop);
process.on('uncaughtException', (error) => { console.error(error, output); process.exit(1); });

/// The first answer of a page comes when it is compiled.
async function ready() {
  for (let attempt = 0; attempt < 240; attempt += 1) {
    try { return await fetch(site); } catch { await new Promise((done) => setTimeout(done, 250)); }
  }
  throw new Error(`Next does not answer:\n${output}`);
}
assert.match(await (await ready()).text(), /Signed out/);

const location = async (browser, url, init) => {
  const response = await browser.fetch(url, init);
  const to = response.headers.get('location');
  assert.ok(to, `${url}: ${response.status} ${(await response.text()).slice(0, 500)}`);
  return new URL(to, site);
};
const me = async (browser) => (await browser.fetch(`${site}api/me`)).json();

// The vendor's SDK.
const browser = new Browser();
const asked = await location(browser, `${site}auth/login`);
assert.equal(asked.origin + asked.pathname, `${issuer}authorize`);
const back = await browser.signIn(asked, issuer, 'jane@example.com', 'jane-secret');
assert.equal((await location(browser, back)).href, site);
const known = await me(browser);
assert.deepEqual([known.auth0.email, known.auth0['https://example.com/hobby']], ['jane@example.com', 'surfing']);
assert.deepEqual(JSON.parse(Buffer.from(known.token.split('.')[1], 'base64url')).aud, ['https://api.example.com', `${issuer}userinfo`]);
assert.match(await (await browser.fetch(site)).text(), /Signed in as (<!-- -->)?Jane/);
const out = await location(browser, `${site}auth/logout`);
assert.ok(out.href.startsWith(`${issuer}oidc/logout`) || out.href.startsWith(`${issuer}v2/logout`), out.href);
await location(browser, out);
assert.equal((await me(browser)).auth0, null);

// NextAuth, in a browser of its own.
const other = new Browser();
const { csrfToken } = await (await other.fetch(`${site}api/auth/csrf`)).json();
const start = await location(other, `${site}api/auth/signin/auth0`, {
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ csrfToken, callbackUrl: site }).toString(),
});
assert.ok(start.href.startsWith(`${issuer}authorize`), start.href);
const there = await other.signIn(start, issuer, 'jane@example.com', 'jane-secret');
assert.equal((await location(other, there)).href, site);
const { nextAuth } = await me(other);
assert.deepEqual([nextAuth.user.email, nextAuth.hobby], ['jane@example.com', 'surfing']);
stop();
console.log('nextjs-auth0 and next-auth: all well');
process.exit(0);
