const { ManagementClient } = require('auth0');
exports.onExecutePostLogin = async (event) => {
  const management = new ManagementClient({ domain: 'api.example.com', clientId: 'id', clientSecret: 'secret' });
  const user = await management.users.get('auth0|1');
  console.log(user.email);
  await management.users.update('auth0|1', { app_metadata: { plan: 'pro' } });
  await management.users.get('auth0|none').catch((error) => console.log(error.name, error.statusCode));
};
