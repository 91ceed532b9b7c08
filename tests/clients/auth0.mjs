// node-auth0: AuthenticationClient and ManagementClient. They know only https, so requests are turned to the tenant's http.

import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { AuthenticationClient, ManagementClient } from 'auth0';

const domain = process.env.DOMAIN;
const over = (url, init) => fetch(String(url).replace(`https://${domain}`, `http://${domain}`), init);
// The keys for the ID token are fetched without `fetch`.
https.get = (url, options) => http.get(String(url).replace('https:', 'http:'), { ...options, agent: undefined });
syncBuiltinESMExports();
const connection = 'Username-Password-Authentication';

const machine = { domain, clientId: 'machine-client', clientSecret: 'machine-secret', fetch: over };
const management = new ManagementClient(machine);
const web = new AuthenticationClient({ domain, clientId: 'web-client', clientSecret: 'web-secret', fetch: over });

const signedUp = await web.database.signUp({
  connection, email: 'new@example.com', password: 'a-secret', user_metadata: { hobby: 'chess' },
});
const id = `auth0|${signedUp.data._id}`;
await assert.rejects(web.database.signUp({ connection, email: 'new@example.com', password: 'a-secret' }), { statusCode: 400 });
await assert.rejects(
  web.database.signUp({ connection, email: 'x@example.com', password: 'a-secret', user_metadata: { age: 7 } }),
  { statusCode: 400 },
);

const { data: user } = await management.users.get({ id });
assert.deepEqual(user.user_metadata, { hobby: 'chess' });
const { data: changed } = await management.users.update({ id }, { user_metadata: { hobby: null, lang: 'de' }, app_metadata: { plan: 'pro' } });
assert.deepEqual([changed.user_metadata, changed.app_metadata], [{ lang: 'de' }, { plan: 'pro' }]);
await assert.rejects(management.users.update({ id }, { app_metadata: { email: 'x' } }), {
  statusCode: 400, errorCode: 'invalid_body', msg: 'Forbidden attribute in app_metadata: email',
});
await assert.rejects(management.users.get({ id: 'auth0|nobody' }), { statusCode: 404, errorCode: 'inexistent_user' });

const { data: found } = await management.users.getAll({ q: 'user_metadata.lang:"de"', include_totals: true });
assert.equal(found.total, 1);
const { data: byEmail } = await management.usersByEmail.getByEmail({ email: 'new@example.com' });
assert.equal(byEmail[0].user_id, id);
const { data: roles } = await management.roles.getAll();
await management.users.assignRoles({ id }, { roles: [roles[0].id] });
const { data: own } = await management.users.getRoles({ id });
assert.equal(own[0].name, 'editor');
const { data: client } = await management.clients.update({ client_id: 'web-client' }, { client_metadata: { tier: 'gold' } });
assert.deepEqual(client.client_metadata, { tier: 'gold' });

// The id token is checked: RS256 by JWKS, issuer, audience, times.
const { data: tokens } = await web.oauth.passwordGrant({ username: 'new@example.com', password: 'a-secret', realm: connection, scope: 'openid profile offline_access' });
const claims = JSON.parse(Buffer.from(tokens.id_token.split('.')[1], 'base64url'));
assert.equal(claims['https://example.com/lang'], 'de');
const { data: refreshed } = await web.oauth.refreshTokenGrant({ refresh_token: tokens.refresh_token });
assert.ok(refreshed.access_token);
await web.oauth.revokeRefreshToken({ token: tokens.refresh_token });
await assert.rejects(web.oauth.refreshTokenGrant({ refresh_token: tokens.refresh_token }), { error: 'invalid_grant', statusCode: 403 });
await assert.rejects(web.oauth.passwordGrant({ username: 'new@example.com', password: 'wrong', realm: connection }), { error: 'invalid_grant' });

await management.users.deleteMultifactorProvider({ id, provider: 'google-authenticator' });
await management.users.delete({ id });
await assert.rejects(management.users.get({ id }), { statusCode: 404 });
await assert.rejects(management.logs.getAll(), { statusCode: 404 });
console.log('node-auth0: all well');
