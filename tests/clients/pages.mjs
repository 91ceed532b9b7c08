// Two libraries for browsers in Chromium: auth0-react with tokens that are bound to a key (DPoP), and oidc-client-ts.

import assert from 'node:assert/strict';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { says, withPage } from './chromium.mjs';

const issuer = process.env.ISSUER;
const site = process.env.SITE;
const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'pages');
const bundled = await build({
  entryPoints: ['react.jsx', 'oidc.js'].map((name) => path.join(folder, name)),
  bundle: true, write: false, format: 'esm', outdir: folder, define: { 'process.env.NODE_ENV': '"production"' }, logLevel: 'warning',
});
const scripts = new Map(bundled.outputFiles.map((file) => [`/${path.basename(file.path)}`, file.text]));
const server = http.createServer((request, response) => {
  const { pathname } = new URL(request.url, site);
  const script = scripts.get(pathname);
  if (script) {
    response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    return;
  }
  const settings = JSON.stringify({ issuer });
  response.writeHead(200, { 'content-type': 'text/html' });
  response.end(`<!doctype html><link rel="icon" href="data:,"><div id="root"></div><script>window.SETTINGS = ${settings}</script><script type="module" src="${pathname}.js"></script>`);
});
await new Promise((done) => server.listen(new URL(site).port, 'localhost', done));

const signIn = async (page) => {
  await page.click('#login');
  await page.fill('input[name=username]', 'jane@example.com');
  await page.fill('input[name=password]', 'jane-secret');
  await page.click('button[value=default]');
};

await withPage(async (page) => {
  const answers = [];
  page.on('requestfinished', async (request) => {
    if (request.url() === `${issuer}oauth/token` && request.method() === 'POST') {
      const response = await request.response();
      answers.push({ status: response.status(), sent: 'dpop' in request.headers(), body: await response.json() });
    }
  });
  await page.goto(`${site}react`);
  await says(page, '#status', 'Signed out');
  await signIn(page);
  await says(page, '#status', 'Signed in as Jane');
  await page.click('#userinfo');
  await says(page, '#told', 'userinfo: surfing');
  await page.click('#refresh');
  await says(page, '#told', 'refreshed: DPoP');
  // The browser tells of an answer after the page has it.
  while (answers.length < 3) await page.waitForTimeout(20);
  // The first request brought the nonce; each one had a proof, and each token is bound.
  assert.deepEqual(answers.map(({ status }) => status), [400, 200, 200]);
  assert.equal(answers[0].body.error, 'use_dpop_nonce');
  assert.ok(answers.every(({ sent }) => sent));
  assert.deepEqual(answers.slice(1).map(({ body }) => body.token_type), ['DPoP', 'DPoP']);
  // A thief has the token without the key.
  const stolen = await fetch(`${issuer}userinfo`, { headers: { authorization: `Bearer ${answers[2].body.access_token}` } });
  assert.equal(stolen.status, 401);
  await page.reload();
  await says(page, '#status', 'Signed in as Jane');
  await page.click('#logout');
  await says(page, '#status', 'Signed out');
}, /400 .*\/oauth\/token/);

await withPage(async (page) => {
  await page.goto(`${site}oidc`);
  await says(page, '#status', 'Signed out');
  await signIn(page);
  await says(page, '#status', 'Signed in as Jane, surfing');
  await page.click('#refresh');
  await says(page, '#told', 'refreshed: true');
  await page.reload();
  await says(page, '#status', 'Signed in as Jane, surfing');
  await page.click('#logout');
  await says(page, '#status', 'Signed out');
});
server.close();
console.log('auth0-react and oidc-client-ts: all well');
process.exit(0);
