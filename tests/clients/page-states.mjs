// The page with logins and cases that do not go well, in a headless Chromium: their names, their steps, what is wrong with an event,
// and each tab for people who do not see it. LINK opens it, ISSUER and CLIENT are those of the tenant.

import assert from 'node:assert/strict';
import { accessible, everyTab, withPage } from './chromium.mjs';

const { LINK, ISSUER, CLIENT, SHOTS } = process.env;
const look = async (page, name) => { if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}.png` }); };

async function signIn(username) {
  const response = await fetch(`${ISSUER}oauth/token`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ grant_type: 'password', client_id: CLIENT, username, password: 'secret-of-tests', scope: 'openid profile email' }),
  });
  return response.status;
}

/// Writes a text into the editor of the event.
async function write(page, text) {
  await page.locator('.event .cm-content').click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(text);
}

await withPage(async (page) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(LINK);
  await page.getByText('No login yet').waitFor();

  // A login that was denied, and one that failed: by the name of the user, also in the filter.
  for (const [user, status, why] of [['deny@example.com', 'denied', 'not today'], ['boom@example.com', 'failed', 'null']]) {
    assert.notEqual(await signIn(user), 200);
    const item = page.locator('.item').filter({ hasText: user });
    await item.getByText(status).waitFor();
    await page.getByLabel('Filter logins').fill(user);
    await page.locator('.rows[aria-label="1 logins"]').waitFor();
    await item.click();
    await page.getByRole('heading', { name: user }).waitFor();
    await page.locator('.pipeline .end.bad').filter({ hasText: why }).waitFor();
    assert.equal(await everyTab(page, status), 9);
    await page.getByLabel('Filter logins').fill('');
  }

  // Each row shows the application and the milliseconds, and the filter its words, at both widths.
  for (const width of [1280, 800]) {
    await page.setViewportSize({ width, height: 800 });
    const cut = await page.evaluate(() => [...document.querySelectorAll('.item .notes, .item .name')].filter((it) => it.scrollWidth > it.clientWidth || it.scrollHeight > it.clientHeight + 4).map((it) => it.textContent));
    assert.deepEqual(cut, [], `at ${width}`);
    for (const item of await page.locator('.item').allInnerTexts()) assert.match(item, /(denied|failed) · [\d.]+ ms · Local Application · [\d:]{8}$/);
    const placeholder = await page.evaluate(() => {
      const input = document.getElementById('filter');
      const style = getComputedStyle(input);
      const context = document.createElement('canvas').getContext('2d');
      context.font = style.font;
      return [context.measureText(input.placeholder).width, input.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight)];
    });
    assert.ok(placeholder[0] <= placeholder[1], `the words of the filter at ${width}: ${placeholder}`);
    await look(page, `list-${width}`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });

  // A redirect is a step of the pipeline, and what ran after it comes after it.
  await page.getByRole('link', { name: 'Users' }).click();
  await page.getByRole('row', { name: /ask@example\.com/ }).getByRole('button', { name: 'Run a login' }).click();
  await page.getByText('waits: redirect').waitFor();
  await page.getByText('https://ask.example/terms').first().waitFor();
  await everyTab(page, 'redirected');
  await page.getByLabel('Body').fill('{"answer": "yes"}');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('tokens issued').waitFor();
  const steps = await page.locator('.pipeline li').allInnerTexts();
  assert.deepEqual(steps.map((it) => it.split('\n')[0]), ['event', 'score', 'ask', 'redirect', 'ask', 'tokens issued'], steps.join());
  assert.equal(steps[3], 'redirect\nhttps://ask.example/terms · the user came back');
  assert.match(steps[2], /1 call · 1 log/);
  assert.match(steps[4], /again · .*1 call$/);
  await look(page, 'redirect');

  // What the value was not read from is a guess in the table.
  const score = page.locator('tr[data-claim="https://example.com/score"]');
  assert.match(await score.innerText(), /probably from event\.secrets\.API_KEY/);
  await everyTab(page, 'continued');

  // A challenge is a step, too.
  await page.getByRole('link', { name: 'Users' }).click();
  await page.getByRole('row', { name: /mfa@example\.com/ }).getByRole('button', { name: 'Run a login' }).click();
  await page.getByText('waits: MFA').waitFor();
  await page.getByRole('button', { name: 'Fail' }).click();
  await page.locator('.pipeline .bad').filter({ hasText: 'not passed' }).waitFor();

  // What the event of post-login never has is marked, where it is, in the words of the command line.
  const problems = page.locator('.event [role=status]');
  const marks = page.locator('.event .cm-lintRange');
  const unknown = '{\n  "usr": {},\n  "user": {\n    "app_metdata": { "plan": "pro" },\n    "email": 5\n  }\n}';
  await write(page, unknown);
  await problems.getByText('line 2: `event.usr` does not exist in the post-login event (v3); did you mean `event.user`? (and 2 more)').waitFor();
  assert.deepEqual((await marks.allInnerTexts()).toSorted(), ['"app_metdata"', '"usr"', '5']);
  assert.equal(await page.locator('.event .cm-lint-marker').count(), 3);
  await accessible(page, 'marks');
  await look(page, 'marks');
  for (const [text, words] of [
    ['{"user": "x"}', '`event.user` must be an object, not a string'],
    ['[1]', '`event` must be an object, not an array'],
    ['{"user": {"email_verified": "yes"}}', '`event.user.email_verified` must be a boolean, not a string'],
    ['{"transaction": {"protocol": 1}}', '`event.transaction.protocol` must be a string, not a number'],
    ['{ nonsense', 'line 1: '],
  ]) {
    await write(page, text);
    await problems.getByText(words).waitFor();
  }
  await write(page, '{"user": {"user_id": "auth0|1", "own_attribute": 1}}');
  await problems.getByText('line').waitFor({ state: 'detached' });

  // Cases that fail, one that is skipped, and one of another trigger.
  await page.getByRole('button', { name: 'Cases' }).click();
  for (const [name, verdict] of [['fails twice', 'failed'], ['is skipped', 'skipped'], ['signs up', 'passed']]) {
    await page.locator('.item').filter({ hasText: name }).click();
    await page.getByRole('heading', { name }).waitFor();
    await page.locator('.subject span').getByText(verdict, { exact: true }).waitFor();
    await everyTab(page, name);
  }
  await page.getByText('this is an event of pre-user-registration').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Run again' }).isDisabled());
  assert.equal(await page.locator('.pipeline').getByText('tokens issued').count(), 0);
  await page.locator('.item').filter({ hasText: 'fails twice' }).click();
  await page.locator('.failures li').nth(1).waitFor();
  assert.equal(await page.locator('.failures li').count(), 2);
  await look(page, 'failing');

  // The tenant is gone.
  await page.route('**/_postlogin/runs', (route) => route.abort());
  await page.getByRole('button', { name: 'Run again' }).click();
  await page.getByRole('alert').filter({ hasText: 'The tenant does not answer. If it has ended, start it again' }).waitFor();
}, /status of 4\d\d|ERR_/);
console.log('all well');
