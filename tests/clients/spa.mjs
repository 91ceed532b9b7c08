// auth0-spa-js in Chromium: login, silent authentication, rotation of refresh tokens, logout.

import assert from 'node:assert/strict';
import { says, withPage } from './chromium.mjs';
import { serve } from './web.mjs';

const issuer = process.env.ISSUER;
const site = process.env.SITE;
const server = await serve(issuer, new URL(site).port);

await withPage(async (page) => {
  const exchanges = [];
  const framed = [];
  page.on('requestfinished', async (request) => {
    if (request.url() === `${issuer}oauth/token`) {
      const answer = request.response().then((response) => response.json());
      exchanges.push({ asked: new URLSearchParams(request.postData() ?? ''), answer });
    }
  });
  page.on('request', (request) => {
    if (request.url().startsWith(`${issuer}authorize`) && request.frame() !== page.mainFrame()) {
      framed.push(new URL(request.url()).searchParams);
    }
  });

  // Login.
  await page.goto(site);
  await says(page, '#status', 'Signed out');
  await page.click('#login');
  await page.fill('input[name=username]', 'jane@example.com');
  await page.fill('input[name=password]', 'wrong');
  await page.click('button[value=default]');
  await says(page, '.error', 'Wrong email or password.');
  await page.fill('input[name=username]', 'jane@example.com');
  await page.fill('input[name=password]', 'jane-secret');
  await page.click('button[value=default]');
  await says(page, '#status', 'Signed in as Jane');
  await says(page, '#hobby', 'surfing');
  await says(page, '#email', 'jane@example.com');
  assert.equal(page.url(), site);
  assert.equal(exchanges.length, 1);
  assert.equal(exchanges[0].asked.get('grant_type'), 'authorization_code');

  // Rotation: the second exchange gives another refresh token, and the third uses that one.
  const refresh = async () => {
    const before = exchanges.length;
    await page.click('#refresh');
    await says(page, '#status', 'Signed in as Jane');
    assert.equal(exchanges.length, before + 1);
    const { asked, answer } = exchanges.at(-1);
    assert.equal(asked.get('grant_type'), 'refresh_token');
    return { used: asked.get('refresh_token'), got: (await answer).refresh_token };
  };
  const login = (await exchanges[0].answer).refresh_token;
  const first = await refresh();
  const second = await refresh();
  assert.equal(first.used, login);
  assert.equal(second.used, first.got);
  assert.equal(new Set([login, first.got, second.got]).size, 3);
  assert.equal(framed.length, 0);

  // A thief who uses the first token ends the family; the page falls back to its session.
  const stolen = await fetch(`${issuer}oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ grant_type: 'refresh_token', client_id: 'web-sample', refresh_token: login }),
  });
  assert.equal(stolen.status, 403);
  assert.equal((await stolen.json()).error, 'invalid_grant');
  await page.click('#refresh');
  await says(page, '#status', 'Signed in as Jane');
  assert.equal(framed.length, 1);
  assert.deepEqual([framed[0].get('prompt'), framed[0].get('response_mode')], ['none', 'web_message']);

  // Silent authentication: at a reload, and of a client without tokens.
  await page.reload();
  await says(page, '#status', 'Signed in as Jane');
  assert.equal(framed.length, 2);
  await page.click('#silent');
  await says(page, '#status', 'The session is that of Jane');
  assert.equal(framed.length, 3);

  // Logout ends the session: neither a reload nor a silent question gets anything.
  await page.click('#logout');
  await says(page, '#status', 'Signed out');
  assert.equal(page.url(), site);
  await page.reload();
  await says(page, '#status', 'Signed out');
  await page.click('#silent');
  await says(page, '#status', 'Failed: login_required');
  assert.equal(await page.locator('#profile').isVisible(), false);
}, /403 .*\/oauth\/token|400 .*\/u\/login/);
server.close();
console.log('auth0-spa-js: all well');
