exports.onExecutePostLogin = async () => {
  const { default: got } = require('got');
  console.log(await got('https://api.example.com/score/1', { searchParams: { q: 'a b' } }).json());
  const { body } = await got.post('https://api.example.com/echo', { json: { a: [1, 2] }, responseType: 'json' });
  console.log(body);
  await got('https://api.example.com/missing', { retry: { limit: 0 } }).catch((error) => console.log(error.name, error.code, error.response.statusCode));
};
