const { IncomingWebhook } = require('@slack/webhook');
exports.onExecutePostLogin = async () => {
  const webhook = new IncomingWebhook('https://api.example.com/slack');
  console.log(await webhook.send({ text: 'Jane logged in' }));
  await new IncomingWebhook('https://api.example.com/missing').send('x').catch((error) => console.log(error.code));
};
