function (user, context, callback) {
  const jwt8 = require('jsonwebtoken@8.5.1');
  const options = { expiresIn: '5 minutes', audience: 'https://app.example.com', issuer: 'https://example.auth0.com/', subject: 'auth0|1', noTimestamp: false };
  const token = jwt8.sign({ iat: 1700000000, email: 'jane@example.com' }, 'secret', options);
  console.log(token);
  const checked = { audience: 'https://app.example.com', clockTimestamp: 1700000100 };
  console.log(jwt8.verify(token, 'secret', checked));
  jwt8.verify(token, 'wrong', checked, (error) => {
    console.log(error.name, error.message);
    try {
      jwt8.verify(token, 'secret', { clockTimestamp: 1800000000 });
    } catch (error) {
      console.log(error.name, error.message, error.expiredAt.toISOString());
    }
    // The global is the package that is installed under its own name.
    console.log(jwt.decode(token, { complete: true }).header, typeof jwt.sign);
    callback(null, user, context);
  });
}
