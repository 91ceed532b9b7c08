const { ManagementClient, AuthenticationClient } = require('auth0-4');
exports.onExecutePostLogin = async (event) => {
  const management = new ManagementClient({ domain: 'api.example.com', clientId: 'id', clientSecret: 'secret' });
  const { data: user } = await management.users.get({ id: 'auth0|1' });
  console.log(user.email);
  await management.users.update({ id: 'auth0|1' }, { app_metadata: { plan: 'pro' } });
  await management.users.get({ id: 'auth0|none' }).catch((error) => console.log(error.name, error.statusCode, error.message));
  const authentication = new AuthenticationClient({ domain: 'api.example.com', clientId: 'id', clientSecret: 'secret' });
  const { data } = await authentication.oauth.clientCredentialsGrant({ audience: 'https://api.example.com/' });
  console.log(data.token_type, data.expires_in);
};
