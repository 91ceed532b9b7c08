const superagent = require('superagent');
const Stripe = require('stripe');
const sendgrid = require('@sendgrid/mail');
const { OAuth2Client, GoogleAuth } = require('google-auth-library');
exports.onExecutePostLogin = async () => {
  const sent = await superagent.post('https://api.example.com/echo').set('x-a', '1').send({ a: 1 });
  console.log(sent.status, sent.body, sent.type);
  await superagent.get('https://api.example.com/missing').catch((error) => console.log(error.status, error.message, error.response.body));
  await superagent.get('https://refused.example.com/').retry(1).catch((error) => console.log(error.code));
  const { default: ky } = require('ky');
  console.log(await ky.post('https://api.example.com/echo', { json: { k: 1 } }).json());
  await ky.get('https://api.example.com/missing', { retry: 0 }).catch((error) => console.log(error.name, error.response.status, error.message));
  const stripe = new Stripe('sk_test_x', { maxNetworkRetries: 0, telemetry: false });
  await stripe.customers.retrieve('cus_1').then(({ id }) => console.log(id), (error) => console.log(error.type, error.statusCode));
  const header = stripe.webhooks.generateTestHeaderString({ payload: '{"id":"evt_1","object":"event"}', secret: 'whsec', timestamp: 1767225600 });
  console.log(header, stripe.webhooks.constructEvent('{"id":"evt_1","object":"event"}', header, 'whsec', 1e9).id);
  try { stripe.webhooks.constructEvent('{}', 't=1,v1=x', 'whsec'); } catch (error) { console.log(error.type); }
  sendgrid.setApiKey('SG.x');
  await sendgrid.send({ to: 'a@b.co', from: 'c@d.co', subject: 's', text: 't' }).then(([response]) => console.log(response.statusCode), (error) => console.log(error.code, error.message));
  const client = new OAuth2Client('id', 'secret', 'https://rp.example.com/cb');
  console.log(client.generateAuthUrl({ access_type: 'offline', scope: ['email', 'profile'] }));
  await client.verifyIdToken({ idToken: 'x.y.z', audience: 'id' }).catch((error) => console.log(error.message.split(':')[0]));
  console.log(new GoogleAuth({ scopes: 'a' }).constructor.name);
};
