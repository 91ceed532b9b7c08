const fetch = require('node-fetch');
const { default: fetch3, Headers } = require('node-fetch-3');
exports.onExecutePostLogin = async () => {
  const response = await fetch('https://api.example.com/score/1?q=a+b');
  console.log(response.status, response.ok, await response.json());
  const posted = await fetch('https://api.example.com/echo', { method: 'POST', body: JSON.stringify({ a: [1, 2] }), headers: { 'content-type': 'application/json' } });
  console.log(await posted.text());
  const third = await fetch3('https://api.example.com/text', { headers: new Headers({ a: 'b' }) });
  console.log(third.status, await third.text());
  await fetch('http://refused.example.com/').catch((error) => console.log(error.name, error.code));
};
