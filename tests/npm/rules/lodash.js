function (user, context, callback) {
  const two = require('lodash@2.4.2');
  const three = require('lodash@3.10.1');
  const four = require('lodash@4.18.1');
  const people = [{ name: 'ann', age: 36, on: true }, { name: 'bob', age: 40, on: false }, { name: 'cid', age: 1, on: true }];
  console.log(two.VERSION, three.VERSION, four.VERSION);
  console.log(two.pluck(people, 'name'), two.contains([1, 2], 2), two.any([0, ''], Boolean), two.all(people, 'age'));
  console.log(two.where(people, { on: true }), two.findWhere(people, { age: 40 }), two.max(people, 'age').name);
  console.log(two.template('hi <%= name %>', { name: 'ann' }), two.rest([1, 2, 3]), two.object([['a', 1]]));
  console.log(three.pluck(people, 'age'), three.includes('abc', 'b'), three.padLeft('1', 3, '0'), three.trunc('long long text', 8));
  console.log(three.get({ a: { b: 1 } }, 'a.b'), three.indexBy(people, 'name').bob.age, three.sortByOrder(people, ['on', 'age'], ['desc', 'desc']));
  console.log(three(people).filter('on').map('name').value(), three.sum([1, 2, 3]), three.restParam((a, rest) => rest)(1, 2, 3));
  console.log(four.map(people, 'name'), four.padStart('1', 3, '0'), four.set({}, 'a[0].b', 1), four.groupBy(people, 'on'));
  console.log(four.merge({ a: { b: 1 } }, { a: { c: 2 } }), four.cloneDeep(user) !== user, four.isEqual(four.cloneDeep(user), user));
  console.log(four.uniq([1, 1, 2]), four.debounce.length, four.camelCase('user metadata'), four.orderBy(people, 'age', 'desc')[0].name);
  console.log(_.VERSION, lodash === _);
  callback(null, user, context);
}
