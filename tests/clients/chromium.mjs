// A headless Chromium of this machine, with a page of which every complaint is kept.

import assert from 'node:assert/strict';
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
