function (user, context, callback) {
  const https = require('https');
  const req = https.request({hostname: 'api.example.com', path: '/echo', method: 'POST'}, (res) => { console.log('res', res.statusCode); res.resume(); res.on('end', () => { console.log('end'); callback() }) });
  req.on('error', (e) => console.log(e));
  req.write('{"a":1}', undefined, () => { console.log('written'); req.end(null, null, undefined); });
}
