import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changes, rows } from '../src/rows';
import { brief, condition, ms, plural, short, telling } from '../src/words';
import { claim, entry, explanation, outcome } from './made';

test('a claim of a token that was not issued is not kept', () => {
  const failed = outcome({ status: 'failed', id_token: { claims: {} } });
  const [row] = rows(entry({ explanation: explanation({ outcome: failed }) }));
  assert.equal(row?.verdict, 'not issued');
  assert.equal(rows(entry())[0]?.verdict, 'kept');
});

test('a claim that was set twice shows what it was before', () => {
  const claims = [claim({ value: 1, verdict: 'overwritten' }), claim({ value: 2 })];
  const found = rows(entry({ explanation: explanation({ claims, outcome: outcome({ id_token: { claims: { 'https://x.example/a': 2 } } }) }) }));
  assert.deepEqual(found.map((it) => [it.verdict, it.before, it.value]), [['overwritten', undefined, 1], ['kept', 1, 2]]);
});

test('a claim that no Action set has the place of the condition that was not met', () => {
  const at = (line: number) => ({ file: 'one.js', line, column: 1 });
  const condition = (line: number, met: string) => ({ text: 'a', must_be: true, met, location: at(line), reads: [] });
  const never = { state: 'never-set', rule: null, page: null, remedies: [] };
  const site = { action: 'one', method: 'idToken.setCustomClaim', location: at(9), certain: true, reached: 'no', conditions: [condition(3, 'yes'), condition(5, 'no')] };
  const expected = [{ name: 'https://x.example/b', id_token: never, access_token: never, similar: null, sites: [site] }];
  const found = rows(entry({ explanation: explanation({ expected }) })).at(-1);
  assert.deepEqual([found?.verdict, found?.place?.line, found?.token], ['not set', 5, 'id_token']);
});

test('two logins differ in values and verdicts, not in times', () => {
  const other = (claims: Record<string, number>) => entry({ explanation: explanation({ claims: [], outcome: outcome({ id_token: { claims } }) }) });
  assert.deepEqual(changes(other({ iat: 1, exp: 2, a: 1 }), other({ iat: 3, exp: 4, a: 1 })), []);
  assert.deepEqual(changes(other({ a: 1 }), other({ a: 2, b: 3 })).map((it) => [it.name, it.before, it.after, it.was]), [['a', 1, 2, 'in the token'], ['b', undefined, 3, 'absent']]);
});

test('words', () => {
  assert.deepEqual([plural(0, 'call'), plural(1, 'call'), plural(2, 'call')], ['0 calls', '1 call', '2 calls']);
  assert.deepEqual([ms(0), ms(1234), ms(123_456)], ['', '1.2 ms', '123 ms']);
  assert.equal(short('x'.repeat(100), 10).length, 10);
  assert.equal(brief({ file: 'actions/a/code.js', line: 3, column: 1 }), 'a/code.js:3');
  const it = { text: 'a && b', must_be: false, location: { file: 'a', line: 1, column: 1 }, reads: [] };
  assert.equal(condition(it), 'only if not (a && b)');
  assert.deepEqual(telling([it, { ...it, met: 'yes' }]), [{ ...it, met: 'yes' }]);
});
