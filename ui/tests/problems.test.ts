import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventProblem } from '../src/model';
import { marked } from '../src/problems';

const problem = (path: EventProblem['path'], unknown = false, hint = ''): EventProblem => ({ path, message: 'wrong', hint, unknown });

/** What is marked of a text. */
function marks(text: string, ...problems: EventProblem[]): string[] {
  return marked(text, problems).map(({ from, to }) => text.slice(from, to));
}

test('an unknown property is marked at its key, a wrong value at the value', () => {
  const text = '{\n  "usr": {},\n  "user": { "app_metdata": { "plan": 1 }, "email": 5, "a\\"b.c": [true] }\n}';
  assert.deepEqual(marks(text, problem(['usr'], true), problem(['user', 'app_metdata'], true), problem(['user', 'email'])), ['"usr"', '"app_metdata"', '5']);
  assert.deepEqual(marks(text, problem(['user', 'a"b.c']), problem(['user', 'a"b.c', 0])), ['[true]', 'true']);
  assert.deepEqual(marks(text, problem(['user', 'email', 'deeper'], true)), ['5'], 'what is not there is marked at what is');
});

test('items of a list are counted whatever they are', () => {
  const text = '{"user": {"identities": [null, {"provider": "x"}, "three", [4], -5e1, false]}}';
  const items = [0, 1, 2, 3, 4, 5].map((index) => problem(['user', 'identities', index]));
  assert.deepEqual(marks(text, ...items), ['null', '{"provider": "x"}', '"three"', '[4]', '-5e1', 'false']);
  assert.deepEqual(marks(text, problem(['user', 'identities', 1, 'provider'], true)), ['"provider"']);
});

test('of a key that is there twice, the last counts, and a whole that is wrong is marked whole', () => {
  assert.deepEqual(marks('{"user": 1, "user": {"email": 2}}', problem(['user', 'email'])), ['2']);
  assert.deepEqual(marks(' [1] ', problem([])), ['[1]']);
});

test('the message has its hint', () => {
  assert.equal(marked('{}', [problem([], false, 'did you mean `event.user`?')])[0]?.message, 'wrong; did you mean `event.user`?');
});
