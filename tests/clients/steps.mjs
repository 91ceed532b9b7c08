// The page with a login that stops: at a redirect, at a challenge, at an error. LINK opens it.

import assert from 'node:assert/strict';
import { drawn, withPage } from './chromium.mjs';
import { allowClipboard, runsAlike } from './copied.mjs';

await withPage(async (page) => {
  await page.goto(process.env.LINK);
  await page.getByRole('button', { name: 'Run a sample login' }).click();

  // A redirect: the next step of the user is a request to /continue.
  await page.getByText('waits: redirect').waitFor();
  await page.getByText('https://ask.example/terms').first().waitFor();
  await page.getByLabel('Body').fill('{ nonsense');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Body').fill('{"answer": "yes"}');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.locator('tr[data-claim="https://example.com/answer"]').getByText('kept').waitFor();
  await page.getByText('tokens issued').waitFor();

  // The same login again has the same steps.
  await page.getByRole('button', { name: 'Run again' }).click();
  await page.locator('#took').waitFor();
  await page.getByText('tokens issued').waitFor();
  // What is copied has the step, too.
  await allowClipboard(page);
  assert.match(await runsAlike(page, { API_KEY: 'any' }), /--continue "\$step1"/);

  // A challenge, passed; and an error, with its line.
  const edit = async (from, to) => {
    const text = await page.evaluate(async () => {
      const item = document.querySelector('.item.chosen');
      const answer = await fetch(`logins/${item.id.slice('login-'.length)}`, { headers: { 'x-postlogin-page': '1' } });
      return JSON.stringify((await answer.json()).event, null, 2);
    });
    await page.locator('.event .cm-content').click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(text.replace(from, to));
    await page.keyboard.press('ControlOrMeta+Enter');
  };
  await edit('"app_metadata": {', '"app_metadata": { "mfa": true,');
  await page.getByText('waits for a second factor').waitFor();
  await page.getByRole('button', { name: 'Pass' }).click();
  await page.getByText('tokens issued').waitFor();
  assert.match(await runsAlike(page, { API_KEY: 'any' }), /--challenge succeed/);
  await edit('"app_metadata": {', '"app_metadata": { "boom": true,');
  await page.getByRole('tab', { name: /^Logs/ }).click();
  await page.getByRole('alert').filter({ hasText: 'TypeError' }).waitFor();
  await drawn(page, '.source', '.cm-lit');
  await page.locator('.source .cm-lit').filter({ hasText: 'null.x' }).waitFor();
});
console.log('all well');
