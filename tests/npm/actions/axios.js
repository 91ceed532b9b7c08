const axios = require('axios');
exports.onExecutePostLogin = async () => {
  const { data, status, headers } = await axios.get('https://api.example.com/score/1', { params: { q: 'a b' }, headers: { 'X-Key': 'k' } });
  console.log(status, data, headers['content-type']);
  const posted = await axios.post('https://api.example.com/echo', { a: [1, 2] });
  console.log(posted.data);
  const client = axios.create({ baseURL: 'https://api.example.com', timeout: 1000 });
  client.interceptors.request.use((config) => { config.headers.set('X-From', 'interceptor'); return config; });
  await client.get('/missing').catch((error) => console.log(error.name, error.message, error.response.status, axios.isAxiosError(error)));
  await client.get('http://refused.example.com/').catch((error) => console.log(error.code));
  console.log((await axios({ url: 'https://api.example.com/text', responseType: 'text' })).data);
};
