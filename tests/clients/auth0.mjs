// node-auth0 over https, as it is: AuthenticationClient and ManagementClient of version 4, and the client of version 7.

import assert from 'node:assert/strict';
import { AuthenticationClient, ManagementClient } from 'auth0';
import { ManagementClient as Management7 } from 'node-auth0';

const domain = new URL(process.env.ISSUER).host;
const connection = 'Username-Password-Authentication';

const machine = { domain, clientId: 'machine-client', clientSecret: 'machine-secret' };
const management = new ManagementClient(machine);
const web = new AuthenticationClient({ domain, clientId: 'web-client', clientSecret: 'web-secret' });

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

// Version 7 has the Management API alone.
const seven = new Management7(machine);
assert.deepEqual((await seven.users.get(id)).user_metadata, { lang: 'de' });
assert.deepEqual((await seven.users.update(id, { user_metadata: { lang: 'fr' } })).user_metadata, { lang: 'fr' });
assert.equal((await seven.users.roles.list(id)).data[0].name, 'editor');
await assert.rejects(seven.users.get('auth0|nobody'), { statusCode: 404 });

await management.users.deleteMultifactorProvider({ id, provider: 'google-authenticator' });
await management.users.delete({ id });
await assert.rejects(management.users.get({ id }), { statusCode: 404 });
await assert.rejects(management.logs.getAll(), { statusCode: 404 });
console.log('node-auth0: all well');
