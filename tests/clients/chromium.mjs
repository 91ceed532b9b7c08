// A headless Chromium of this machine, with a page of which every complaint is kept.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

/// Runs `act` with a page; afterwards, nothing may have been logged as an error but what `expected` matches.
export async function withPage(act, expected = /(?!)/) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    // Containers have neither the namespaces nor the shared memory that it would like.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  try {
    const page = await (await browser.newContext({ locale: 'en-US' })).newPage();
    page.setDefaultTimeout(20_000);
    // Nothing leaves this machine.
    await page.route((url) => url.hostname !== 'localhost', (route) => route.abort());
    const complaints = [];
    page.on('console', (message) => { if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`); });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await act(page);
    assert.deepEqual(complaints.filter((complaint) => !expected.test(complaint)), []);
  } finally {
    await browser.close();
  }
}

/// Waits until an element says what it should; what it says instead is told.
export async function says(page, selector, text) {
  try {
    await page.locator(selector).filter({ hasText: text }).waitFor();
  } catch {
    assert.equal(await page.locator(selector).textContent(), text);
  }
}

/// Scrolls to an editor until it has drawn what is looked for. Editors draw nothing while they are outside of the window, and what
/// arrives later above them moves them out of it again.
export async function drawn(page, editor, what) {
  for (let left = 100; ; left -= 1) {
    await page.locator(editor).scrollIntoViewIfNeeded();
    if (await page.locator(`${editor} ${what}`).first().isVisible()) return;
    assert.ok(left > 0, `${editor} draws no ${what}: ${await page.locator(editor).innerText()}`);
    await page.waitForTimeout(200);
  }
}

/// Nothing that the rules of accessibility name: contrast (AA), names, roles, keyboard, and the order of headings.
export async function accessible(page, where) {
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }));
  const told = found.violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.target.join(' ')).slice(0, 3).join(', ')} ${it.nodes[0]?.failureSummary ?? ''}`);
  assert.deepEqual(told, [], where);
}

/// Opens each tab of the login that is shown, and looks at it.
export async function everyTab(page, where) {
  const tabs = page.getByRole('tablist', { name: 'What became of the login' }).getByRole('tab');
  const count = await tabs.count();
  for (let index = 0; index < count; index += 1) {
    await tabs.nth(index).click();
    for (const summary of await page.locator('.panel summary').all()) await summary.click();
    await accessible(page, `${where}: ${await tabs.nth(index).innerText()}`);
  }
  await tabs.first().click();
  return count;
}
