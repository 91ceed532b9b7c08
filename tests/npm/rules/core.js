function (user, context, callback) {
  const url = require('url');
  const querystring = require('querystring');
  const crypto = require('crypto');
  const util = require('util');
  const { query, hostname, pathname } = url.parse('https://a.example.com/p/q?x=1&y=a%20b#z', true);
  console.log(query.x, query.y, hostname, pathname, url.format({ protocol: 'https', host: 'b.example.com', query: { a: 'b c' } }));
  console.log(url.format({ protocol: 'http:', host: 'a.example.com:80', pathname: 'p', search: 'x=1', hash: 'h' }), url.format(url.parse('https://u:p@b.example.com/x?y#z')), url.format(new URL('https://c.example.com/?a=b#c'), { fragment: false }));
  console.log(url.resolve('https://a.example.com/one/two', '../three'), querystring.stringify({ a: [1, 2], b: 'ä' }), querystring.parse('a=1&a=2&b=%C3%A4').b);
  console.log(crypto.createHash('sha256').update('text').digest('hex'), crypto.createHash('md5').update(user.email || '').digest('base64'));
  console.log(crypto.createHmac('sha1', 'key').update('text').digest('base64'), crypto.randomBytes(20).toString('hex').length);
  console.log(crypto.pbkdf2Sync('password', 'salt', 1000, 16, 'sha1').toString('hex'), Buffer.from('text').toString('base64'));
  const cipher = crypto.createCipheriv('aes-256-cbc', Buffer.alloc(32, 1), Buffer.alloc(16, 2));
  const sealed = cipher.update('secret', 'utf8', 'hex') + cipher.final('hex');
  const decipher = crypto.createDecipheriv('aes-256-cbc', Buffer.alloc(32, 1), Buffer.alloc(16, 2));
  console.log(sealed, decipher.update(sealed, 'hex', 'utf8') + decipher.final('utf8'));
  console.log(util.format('%s is %d', 'a', 1), util.inspect({ a: { b: { c: { d: 1 } } } }), util.isArray([]));
  callback(null, user, context);
}
