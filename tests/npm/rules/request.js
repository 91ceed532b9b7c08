// The library that Rules called the network with.
function (user, context, callback) {
  const request = require('request@2.88.2');
  request.get({ url: 'https://api.example.com/score/1', qs: { q: 'a b' }, json: true }, (error, response, body) => {
    if (error) return callback(error);
    console.log(response.statusCode, response.headers['content-type'], body);
    request.post({ url: 'https://api.example.com/echo', json: { a: [1, 2] }, auth: { bearer: 't' } }, (error, response, body) => {
      if (error) return callback(error);
      console.log(body);
      request({ method: 'POST', url: 'https://api.example.com/echo', form: { a: 'b c', d: 1 } }, (error, response, body) => {
        if (error) return callback(error);
        console.log(body, typeof body);
        request('https://api.example.com/missing', (error, response, body) => {
          console.log(error, response.statusCode, body);
          request('http://refused.example.com/', { timeout: 500 }, (error) => {
            console.log(error.code);
            // A body that is longer than a buffer.
            const long = require('https').request({ method: 'POST', hostname: 'api.example.com', path: '/echo' }, (response) => {
              let length = 0;
              response.on('data', (chunk) => { length += chunk.length; }).on('end', () => console.log('long', length));
            });
            require('stream').Readable.from(['x'.repeat(20000), 'y'.repeat(20000)]).pipe(long);
            // The global of the same name.
            require('request').defaults({ baseUrl: 'https://api.example.com' }).get('/text', (error, response, body) => {
              context.idToken.text = body;
              setTimeout(callback, 200, error, user, context);
            });
          });
        });
      });
    });
  });
}
