// As the templates for linking accounts and for roles do it.
function (user, context, callback) {
  const { ManagementClient } = require('auth0@2.44.1');
  const management = new ManagementClient({ token: 'at', domain: 'api.example.com' });
  management.getUser({ id: 'auth0|1' })
    .then((found) => {
      console.log(found.email);
      return management.users.updateAppMetadata({ id: 'auth0|1' }, { plan: 'pro' });
    })
    .then((updated) => {
      console.log(updated.user_id);
      return management.updateUser({ id: 'auth0|1' }, { user_metadata: { lang: 'de' } });
    })
    .then((updated) => {
      console.log(updated);
      return management.getUser({ id: 'auth0|none' });
    })
    .catch((error) => {
      console.log(error.name, error.statusCode, error.message);
      management.getUser({ id: 'auth0|1' }, (error, found) => callback(error, user, Object.assign(context, { idToken: { mail: found.email } })));
    });
}
