// Logins for tests.

import type { Claim, Entry, Explanation, HttpRequest, Outcome } from '../src/model';

export const outcome = (more: Partial<Outcome> = {}): Outcome => ({
  trigger: 'post-login', status: 'allowed', reason: null, id_token: { claims: { sub: '1', 'https://x.example/a': 1 } },
  access_token: { claims: {}, opaque: true }, userinfo: {}, user: { user_metadata: {}, app_metadata: {} }, ledger: [], commands: [], logs: [], notices: [],
  error: null, redirect: null, usage: { actions: [] }, ...more,
});

export const claim = (more: Partial<Claim> = {}): Claim => ({
  token: 'id_token', name: 'https://x.example/a', value: 1, verdict: 'kept', rule: null, page: null, action: 'one', location: { file: 'one.js', line: 2, column: 3 },
  overwritten_by: null, origins: [], remedies: [], ...more,
});

export const explanation = (more: Partial<Explanation> = {}): Explanation => ({
  outcome: outcome(), request: { protocol: 'oidc-basic-profile', scopes: ['openid'], audience: null, opaque: true }, claims: [claim()], expected: [], reads: [], limits: [], ...more,
});

export const entry = (more: Partial<Entry> = {}): Entry => ({
  id: '1', kind: 'run', name: 'jane@example.com', date: '2026-11-22T10:00:00.000Z', client: 'Shop', verdict: '', failures: [], duration_us: 1500,
  event: { user: { user_id: '1' } }, explanation: explanation(), frozen: '', steps: [], ...more,
});

export const request = (more: Partial<HttpRequest> = {}): HttpRequest => ({
  action: 'one', method: 'GET', url: 'https://api.example.com/users/7?full=1', headers: [['authorization', 'Bearer ***']], body: '', answered_by: 'mock 1', status: 200,
  error: null, response_headers: [['content-type', 'application/json']], response_body: '{"score":12}', ms: 250, ...more,
});

/** Markup that does something if it is not shown as text. */
export const HOSTILE = '</script><img src=x onerror="window.hacked=1"><b>&amp;';
