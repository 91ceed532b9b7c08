const debug = require('debug');
exports.onExecutePostLogin = async () => {
  const log = debug('action:test');
  console.log(log.enabled, typeof log.extend('x'));
  debug.enable('action:*');
  const lines = [];
  const other = debug('action:other');
  other.log = (...args) => lines.push(args[0].replace(/\x1b\[[0-9;]*m/g, '').replace(/^.*action/, 'action').replace(/\+\d+ms/, ''));
  other('hello %s %o', 'jane', { a: 1 });
  console.log(other.enabled, lines);
};
