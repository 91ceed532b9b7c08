import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { command } from '../src/command';
import { entry } from './made';

/** What a shell makes of a command: the arguments, its standard input, and the files that are named. */
function shell(text: string, environment: Record<string, string> = {}): string[] {
  const script = `postlogin() { for it in "$@"; do if [ -f "$it" ]; then printf '%s\\0' "file:$(cat "$it")"; else printf '%s\\0' "$it"; fi; done; case "$*" in *"--event -"*) cat;; esac; }\n${text}`;
  return execFileSync('sh', ['-c', script], { env: { PATH: process.env.PATH ?? '', ...environment }, input: '' }).toString().split('\0');
}

const HOSTILE = `it's "$HOME" \`id\` $(id) \\ END`;

test('a shell gets the event, the clock, the seed and the arguments as they are', () => {
  const event = JSON.stringify({ user: { name: HOSTILE } }, null, 2);
  const it = entry({ seed: '18446744073709551615', arguments: ['-C', `/a b/${HOSTILE}`, 'explain', '--http', 'mocks.yaml'] });
  assert.deepEqual(shell(command(it, event)), [
    '-C', `/a b/${HOSTILE}`, 'explain', '--http', 'mocks.yaml', '--now', '2026-11-22T10:00:00.000Z', '--seed', '18446744073709551615', '--event', '-', `${event}\n`,
  ]);
});

test('steps are answers to challenges, and files of requests', () => {
  const steps = [{ challenge: 'succeed' }, { continue: { query: { a: HOSTILE }, body: {} } }];
  const found = shell(command(entry({ steps }), ''));
  assert.deepEqual(found.slice(-5, -1), ['--challenge', 'succeed', '--continue', `file:${JSON.stringify(steps[1]?.continue)}`]);
});

test('a secret is that of a variable of the shell, and a missing one stops the command', () => {
  const it = entry({ arguments: ['explain', '--secret', 'API_KEY=$API_KEY'] });
  assert.equal(shell(command(it, ''), { API_KEY: 's p"a' })[2], 'API_KEY=s p"a');
  assert.throws(() => shell(command(it, '')), /API_KEY/);
});

test('a case is run by its file', () => {
  assert.equal(command(entry({ kind: 'case', arguments: ['test', 'tests/a.case.yaml', '--filter', 'a b'] }), '{}'), "postlogin test tests/a.case.yaml --filter 'a b'\n");
});
