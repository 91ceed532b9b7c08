import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placesOf } from '../src/places';
import { request } from './made';

const text = `const axios = require('axios');
const BASE = 'https://api.example.com';
exports.onExecutePostLogin = async (event) => {
  await fetch('https://other.example.com/users/7');
  await fetch(\`https://api.example.com/users/\${event.user.user_id}?full=1\`);
  await axios.post(BASE + '/users/7', {});
  const map = new Map(); map.get('/users/');
  await axios.get(BASE + '/scores');
  await axios(BASE);
};
`;
const sources = [{ action: 'one', trigger: 'post-login', file: 'one.js', text }];
const found = (more: Parameters<typeof request>[0], ran: (line: number) => boolean = () => true): number[] =>
  placesOf(request(more), sources, (_, line) => ran(line)).map((it) => it.line);

test('the call whose written parts are in the URL is the place', () => {
  assert.deepEqual(found({}), [5]);
  assert.deepEqual(found({ url: 'https://other.example.com/users/7' }), [4]);
  assert.deepEqual(found({ method: 'POST', url: 'https://api.example.com/users/7' }), [6]);
  assert.deepEqual(found({ url: 'https://api.example.com/scores' }), [8]);
});

test('a call that did not run, one of another method and one of another Action are none', () => {
  assert.deepEqual(found({}, (line) => line !== 5), [9], 'what names no part of the URL may have made it');
  assert.deepEqual(found({ action: 'two' }), []);
  assert.deepEqual(placesOf(request({}), [{ ...sources[0]!, text: 'client.users.get("7")' }], () => undefined), []);
});

test('several that fit alike are all named', () => {
  const twice = [{ ...sources[0]!, text: 'fetch(url);\nfetch(url);' }];
  assert.deepEqual(placesOf(request({}), twice, () => undefined).map((it) => [it.line, it.column]), [[1, 1], [2, 1]]);
});
