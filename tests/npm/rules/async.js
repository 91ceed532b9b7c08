function (user, context, callback) {
  const task = (value, ms) => (done) => setTimeout(() => done(null, value), ms);
  async.waterfall([
    (done) => done(null, 1),
    (value, done) => setTimeout(() => done(null, value + 1, 'x'), 5),
    (value, text, done) => async.parallel({ a: task(value, 10), b: task(text, 1) }, done),
    (found, done) => { console.log(found); async.series([task(1, 3), task(2, 1)], done); },
    (list, done) => { console.log(list); async.map([1, 2, 3], (n, next) => setImmediate(next, null, n * n), done); },
    (squares, done) => { console.log(squares); async.eachSeries(squares, (n, next) => { console.log('each', n); next(n > 3 ? new Error(`stop at ${n}`) : null); }, (error) => done(null, error.message)); },
    (message, done) => { console.log(message); async.auto({ one: (next) => next(null, 1), two: ['one', (found, next) => next(null, found.one + 1)] }, done); },
    (found, done) => { console.log(found); async.retry({ times: 3, interval: 2 }, (next) => next(new Error('again')), (error) => done(error)); },
  ], (error) => callback(error, user, context));
}
