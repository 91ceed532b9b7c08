// The page of the logins in a headless Chromium: from a login to the reason of a missing claim, run again, compare, save.
// LINK opens it, SHOTS (optional) is a folder for the pictures of the book.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessible, drawn, withPage } from './chromium.mjs';
import { small } from './png.mjs';

const { LINK, ISSUER, CLIENT, PROJECT, SHOTS } = process.env;

async function signIn(username) {
  const response = await fetch(`${ISSUER}oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ grant_type: 'password', client_id: CLIENT, username, password: 'secret-of-tests', scope: 'openid profile email' }),
  });
  assert.equal(response.status, 200, await response.text());
}

async function picture(page, name) {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  const size = page.viewportSize();
  await page.setViewportSize({ width: 1180, height: 640 });
  await page.evaluate(() => document.querySelector('.reason')?.scrollIntoView({ block: 'nearest' }));
  const png = small(await page.screenshot({ animations: 'disabled', caret: 'hide' }));
  assert.ok(png.length < 60_000, `${name} has ${png.length} bytes`);
  writeFileSync(join(SHOTS, `${name}.png`), png);
  await page.setViewportSize(size);
}

const row = (page, claim) => page.locator(`tr[data-claim="${claim}"]`);

await withPage(async (page) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(LINK);
  assert.equal(new URL(page.url()).search, '', 'the token leaves the address bar');
  await page.getByText('No login yet').waitFor();
  await accessible(page, 'empty');
  const painted = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
  console.log(`first paint after ${Math.round(painted)} ms`);

  await signIn('jane@example.com');
  const item = page.getByRole('listbox').getByRole('option').first();
  await item.waitFor();

  // Two clicks from a login to the reason, the line, and what was read for it.
  await item.click();
  await page.locator('.source [title="this line did not run"]').first().waitFor();
  assert.ok(await page.locator('.source [title="this line ran"]').count() >= 4);
  await row(page, 'https://example.com/tier').click();
  const reason = page.getByLabel('Reason');
  await reason.getByText('was not reached').waitFor();
  await reason.getByText("only if event.user.app_metadata.plan === 'pro'").waitFor();
  assert.match(await reason.textContent(), /event\.user\.app_metadata\.plan is "free"/);
  await page.locator('.source .cm-lit').waitFor();
  assert.match(await page.locator('.source .cm-lit').textContent(), /app_metadata\.plan === 'pro'/);
  await picture(page, 'page-reason');

  // A claim that a rule drops, and where it was set.
  await row(page, 'https://example.com/plan').click();
  await reason.getByText('an opaque token carries no claims').first().waitFor();
  await page.locator('.source .cm-lit', { hasText: 'setCustomClaim' }).waitFor();

  // Secrets are hidden.
  const logs = page.getByRole('tab', { name: /^Logs/ });
  await logs.click();
  await page.getByText('key ***').waitFor();
  assert.ok(!(await page.content()).includes('s3cr3t-of-tests'));
  await page.getByRole('tab', { name: 'ID token', exact: true }).click();
  await page.getByText('https://example.com/hobby').first().waitFor();
  await page.getByRole('tab', { name: 'Claims' }).click();

  // Pin, edit the event, run again: the claim is there, and the difference says so.
  await page.getByRole('button', { name: 'Pin' }).click();
  const editor = page.locator('.event .cm-content');
  await editor.click();
  const event = JSON.parse(await page.evaluate(async () => {
    const log = await (await fetch('log', { headers: { 'x-postlogin-page': '1' } })).json();
    const { id } = log.findLast((it) => it.type === 'login');
    return JSON.stringify((await (await fetch(`logins/${id}`, { headers: { 'x-postlogin-page': '1' } })).json()).event);
  }));
  event.user.app_metadata.plan = 'pro';
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(JSON.stringify(event, null, 2));
  await page.keyboard.press('ControlOrMeta+Enter');
  await row(page, 'https://example.com/tier').getByText('dropped').waitFor();
  console.log(`a run again took ${await page.locator('#took').textContent()}`);
  await page.getByRole('tab', { name: 'Difference' }).click();
  await page.getByLabel('Claims that differ').getByText('https://example.com/tier').waitFor();
  await drawn(page, '.merge', ':is(.cm-changedLine, .cm-changedText)');
  await picture(page, 'page-difference');
  await accessible(page, 'difference');

  // Why is a claim not there that no Action names?
  await page.getByRole('tab', { name: 'Claims' }).click();
  await page.getByLabel('Why is this claim not there?').fill('https://example.com/tiers');
  await page.getByRole('button', { name: 'Ask' }).click();
  await reason.getByText('Did you mean').waitFor();

  // As another user.
  await page.getByRole('button', { name: 'As another user…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'joe@example.com' }).click();
  await page.getByRole('heading', { name: 'joe@example.com' }).waitFor();

  // Save as a case: shown first, then written.
  await page.getByRole('button', { name: 'Save as case…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Description').fill('Joe signs in');
  await dialog.getByRole('button', { name: 'Show the file' }).click();
  await dialog.getByText('tests/joe-signs-in.case.yaml').waitFor();
  const file = join(PROJECT, 'tests/joe-signs-in.case.yaml');
  assert.ok(!existsSync(file), 'nothing is written yet');
  await accessible(page, 'dialog');
  await picture(page, 'page-case');
  await dialog.getByRole('button', { name: 'Write the file' }).click();
  await dialog.getByText('Written').waitFor();
  assert.match(readFileSync(file, 'utf8'), /description: "Joe signs in"/);
  await dialog.getByRole('button', { name: 'Close' }).click();

  // The case is in the list once the cases have run, and passes; it can be run again, too.
  await page.getByRole('button', { name: 'Cases' }).click();
  const ran = page.locator('.item').filter({ hasText: 'Joe signs in' });
  await ran.getByText('passed').waitFor();
  await ran.click();
  await page.getByRole('heading', { name: /Joe signs in/ }).waitFor();
  await page.getByRole('button', { name: 'Run again' }).click();
  await page.locator('.item.chosen').filter({ hasText: 'run' }).waitFor();

  // An event that is not JSON is an error, and the page goes on.
  await editor.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText('{ nonsense');
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.getByRole('alert').filter({ hasText: 'not valid JSON' }).waitFor();
  await page.getByRole('button', { name: 'Dismiss' }).click();

  // By keyboard alone: the filter, the list, a claim.
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('/');
  await page.keyboard.type('jane');
  // Past the button for the cases, to the list.
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('End');
  await page.getByRole('heading', { name: 'jane@example.com' }).waitFor();
  await row(page, 'https://example.com/hobby').focus();
  await page.keyboard.press('Enter');
  await reason.getByText('Kept: no rule removes it.').waitFor();
  await page.keyboard.press('ArrowDown');
  await page.locator('tr.chosen').filter({ hasText: 'https://example.com/plan' }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('pin this run').waitFor();
  await page.keyboard.press('Escape');

  // The other pages of the tenant.
  const pages = page.getByRole('navigation');
  for (const [name, text] of [['Applications', 'Local Application'], ['Sessions', 'No user is signed in'], ['Outbox', 'has sent no e-mail'], ['Users', 'joe@example.com']]) {
    await pages.getByRole('link', { name }).click();
    await page.getByText(text).first().waitFor();
    await accessible(page, name);
  }
  await page.getByRole('row', { name: 'joe@example.com' }).getByRole('button', { name: 'Run a login' }).click();
  await page.getByRole('heading', { name: 'joe@example.com' }).waitFor();

  // Dark and light, wide and narrow.
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 800]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await accessible(page, `${colorScheme} ${width}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${wide} pixels at ${width}`);
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });

  // A cookie of this browser alone: the link is used up, and a page of another origin gets nothing.
  const again = await fetch(LINK, { redirect: 'manual' });
  assert.equal(again.status, 401);
}, /status of 4\d\d/);
console.log('all well');
