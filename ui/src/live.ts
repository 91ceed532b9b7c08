// The local tenant as a source of data: its control API, by the cookie of this page.

import type { Dict, Entry, Json, Outcome, Report, RunRequest, Source, SourceText, Summary } from './model';
import * as state from './state';

/** Requests carry a header that no page of another origin can add without asking. */
async function ask<T>(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<T> {
  const headers: Record<string, string> = { 'x-postlogin-page': '1' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: 'same-origin' });
  const text = await response.text();
  let answer: unknown;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    throw new Error(`The tenant answered ${response.status} without JSON.`);
  }
  if (!response.ok) {
    const reason = (answer as { error?: string } | null)?.error ?? `status ${response.status}`;
    throw new Error(response.status === 401 ? 'This page is not signed in any more: open the link that the tenant printed.' : reason);
  }
  return answer as T;
}

/** The cases and generated logins that ran last: the page keeps them. */
const cases = new Map<string, Entry>();

export function live(title: string): Source {
  return {
    live: true,
    title,
    entry: async (id) => cases.get(id) ?? ask<Entry>(`logins/${encodeURIComponent(id)}`),
    sources: () => ask<SourceText[]>('sources'),
    run: (request: RunRequest) => ask<Entry>('runs', request),
    users: async () => {
      const users = await ask<Dict[]>('users?per_page=200&page=0');
      const text = (value: Json | undefined) => (typeof value === 'string' ? value : '');
      return users.map((user) => ({ user_id: text(user.user_id), name: text(user.name), email: text(user.email) }));
    },
    tests: async () => {
      const found = await ask<Report>('tests', {});
      for (const [id, it] of cases) if (it.kind === 'case') cases.delete(id);
      for (const it of found.entries) {
        it.id = `case-${it.id}`;
        cases.set(it.id, it);
      }
      return found;
    },
    mails: async () => {
      const [mails, texts] = await Promise.all([ask<Dict[]>('emails'), ask<Dict[]>('texts')]);
      return [...mails, ...texts].sort((one, other) => String(other.date).localeCompare(String(one.date)));
    },
    generate: async (request) => {
      const found = await ask<{ seed: string; entries: Entry[] }>('generated', request);
      for (const it of found.entries) cases.set(it.id, it);
      return found;
    },
    endSession: (id) => ask<void>(`sessions/${encodeURIComponent(id)}`, undefined, 'DELETE'),
    list: (path) => ask<Dict[]>(path),
    schema: () => ask<Json>('event-schema'),
    caseText: (request) => ask('cases', { ...request, write: false }),
    saveCase: (request) => ask('cases', { ...request, write: true }),
  };
}

interface LogEntry { type: string; id?: string; date?: string; user?: string; user_id?: string; client_id?: string; outcome?: Outcome; error?: string }

const clients = new Map<string, string>();

function summary(it: LogEntry): Summary | null {
  if (it.type !== 'login' || !it.id) return null;
  const outcome = it.outcome;
  const claims = outcome?.id_token.claims ?? {};
  const name = [claims.email, it.user, claims.name, claims.nickname, outcome?.userinfo?.email].find((value) => typeof value === 'string' && value);
  const count = (verdict: string) => outcome?.ledger.filter((claim) => claim.verdict === verdict).length ?? 0;
  const us = outcome?.usage.actions.reduce((sum, action) => sum + action.wall_us, 0) ?? 0;
  return {
    id: it.id, kind: 'login', name: String(name ?? it.user_id ?? ''), user: it.user_id ?? '', client: clients.get(it.client_id ?? '') ?? it.client_id ?? '',
    date: it.date ?? '', status: outcome?.status ?? 'error', reason: outcome?.reason ?? it.error ?? '', ms: us / 1000, dropped: count('dropped'),
  };
}

/** Follows the tenant's log: what is there, then what comes. Asks again when the connection ends. */
export async function follow(): Promise<void> {
  for (const client of await ask<Dict[]>('clients')) {
    if (typeof client.client_id === 'string') clients.set(client.client_id, typeof client.name === 'string' ? client.name : client.client_id);
  }
  for (;;) {
    try {
      await stream();
    } catch {
      // The tenant may have stopped; it is asked again below.
    }
    state.connected.value = false;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function stream(): Promise<void> {
  const response = await fetch('events', { headers: { 'x-postlogin-page': '1' }, credentials: 'same-origin' });
  if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
  state.connected.value = true;
  const known = new Set(state.list.value.map((it) => it.id));
  let waiting: Summary[] = [];
  let scheduled = false;
  // Many entries at once are one change of the list.
  const flush = () => {
    scheduled = false;
    // A login that waited for its user has an entry, and another one when it ends: the later one counts.
    const latest = new Map(waiting.map((it) => [it.id, it]));
    waiting = [];
    const changed = new Set<string>();
    const list = state.list.value.map((it) => {
      const now = latest.get(it.id);
      if (!now || now.status === it.status) return it;
      changed.add(it.id);
      return now;
    });
    const fresh = [...latest.values()].filter((it) => !known.has(it.id));
    if (fresh.length === 0 && changed.size === 0) return;
    for (const it of fresh) known.add(it.id);
    state.list.value = [...fresh.reverse(), ...list].slice(0, 20_000);
    if (changed.has(state.selected.value)) void state.open(state.selected.value);
  };
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const data = part.split('\n').find((line) => line.startsWith('data: '));
      if (!data) continue;
      const it = summary(JSON.parse(data.slice(6)) as LogEntry);
      if (it) waiting.push(it);
    }
    if (waiting.length > 0 && !scheduled) {
      scheduled = true;
      setTimeout(flush, 30);
    }
  }
}
