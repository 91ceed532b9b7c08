// The tenant's pages in Chromium: their policy lets a form lead to the application, and to the site that an Action chose; a
// form that this site posts finds the browser's login again.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { says, withPage } from './chromium.mjs';

const issuer = process.env.ISSUER;
const site = new URL(process.env.SITE);
const away = new URL(process.env.AWAY);

const serve = async (url, answer) => {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(answer(new URL(request.url, url).searchParams));
  });
  await new Promise((ready) => server.listen(url.port, url.hostname, ready));
  return server;
};
// Another host than the tenant's: its forms come without cookies.
const servers = [
  await serve(away, (query) => `<form method="post" action="${issuer}continue?state=${query.get('state')}"><input name="answer" value="42"><button id="back">Back</button></form>`),
  await serve(site, (query) => `<p id="status">code: ${query.has('code')}</p>`),
];

await withPage(async (page) => {
  await page.route((url) => url.hostname === away.hostname, (route) => route.continue());
  const query = new URLSearchParams({
    client_id: process.env.CLIENT, redirect_uri: site.href, response_type: 'code', scope: 'openid', state: 's',
    code_challenge: '_udrTd4IPbLFQ3KXybj6AB-FCgL9eRGxv4PC9Gqn3AE', code_challenge_method: 'S256',
  });
  await page.goto(`${issuer}authorize?${query}`);
  await page.fill('input[name=username]', 'jane@example.com');
  await page.fill('input[name=password]', 'jane-secret');
  await page.click('button[value=default]');
  await page.waitForURL(`${away.origin}/away**`);
  await page.click('#back');
  await page.waitForURL(`${site.href}**`);
  await says(page, '#status', 'code: true');
  assert.ok(!page.url().includes('error='), page.url());
});
servers.forEach((server) => { server.close(); server.closeAllConnections(); });
console.log('leaving: all well');
