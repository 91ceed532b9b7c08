const nodemailer = require('nodemailer');
exports.onExecutePostLogin = async () => {
  const transport = nodemailer.createTransport({ jsonTransport: true });
  const info = await transport.sendMail({ from: 'a@example.com', to: 'b@example.com', subject: 'Hi', text: 'Hello' });
  const { from, to, subject, text } = JSON.parse(info.message);
  console.log(from, to, subject, text, typeof nodemailer.createTransport({ host: 'localhost' }).sendMail);
};
