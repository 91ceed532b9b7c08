// Lock in Chromium: sign-up with additionalSignUpFields, which end in user_metadata, and login in the application's page.

import assert from 'node:assert/strict';
import { says, withPage } from './chromium.mjs';
import { serve } from './web.mjs';

const issuer = process.env.ISSUER;
const site = process.env.SITE;
const server = await serve(issuer, new URL(site).port);

async function users() {
  const answer = await fetch(`${issuer}_postlogin/users`, { headers: { authorization: 'Bearer ctl' } });
  return answer.json();
}

async function signUp(page, email) {
  await page.goto(`${site}sign-up.html`);
  await page.fill('.auth0-lock input[name=email]', email);
  await page.fill('.auth0-lock input[name=password]', 'A-long-secret-1');
  await page.fill('.auth0-lock input[name=hobby]', 'chess');
  await page.fill('.auth0-lock input[name=given_name]', 'Kim');
  await page.click('.auth0-lock input[name=lang]');
  await page.click('.auth0-lock-list-code li >> text=Deutsch');
  await page.check('.auth0-lock input[name=newsletter]');
  await page.click('.auth0-lock-submit');
}

await withPage(async (page) => {
  await signUp(page, 'kim@example.com');
  // Lock signs the new user in, and the Action has seen what the fields have become.
  await says(page, '#status', 'Signed in as kim@example.com, hobby chess');
  const kim = (await users()).find((user) => user.email === 'kim@example.com');
  assert.deepEqual(kim.user_metadata, { hobby: 'chess', lang: 'de', newsletter: 'true', campaign: 'autumn' });
  assert.equal(kim.given_name, 'Kim');

  await signUp(page, 'kim@example.com');
  await says(page, '#status', 'Failed: invalid_signup');
  assert.equal((await users()).filter((user) => user.email === 'kim@example.com').length, 1);

  // Login in the same page; a wrong password is told there.
  await page.goto(`${site}sign-up.html`);
  await page.click('.auth0-lock-tabs >> text=Log In');
  await page.fill('.auth0-lock input[name=email]', 'kim@example.com');
  await page.fill('.auth0-lock input[name=password]', 'wrong');
  await page.click('.auth0-lock-submit');
  await says(page, '#status', 'Failed: invalid_user_password');
  await page.fill('.auth0-lock input[name=password]', 'A-long-secret-1');
  await page.click('.auth0-lock-submit');
  await says(page, '#status', 'Signed in as kim@example.com, hobby chess');

  // The session that has begun is the tenant's: the other page knows of it without asking anybody.
  await page.goto(site);
  // The page says so once it has begun.
  await says(page, '#status', 'Signed out');
  await page.click('#silent');
  await says(page, '#status', 'The session is that of');
}, /400 .*\/dbconnections\/signup|401 .*\/co\/authenticate/);
server.close();
console.log('auth0-lock: all well');
