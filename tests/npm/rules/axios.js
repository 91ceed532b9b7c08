async function (user, context, callback) {
  const axios = require('axios@0.21.1');
  try {
    const { data, status } = await axios.get('https://api.example.com/score/1', { params: { q: 'a b' } });
    console.log(status, data);
    console.log((await axios({ method: 'post', url: 'https://api.example.com/echo', data: { a: 1 } })).data);
    await axios.get('https://api.example.com/missing').catch((error) => console.log(error.message, error.response.data));
    await axios.get('http://refused.example.com/').catch((error) => console.log(error.code));
    context.idToken.score = data.score;
    return callback(null, user, context);
  } catch (error) {
    return callback(error);
  }
}
