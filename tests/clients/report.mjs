// A report in a headless Chromium: REPORT is a file with hostile names, texts and events. Nothing in it runs.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { withPage } from './chromium.mjs';

const { REPORT, LINK } = process.env;

/// Clicks through everything that shows text of others.
async function lookThrough(page) {
  for (const name of ['ID token', 'Access token', '/userinfo', 'Metadata', /^Requests/, /^Calls/, /^Logs/, 'Claims']) {
    await page.getByRole('tab', { name, exact: typeof name === 'string' }).click();
  }
  for (const it of await page.locator('.ledger tbody tr').all()) await it.click();
  await page.getByLabel('Reason').waitFor();
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('#page img, #page script, #page iframe, #page svg, #page b b').count(), 0);
  const text = await page.locator('#page').innerText();
  for (const mark of ['<img src=x onerror', '</script>']) assert.ok(text.includes(mark), `${mark} is text`);
  assert.ok(!(await page.content()).includes('s3cr3t-of-tests'));
}

await withPage(async (page) => {
  await page.route((url) => url.protocol === 'file:', (route) => route.continue());
  await page.goto(pathToFileURL(REPORT).href);
  await lookThrough(page);
  assert.equal(await page.getByRole('button', { name: 'Run again' }).count(), 0, 'a report cannot run');

  // Ten thousand logins: the document has the rows in sight alone.
  const html = readFileSync(REPORT, 'utf8');
  const [before, rest] = html.split('id="postlogin-data">');
  const end = rest.indexOf('</script>');
  const data = JSON.parse(rest.slice(0, end));
  const [entry] = data.entries;
  const small = { ...entry, explanation: null, event: null };
  data.entries = Array.from({ length: 10_000 }, (_, index) => ({ ...small, id: String(index), name: `user-${index}@example.com` }));
  const many = `${REPORT}.many.html`;
  writeFileSync(many, `${before}id="postlogin-data">${JSON.stringify(data).replaceAll('<', '\\u003c')}${rest.slice(end)}`);
  await page.goto(pathToFileURL(many).href);
  await page.locator('.item').first().waitFor();
  assert.ok(await page.locator('.item').count() < 60, 'only rows in sight');
  const rows = page.getByRole('listbox');
  // Through all of them, a screen at a time: only rows in sight are ever drawn. How long that takes depends on the machine.
  const [longest, most] = await rows.evaluate(async (element) => {
    const tasks = [];
    let drawn = 0;
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((it) => it.duration))).observe({ type: 'longtask' });
    for (let at = 0; at < element.scrollHeight; at += 5_000) {
      element.scrollTop = at;
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      drawn = Math.max(drawn, document.querySelectorAll('.item').length);
    }
    return [Math.round(Math.max(0, ...tasks)), drawn];
  });
  console.log(`scrolling through 10,000 logins: the longest task of more than 50 ms took ${longest} ms`);
  assert.ok(most > 0 && most < 60, `${most} rows at once`);
  await rows.evaluate((element) => { element.scrollTop = element.scrollHeight; });
  await page.getByText('user-9999@example.com').waitFor();
  const started = Date.now();
  await page.getByLabel('Filter logins').fill('user-77@');
  await page.getByText('user-77@example.com').waitFor();
  console.log(`a filter of 10,000 logins took ${Date.now() - started} ms`);
  assert.equal(await page.locator('.item').count(), 1);

  if (LINK) {
    await page.goto(LINK);
    await page.getByRole('button', { name: 'Run a sample login' }).click();
    await page.getByRole('tab', { name: 'Claims' }).waitFor();
    await lookThrough(page);
  }
});
console.log('all well');
