// More of the page in a headless Chromium: requests, what ran, generated logins, sessions, the outbox, commands that run again, and
// figures. LINK opens it, BIN is the folder of the program, ISSUER and CLIENT are those of the tenant, PROJECT is its folder.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawn, withPage } from './chromium.mjs';
import { allowClipboard, runsAlike } from './copied.mjs';

const { LINK, ISSUER, CLIENT, PROJECT, BIN, SHOTS } = process.env;
const row = (page, claim) => page.locator(`tr[data-claim="${claim}"]`);
const middle = (values) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];

/// A picture for a person to look at.
const look = async (page, name) => { if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}.png`) }); };

await withPage(async (page) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await allowClipboard(page);
  await page.goto(LINK);
  await page.getByRole('button', { name: 'Run a sample login' }).click();
  await row(page, 'https://example.com/score').getByText('kept').waitFor();

  // Each line with code says whether it ran, also where a statement has several.
  await page.locator('.source .cm-ran [title]:not([title=""])').first().waitFor();
  const marks = await page.locator('.source .cm-ran [title]').evaluateAll((all) => all.filter((it) => it.title).map((it) => it.title));
  const source = readFileSync(join(PROJECT, 'actions/score.js'), 'utf8').split('\n');
  const code = source.filter((line) => /[^\s})\];,]/.test(line) && !/^\s*\/\//.test(line)).length;
  assert.equal(marks.length, code, marks.join());
  assert.equal(marks.filter((title) => title === 'this line did not run').length, 4);

  // A condition that was evaluated is marked.
  await row(page, 'https://example.com/tier').click();
  await page.getByLabel('Reason').getByText('✗ not met').waitFor();

  // The requests: what was asked, what answered, where; secrets are hidden.
  await page.getByRole('tab', { name: 'Requests (2)' }).click();
  const [first, second] = [page.locator('.request').nth(0), page.locator('.request').nth(1)];
  const told = await first.innerText();
  for (const part of ['200', 'GET', 'https://api.example.com/score/', 'token=***', '250 ms', 'answered by a mock (number 1)', 'score.js:']) assert.ok(told.includes(part), `${part}: ${told}`);
  await first.locator('summary').click();
  await first.getByText('Bearer ***').waitFor();
  await first.getByText('"score":12').waitFor();
  assert.match(await second.innerText(), /refused.*unknown\.example\.com/s);
  assert.ok(!(await page.content()).includes('s3cr3t-of-tests'));
  await look(page, 'requests');
  await first.getByRole('button', { name: /^Show .*score\.js/ }).click();
  await page.locator('.source .cm-lit', { hasText: 'await fetch(' }).waitFor();

  // What is copied runs in a shell and has the same outcome, clock and seed included; a secret comes from the shell.
  const command = await runsAlike(page, { API_KEY: 's3cr3t-of-tests' });
  for (const part of ['--now', '--seed', '--http', '--issuer', '--secret "API_KEY=${API_KEY:?}"']) assert.ok(command.includes(part), `${part}: ${command}`);
  assert.ok(!command.includes('s3cr3t-of-tests'));

  // A case that is saved has the issuer of the login.
  await page.getByRole('button', { name: 'Save as case…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Description').fill('saved from the page');
  await dialog.getByRole('button', { name: 'Show the file' }).click();
  await dialog.getByRole('button', { name: 'Write the file' }).click();
  await dialog.getByText('Written').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('tab', { name: 'ID token', exact: true }).click();
  const issuer = page.locator('tr', { has: page.locator('th', { hasText: /^iss$/ }) }).locator('td');
  assert.equal(await issuer.innerText(), JSON.stringify(ISSUER));
  await page.getByRole('button', { name: 'Cases' }).click();
  await page.locator('.item').filter({ hasText: 'saved from the page' }).click();
  await page.getByRole('heading', { name: /saved from the page/ }).waitFor();
  assert.equal(await issuer.innerText(), JSON.stringify(ISSUER), 'of the case, too');
  await page.getByRole('button', { name: 'Copy as command' }).click();
  const tested = execFileSync('sh', ['-c', await page.evaluate(() => navigator.clipboard.readText())], { cwd: PROJECT, env: { ...process.env, PATH: `${BIN}:${process.env.PATH}` } });
  assert.match(tested.toString(), /1 passed/, tested.toString());
  await page.getByRole('tab', { name: 'Claims' }).click();

  // Logins that are generated from one, with what differs; each opens beside it.
  await page.locator('.item').filter({ hasText: 'jane@example.com' }).last().click();
  await page.getByRole('heading', { name: 'jane@example.com', exact: true }).waitFor();
  // The page takes the seed of the generated events from here: the same events in each run of this test.
  await page.evaluate(() => { Math.random = () => 0.25; });
  await page.getByRole('button', { name: 'Try 20 others' }).click();
  const made = page.locator('.item').filter({ hasText: 'generated' });
  await made.first().waitFor();
  await page.getByLabel('Filter logins').fill('generated');
  await page.locator('.rows[aria-label="20 logins"]').waitFor();
  const notes = await made.locator('.notes').allInnerTexts();
  assert.ok(notes.every((note) => /same claims|differs?|before/.test(note)), notes.join());
  assert.ok(notes.some((note) => /differs?|before/.test(note)), notes.join());
  await made.filter({ hasText: /differ|before/ }).first().click();
  await page.getByRole('tab', { name: 'Difference' }).click();
  await drawn(page, '.merge', '.cm-changedLine');
  // The clock and the seed of the Actions are those of the login it was made of: what they draw does not differ.
  assert.equal(await page.locator('table[aria-label="Claims that differ"] td.claim').getByText('https://example.com/chance').count(), 0);
  await look(page, 'generated');
  await page.getByLabel('Filter logins').fill('');
  await page.getByRole('tab', { name: 'Claims' }).click();

  // Running again is quick enough to follow each edit.
  await page.locator('.item').filter({ hasText: 'jane@example.com' }).last().click();
  const took = [];
  for (let time = 0; time < 20; time += 1) {
    const before = await page.locator('.rows').getAttribute('aria-label');
    await page.getByRole('button', { name: 'Run again' }).click();
    await page.waitForFunction((label) => document.querySelector('.rows').getAttribute('aria-label') !== label, before);
    await page.getByText('working…').waitFor({ state: 'detached' });
    took.push(Number.parseInt(await page.locator('#took').innerText(), 10));
  }
  console.log(`a run again took ${middle(took)} ms (the median of ${took.length}, at most ${Math.max(...took)})`);

  // A browser signs in: its session is listed, and ended.
  const other = await page.context().newPage();
  const target = new URL('authorize', ISSUER);
  target.search = new URLSearchParams({ client_id: CLIENT, response_type: 'code', redirect_uri: 'http://localhost:1/cb', scope: 'openid profile' });
  await other.goto(target.href);
  await other.fill('input[name=username]', 'joe@example.com');
  await other.fill('input[name=password]', 'secret-of-tests');
  const back = other.waitForRequest((request) => request.url().startsWith('http://localhost:1/cb'));
  await other.click('button[value=default]');
  await back;
  await other.close();
  await page.getByRole('link', { name: 'Sessions' }).click();
  const session = page.getByRole('row', { name: /joe@example\.com/ });
  await session.getByText('pwd').waitFor();
  await session.getByText('Local Application').waitFor();
  await look(page, 'sessions');
  await session.getByRole('button', { name: 'End' }).click();
  await page.getByText('No user is signed in').waitFor();

  // Markup in a mail is text: who it is to, its subject and its body.
  await fetch(`${ISSUER}dbconnections/signup`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: CLIENT, connection: 'Username-Password-Authentication', email: 'm@example.com', password: 'Secret-of-tests-1', name: '<img src=x onerror="window.hacked=1">' }),
  });
  await page.getByRole('link', { name: 'Outbox' }).click();
  await page.getByText('m@example.com').first().waitFor();
  await page.getByText('Show').first().click();
  await look(page, 'outbox');
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('#page img, #page script, #page iframe').count(), 0);

  // The address names the page; `/` leads there.
  await page.reload();
  await page.getByRole('heading', { name: 'Outbox' }).waitFor();
  const index = await (await fetch(ISSUER)).text();
  for (const name of ['Logins', 'Users', 'Sessions', 'Applications', 'Outbox']) assert.ok(index.includes(`/_postlogin/#${name}`), name);

  // First paint.
  const paints = [];
  for (let time = 0; time < 20; time += 1) {
    await page.goto(`${new URL(LINK).origin}/_postlogin/`);
    await page.locator('.item').first().waitFor();
    paints.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime));
  }
  console.log(`first paint after ${Math.round(middle(paints))} ms (the median of ${paints.length}, at most ${Math.round(Math.max(...paints))})`);
}, /status of 4\d\d|localhost:1|ERR_/);
console.log('all well');
