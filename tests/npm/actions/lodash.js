const _ = require('lodash');
const merge = require('lodash/fp/merge');
exports.onExecutePostLogin = async (event, api) => {
  const roles = _.uniq(_.flatMap([{ r: ['a', 'b'] }, { r: ['b', 'c'] }], 'r'));
  console.log(roles, _.get(event, 'user.nope.deep', 'fallback'), _.camelCase('some-claim name'));
  console.log(merge({ a: { b: 1 } })({ a: { c: 2 } }), _.VERSION);
  console.log(_.template('Hello <%= user %>!')({ user: 'Jane' }), _.isPlainObject({}), _.isArray([1]), _.isEqual([1, { a: 2 }], [1, { a: 2 }]));
  const debounced = _.debounce(() => 1, 5);
  debounced.cancel();
  console.log(typeof debounced, _.cloneDeep({ d: new Date(0), r: /x/g }));
};
