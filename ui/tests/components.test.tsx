import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import render from 'preact-render-to-string';
import { Detail, Mails } from '../src/detail';
import { Ledger, Reason } from '../src/ledger';
import { List } from '../src/list';
import type { Entry, Site, Source, Wait } from '../src/model';
import { Pipeline, stages, withMails } from '../src/pipeline';
import { Requests } from '../src/requests';
import { Side } from '../src/side';
import * as state from '../src/state';
import { claim, entry, explanation, HOSTILE, outcome, request } from './made';

const source: Source = { live: true, title: HOSTILE, entry: async () => entry(), sources: async () => [] };

function show(it: Entry): void {
  state.source.value = source;
  state.texts.value = [];
  state.show(it);
}

/** Text is escaped: what is in it begins no element. */
function inert(html: string): void {
  assert.ok(!/<(img|script|b>&amp;)/.test(html), html);
  assert.ok(html.includes('&lt;img src=x onerror='), html);
}

beforeEach(() => {
  state.tab.value = 'ledger';
  state.row.value = '';
  state.list.value = [];
});

test('names and values of others are text wherever they are shown', () => {
  const hostile = explanation({
    outcome: outcome({
      reason: HOSTILE, status: 'denied', id_token: { claims: { [HOSTILE]: HOSTILE } }, logs: [{ action: HOSTILE, level: 'log', message: HOSTILE }],
      commands: [{ action: HOSTILE, method: HOSTILE, args: [HOSTILE] }], notices: [{ code: HOSTILE, message: HOSTILE, source: null }], userinfo: { [HOSTILE]: HOSTILE },
      error: { action: HOSTILE, name: HOSTILE, message: HOSTILE, stack: HOSTILE, location: { file: HOSTILE, line: 1, column: 1 } },
      user: { user_metadata: { [HOSTILE]: HOSTILE }, app_metadata: {} }, usage: { actions: [{ action: HOSTILE, wall_us: 1, memory_bytes: 1, virtual_ms: 0 }] },
    }),
    claims: [claim({ name: HOSTILE, value: HOSTILE, action: HOSTILE, location: { file: HOSTILE, line: 1, column: 1 }, origins: [{ path: HOSTILE, certainty: 'read', location: null }] })],
    reads: [{ action: HOSTILE, run: 0, path: HOSTILE, present: true, value: HOSTILE, location: null }],
  });
  const asked = request({ action: HOSTILE, method: HOSTILE, url: HOSTILE, headers: [[HOSTILE, HOSTILE]], body: HOSTILE, response_body: HOSTILE, error: HOSTILE });
  show(entry({ name: HOSTILE, client: HOSTILE, failures: [HOSTILE], explanation: hostile, requests: [asked] }));
  for (const tab of ['ledger', 'id', 'access', 'userinfo', 'metadata', 'requests', 'calls', 'logs']) {
    state.tab.value = tab;
    inert(render(<Detail />));
  }
  state.row.value = 'claim 0';
  inert(render(<Reason />));
  state.list.value = [state.summary(entry({ name: HOSTILE, client: HOSTILE }))];
  inert(render(<List />));
});

test('messages are text, whatever is in them', () => {
  const whole = { subject: HOSTILE, to: HOSTILE, date: HOSTILE, url: HOSTILE, body: HOSTILE };
  const html = render(<Mails mails={[whole, { template: HOSTILE }]} />);
  inert(html);
  // Subject, recipient, date, link, body, and the name of the template.
  assert.equal(html.split('&lt;img src=x onerror=').length - 1, 6, html);
});

test('one call and one print are in the singular', () => {
  const it = explanation({
    outcome: outcome({ usage: { actions: [{ action: 'one', wall_us: 1200, memory_bytes: 1, virtual_ms: 0 }] }, commands: [{ action: 'one', method: 'a', args: [] }], logs: [{ action: 'one', level: 'log', message: 'x' }] }),
  });
  assert.match(render(<Pipeline id="1" explanation={it} />), /1\.2 ms · 1 call · 1 log</);
});

test('a claim of a failed login has no tick', () => {
  show(entry({ explanation: explanation({ outcome: outcome({ status: 'failed', id_token: { claims: {} } }) }) }));
  const html = render(<Ledger />);
  assert.match(html, /not issued/);
  assert.ok(!html.includes('✓'), html);
});

test('a condition says whether it was met', () => {
  const at = { file: 'one.js', line: 3, column: 1 };
  const never = { state: 'never-set', rule: null, page: null, remedies: [] };
  const conditions = [{ text: 'event.user.vip', must_be: true, met: 'no', location: at, reads: [{ path: 'event.user.vip', present: false, value: null }] }];
  const site = { action: 'one', method: 'idToken.setCustomClaim', location: at, certain: true, reached: 'no', conditions };
  show(entry({ explanation: explanation({ expected: [{ name: 'https://x.example/vip', id_token: never, access_token: never, similar: null, sites: [site] }] }) }));
  state.row.value = 'missing https://x.example/vip';
  assert.match(render(<Reason />), /✗ not met.*event\.user\.vip.*is not there/s);
});

test('each state of a call, and what ended the way to it, has words', () => {
  const at = { file: 'one.js', line: 3, column: 1 };
  const never = { state: 'never-set', rule: null, page: null, remedies: [] };
  const shown = (more: Partial<Site>, not_loaded: { action: string; error: string }[] = []): string => {
    const site = { action: 'one', method: 'idToken.setCustomClaim', location: at, certain: true, reached: 'no', conditions: [], ...more };
    show(entry({ explanation: explanation({ expected: [{ name: 'https://x.example/vip', id_token: never, access_token: never, similar: null, sites: [site], not_loaded }] }) }));
    state.row.value = 'missing https://x.example/vip';
    return render(<Reason />);
  };
  assert.match(shown({ reached: 'discarded' }), /was reached, but the Action failed after it/);
  assert.match(shown({ reached: 'not-continued' }), /when the user comes back/);
  assert.match(shown({ reached: 'not-loaded' }, [{ action: 'two', error: HOSTILE }]), /two was not loaded, and may set it: &lt;\/script.*the Action was not loaded/s);
  assert.match(shown({ end: { kind: 'returned', location: at } }), /The function returned before it/);
  assert.match(shown({ end: { kind: 'caught', thrown: at, caught: at } }), /An exception was thrown before it.*and caught at/s);
  for (const [kind, words] of [['left', /The jump at .* left it out/s], ['thrown', /The Action failed before it/]] as const) {
    const html = shown({ end: { kind, location: at } });
    assert.match(html, words);
    assert.ok(!/caught|exception/.test(html), html);
  }
  const list = { text: 'roles', must_be: true, met: 'no', location: at, reads: [] };
  assert.match(shown({ conditions: [{ ...list, list: 'empty' }] }), /✗ the list was empty/);
  assert.match(shown({ conditions: [{ ...list, list: 'missing' }] }), /✗ there was no list/);
});

test('requests name what answered, how long it took, and the place', () => {
  const text = "await fetch('https://api.example.com/users/7?full=1');";
  show(entry());
  state.texts.value = [{ action: 'one', trigger: null, file: 'one.js', text }];
  const html = render(<Requests entry={entry({ requests: [request()] })} />);
  for (const part of ['>200<', '<b>GET</b>', '250 ms', 'answered by a mock (number 1)', 'Show one.js:1', 'Bearer ***', '{&quot;score&quot;:12}']) assert.ok(html.includes(part), `${part}: ${html}`);
  const refused = request({ answered_by: 'nothing', status: null, error: 'no mock fits' });
  assert.match(render(<Requests entry={entry({ requests: [refused] })} />), /refused<.*answered by nothing.*no mock fits/s);
  assert.match(render(<Requests entry={entry({ requests: [] })} />), /No Action made a request/);
  assert.match(render(<Requests entry={entry()} />), /are not known/);
});

test('generated logins come once, with what differs from the one that they were made of', async () => {
  show(entry({ id: 'first' }));
  const made = [entry({ id: 'a', kind: 'generated' }), entry({ id: 'b', kind: 'generated', explanation: explanation({ claims: [], outcome: outcome({ status: 'denied', id_token: { claims: {} } }) }) })];
  state.source.value = { ...source, generate: async () => ({ seed: '1', entries: made }) };
  for (let time = 0; time < 2; time += 1) await state.tryOthers();
  assert.deepEqual(state.list.value.map((it) => [it.id, it.status, it.note]), [['a', 'allowed', 'same claims'], ['b', 'denied', 'allowed before, 2 claims differ']]);
  const [, other] = made;
  if (other) state.show(other);
  assert.equal(state.pinned.value?.id, 'first');
});

/** The text of a piece of HTML. */
const words = (html: string): string => html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim();

const usage = (...names: string[]) => ({ actions: names.map((action) => ({ action, wall_us: 1000, memory_bytes: 1, virtual_ms: 0 })) });
const command = (action: string) => ({ action, method: 'idToken.setCustomClaim', args: [] });
const wait = (more: Partial<Wait>): Wait => ({ handlers: 2, commands: 2, logs: 1, waits_for: { kind: 'redirect', url: 'https://ask.example/terms' }, answer: 'continued', ...more });

test('a redirect is a step of the pipeline, and the Action that continues comes after it', () => {
  const commands = [command('a'), command('b'), command('b'), command('b')];
  const logs = ['b', 'b'].map((action) => ({ action, level: 'log', message: 'x' }));
  const it = explanation({ outcome: outcome({ usage: usage('a', 'b', 'b', 'c'), commands, logs }), waits: [wait({})] });
  assert.deepEqual(stages(it).map((stage) => [stage.action, stage.calls, stage.logs, stage.continued]), [
    ['a', 1, 0, false], ['b', 1, 1, false], ['', 0, 0, false], ['b', 2, 1, true], ['c', 0, 0, false],
  ]);
  assert.match(words(render(<Pipeline id="1" explanation={it} />)), /a 1\.0 ms · 1 call b .* redirect https:\/\/ask\.example\/terms · the user came back b again · 1\.0 ms · 2 calls · 1 log c .* tokens issued/);
});

test('factors are steps with their kinds and ends; a wait that is not over is the end', () => {
  const mfa = (answer: Wait['answer'], kind: 'challenge' | 'enroll' = 'challenge') => wait({ handlers: 1, waits_for: { kind, factors: ['otp', 'email'] }, answer });
  const of = (status: string, waits: Wait[]) => words(render(<Pipeline id="1" explanation={explanation({ outcome: outcome({ status, usage: usage('a') }), waits })} />));
  assert.match(of('allowed', [mfa('passed'), mfa('passed', 'enroll')]), /MFA otp, email · passed MFA enrolment otp, email · passed tokens issued/);
  assert.match(of('denied', [mfa('failed')]), /MFA otp, email · not passed denied/);
  assert.match(of('challenged', [mfa(null)]), /calls waits: MFA otp, email$/);
  assert.match(of('prompted', [wait({ waits_for: { kind: 'form', id: 'ap_1' }, answer: null })]), /waits: form ap_1$/);
});

test('a message with a code is a step before the factor that asks for it, or the last one while the login waits', () => {
  const mails = [{ to: 'jane@x.example' }, { to: '+1555', channel: 'sms' }];
  const order = (waits: Wait[]) => withMails(stages(explanation({ outcome: outcome({ usage: usage('a', 'b', 'b') }), waits })), mails).map((it) => it.mail?.to ?? it.wait?.waits_for.kind ?? it.action);
  const mfa = wait({ waits_for: { kind: 'challenge', factors: ['email'] }, answer: 'passed' });
  assert.deepEqual(order([wait({}), { ...mfa, handlers: 3 }]), ['a', 'b', 'redirect', 'b', 'jane@x.example', '+1555', 'challenge']);
  assert.deepEqual(order([{ ...mfa, answer: null }]), ['a', 'b', 'b', 'jane@x.example', '+1555']);
});

test('an Action that failed after it continued is red once, and a trigger without tokens issues none', () => {
  const error = { action: 'b', name: 'Error', message: 'x', stack: '', location: null };
  const it = explanation({ outcome: outcome({ status: 'failed', usage: usage('a', 'b', 'b'), error }), waits: [wait({})] });
  assert.deepEqual(stages(it).map((stage) => stage.failed), [false, false, false, true]);
  const other = explanation({ outcome: outcome({ trigger: 'pre-user-registration', usage: usage('a') }) });
  assert.ok(!render(<Pipeline id="1" explanation={other} />).includes('tokens issued'));
});

test('a path that a value was not read from is a guess in the table, too', () => {
  const of = (certainty: 'read' | 'computed' | 'same-value') => {
    show(entry({ explanation: explanation({ claims: [claim({ origins: [{ path: 'event.secrets.API_KEY', certainty, location: null }] })] }) }));
    return words(render(<Ledger />));
  };
  assert.match(of('computed'), /probably from event/);
  assert.match(of('same-value'), /same value in event/);
  assert.doesNotMatch(of('read'), /probably|same value/);
});

test('a row of the list has the application and the milliseconds before what may be cut', () => {
  state.source.value = source;
  state.list.value = [{ ...state.summary(entry()), dropped: 2, note: 'same claims' }];
  assert.match(words(render(<List />)), /jane@example\.com allowed · same claims · 1\.5 ms · 2 dropped · Shop · run · \S+/);
});

test('an event of another trigger does not run as a login', () => {
  state.source.value = { ...source, run: async () => entry() };
  state.show(entry({ kind: 'case', explanation: explanation({ outcome: outcome({ trigger: 'pre-user-registration' }) }) }));
  const html = render(<Side />);
  assert.match(html, /this is an event of pre-user-registration/);
  assert.match(html, /<button class="main" id="run" disabled/);
  state.show(entry());
  assert.doesNotMatch(render(<Side />), /id="run" disabled/);
});

test('the source is that of an Action that ran', () => {
  state.texts.value = ['one', 'two', 'three'].map((action) => ({ action, trigger: 'post-login', file: `${action}.js`, text: '' }));
  state.file.value = 'one.js';
  state.show(entry({ explanation: explanation({ claims: [], outcome: outcome({ usage: usage('two') }) }) }));
  assert.equal(state.file.value, 'two.js');
  // One that was chosen stays, while it has a part in what is shown.
  state.show(entry({ explanation: explanation({ claims: [], outcome: outcome({ usage: usage('two', 'three') }) }) }));
  assert.equal(state.file.value, 'two.js');
  state.texts.value = [];
});
