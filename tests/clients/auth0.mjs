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

// The configuration, by both versions: what one makes the other reads.
const { data: app } = await management.clients.create({ name: 'Made', app_type: 'regular_web', callbacks: ['http://localhost:5000/callback'] });
assert.equal((await seven.clients.get(app.client_id)).name, 'Made');
assert.notEqual((await seven.clients.rotateSecret(app.client_id)).client_secret, app.client_secret);
assert.deepEqual((await seven.clients.update(app.client_id, {
  callbacks: ['http://localhost:5000/other'], organization_usage: 'allow', initiate_login_uri: 'https://app.example/login',
})).callbacks, ['http://localhost:5000/other']);
await assert.rejects(seven.clients.create({ name: 'Made', nonsense: true }), { statusCode: 400 });
const api = await seven.resourceServers.create({ identifier: 'https://made.example.com', scopes: [{ value: 'read:made' }] });
const grant = await seven.clientGrants.create({ client_id: 'machine-client', audience: api.identifier, scope: ['read:made'] });
const { data: made } = await new AuthenticationClient(machine).oauth.clientCredentialsGrant({ audience: api.identifier });
assert.ok(made.access_token);
await seven.clientGrants.update(grant.id, { scope: [] });
await seven.clientGrants.delete(grant.id);
await assert.rejects(seven.resourceServers.create({ identifier: api.identifier }), { statusCode: 409 });
await seven.resourceServers.delete(api.id);
const database = await seven.connections.create({ name: 'Made', strategy: 'auth0', options: { passwordPolicy: 'good' } });
await seven.connections.clients.update(database.id, [{ client_id: app.client_id, status: true }]);
assert.deepEqual((await seven.connections.clients.get(database.id)).data, [{ client_id: app.client_id }]);
assert.equal((await management.connections.get({ id: database.id })).data.name, 'Made');

// Roles and permissions.
const role = await seven.roles.create({ name: 'made', description: 'Made' });
const permissions = [{ resource_server_identifier: 'https://api.example.com', permission_name: 'read:x' }];
await seven.roles.permissions.add(role.id, { permissions });
await seven.roles.users.assign(role.id, { users: ['auth0|1'] });
assert.equal((await seven.roles.users.list(role.id)).data[0].user_id, 'auth0|1');
assert.equal((await seven.users.permissions.list('auth0|1')).data[0].permission_name, 'read:x');
await management.roles.deletePermissions({ id: role.id }, { permissions });

// Organizations.
const organization = await seven.organizations.create({ name: 'made', display_name: 'Made' });
assert.equal((await seven.organizations.getByName('made')).id, organization.id);
await seven.organizations.members.create(organization.id, { members: ['auth0|1'] });
await seven.organizations.members.roles.assign(organization.id, 'auth0|1', { roles: [role.id] });
assert.equal((await seven.organizations.members.roles.list(organization.id, 'auth0|1')).data[0].name, 'made');
assert.equal((await seven.organizations.members.list(organization.id)).data[0].user_id, 'auth0|1');
await seven.organizations.enabledConnections.add(organization.id, { connection_id: database.id });
await seven.organizations.enabledConnections.update(organization.id, database.id, { assign_membership_on_login: true });
assert.equal((await seven.organizations.enabledConnections.list(organization.id)).data[0].assign_membership_on_login, true);
const invitation = await seven.organizations.invitations.create(organization.id, {
  inviter: { name: 'Jane' }, invitee: { email: 'guest@example.com' }, client_id: app.client_id, roles: [role.id],
});
assert.match(invitation.invitation_url, /^https:\/\/app\.example\/login\?invitation=/);
assert.equal((await management.organizations.getInvitations({ id: organization.id })).data[0].id, invitation.id);
await seven.organizations.invitations.delete(organization.id, invitation.id);

// Jobs.
const users = new Blob([JSON.stringify([{ email: 'imported@example.com', email_verified: true }, { email: 'bad' }])], { type: 'application/json' });
const started = await seven.jobs.usersImports.create({ users: new File([users], 'users.json'), connection_id: database.id, external_id: 'x' });
let job = await seven.jobs.get(started.id);
for (let i = 0; i < 100 && job.status === 'pending'; i++) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  job = await seven.jobs.get(started.id);
}
assert.deepEqual([job.status, job.summary], ['completed', { failed: 1, updated: 0, inserted: 1, total: 2 }]);
assert.equal((await seven.jobs.errors.get(started.id))[0].errors[0].code, 'INVALID_FORMAT');
const { data: again } = await management.jobs.importUsers({ users, connection_id: database.id });
assert.equal(again.type, 'users_import');
const wanted = await seven.jobs.usersExports.create({ connection_id: database.id, format: 'json', fields: [{ name: 'email', export_as: 'mail' }] });
const { location } = await seven.jobs.get(wanted.id);
const unpacked = (await fetch(location)).body.pipeThrough(new DecompressionStream('gzip'));
assert.equal(await new Response(unpacked).text(), '{"mail":"imported@example.com"}\n');

// What a user has given, and what happened.
const { data: kept } = await web.oauth.passwordGrant({ username: 'jane@example.com', password: 'jane-secret', realm: connection, scope: 'openid offline_access' });
const ownTokens = await seven.users.refreshToken.list('auth0|1');
assert.equal(ownTokens.data[0].client_id, 'web-client');
await seven.refreshTokens.delete(ownTokens.data[0].id);
await assert.rejects(web.oauth.refreshTokenGrant({ refresh_token: kept.refresh_token }), { error: 'invalid_grant' });
assert.deepEqual((await seven.userBlocks.list('auth0|1')).blocked_for, []);
assert.deepEqual((await seven.userGrants.list({ user_id: 'auth0|1' })).data, []);
await seven.users.authenticationMethods.create('auth0|1', { type: 'phone', phone_number: '+41791234567' });
assert.ok((await seven.users.authenticationMethods.list('auth0|1')).data.some((method) => method.type === 'phone'));
const logs = (await seven.logs.list({ search: 'type:fertft' })).data;
assert.equal(logs[0].client_id, 'web-client');
assert.equal((await management.logs.get({ id: logs[0].log_id })).data.type, 'fertft');
assert.equal((await seven.users.logs.list('auth0|1')).data[0].user_id, 'auth0|1');

await seven.organizations.delete(organization.id);
await seven.connections.delete(database.id);
await seven.roles.delete(role.id);
await management.clients.delete({ client_id: app.client_id });

// What is not there is refused at once: an SDK that tried again would take seconds.
const begun = Date.now();
await assert.rejects(seven.logStreams.list(), { statusCode: 404 });
await assert.rejects(management.actions.getAll(), { statusCode: 404 });
assert.ok(Date.now() - begun < 1_000);
console.log('node-auth0: all well');
