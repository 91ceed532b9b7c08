// node-auth0 over https, as it is: Authentication and Management, at its current major version.

import assert from 'node:assert/strict';
import { AuthenticationClient, ManagementClient } from 'node-auth0';

const domain = new URL(process.env.ISSUER).host;
const connection = 'Username-Password-Authentication';
const management = new ManagementClient({ domain, clientId: 'machine-client', clientSecret: 'machine-secret' });
const web = new AuthenticationClient({ domain, clientId: 'web-client', clientSecret: 'web-secret' });

const { data: signedUp } = await web.database.signUp({
  connection, email: 'new@example.com', password: 'a-secret', user_metadata: { hobby: 'chess' },
});
const id = `auth0|${signedUp._id}`;
const user = await management.users.get(id);
assert.deepEqual(user.user_metadata, { hobby: 'chess' });
const changed = await management.users.update(id, { user_metadata: { hobby: null, lang: 'de' } });
assert.deepEqual(changed.user_metadata, { lang: 'de' });
await assert.rejects(management.users.get('auth0|nobody'), { statusCode: 404 });
const roles = await management.roles.list();
await management.users.roles.assign(id, { roles: [roles.data[0].id] });
const own = await management.users.roles.list(id);
assert.equal(own.data[0].name, 'editor');

// The ID token is checked: RS256 by the key set over https, issuer, audience, times.
const { data: tokens } = await web.oauth.passwordGrant({
  username: 'new@example.com', password: 'a-secret', realm: connection, scope: 'openid profile offline_access',
});
const claims = JSON.parse(Buffer.from(tokens.id_token.split('.')[1], 'base64url'));
assert.equal(claims['https://example.com/lang'], 'de');
const { data: refreshed } = await web.oauth.refreshTokenGrant({ refresh_token: tokens.refresh_token });
assert.ok(refreshed.access_token);
await web.oauth.revokeRefreshToken({ token: tokens.refresh_token });
await assert.rejects(web.oauth.refreshTokenGrant({ refresh_token: tokens.refresh_token }), { error: 'invalid_grant', statusCode: 403 });
await management.users.delete(id);
await assert.rejects(management.users.get(id), { statusCode: 404 });
console.log('node-auth0: all well');
