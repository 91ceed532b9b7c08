// What "Copy as command" gives: run by a shell as a person would, it has the outcome that the page shows. BIN is the folder of the program.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { delimiter } from 'node:path';

export async function allowClipboard(page) {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
}

/// The tokens of the chosen login, as the page has them.
async function shown(page) {
  return page.evaluate(async () => {
    const { id } = document.querySelector('.item.chosen');
    const answer = await fetch(`logins/${id.slice('login-'.length)}`, { headers: { 'x-postlogin-page': '1' } });
    return (await answer.json()).explanation.outcome;
  });
}

/// Copies the command of the chosen login, runs it, and compares. Returns the command.
export async function runsAlike(page, environment = {}) {
  await page.getByRole('button', { name: 'Copy as command' }).click();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  const json = command.replace(' explain ', ' explain --format json ');
  const ran = execFileSync('sh', ['-c', json], { env: { ...process.env, ...environment, PATH: `${process.env.BIN}${delimiter}${process.env.PATH}` }, input: '' });
  const [is, was] = [JSON.parse(ran).outcome, await shown(page)];
  for (const token of ['id_token', 'access_token']) assert.deepEqual(is[token].claims, was[token].claims, command);
  assert.deepEqual([is.status, is.userinfo, is.user], [was.status, was.userinfo, was.user], command);
  return command;
}
