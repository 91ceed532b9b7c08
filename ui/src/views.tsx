// The other pages of a tenant: its users, sessions, applications and messages. Each has an address: `#Users`.

import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Dict, Json } from './model';
import * as state from './state';

export const VIEWS = ['Logins', 'Users', 'Sessions', 'Applications', 'Outbox'] as const;

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value));

const cell = (value: string | VNode) => (typeof value === 'string' ? <pre>{value}</pre> : value);
const list = (value: Json | undefined): string => (Array.isArray(value) ? value.map(text).join('\n') : '');
const when = (value: Json | undefined): string => {
  const date = new Date(text(value));
  return Number.isNaN(date.getTime()) ? '' : date.toLocaleString([], { hour12: false });
};

/** What an endpoint of the tenant lists, as a table with these columns. */
function Listing({ title, columns, load, empty, act }: {
  title: string; columns: [string, (it: Dict) => string | VNode][]; load: () => Promise<Dict[]> | undefined; empty: string; act?: { label: string; run: (it: Dict) => void | Promise<void> };
}) {
  const [found, setFound] = useState<Dict[] | null>(null);
  const again = () => state.attempt(async () => setFound((await load()) ?? []));
  useEffect(() => { setFound(null); void again(); }, [title]);
  return (
    <main class="detail view">
      <header class="subject"><h1>{title}</h1>{found && <span class="dim">{found.length}</span>}<button onClick={() => void again()}>Reload</button></header>
      {!found ? <p class="empty">Loading…</p> : found.length === 0 ? <p class="empty">{empty}</p> : (
        <table class="plain rows-table"><thead><tr>{columns.map(([name]) => <th key={name} scope="col">{name}</th>)}{act && <th scope="col">Do</th>}</tr></thead>
          <tbody>{found.slice(0, 500).map((it, index) => <tr key={index}>{columns.map(([name, of]) => <td key={name}>{cell(of(it))}</td>)}{act && <td><button onClick={() => void Promise.resolve(act.run(it)).then(again)}>{act.label}</button></td>}</tr>)}</tbody></table>
      )}
    </main>
  );
}

export function View() {
  const source = state.source.value;
  switch (state.view.value) {
    case 'Users': return (
      <Listing title="Users" load={() => source?.list?.('users?per_page=500&page=0')} empty="The tenant has no user. Start it with --users FILE, or sign one up."
        columns={[['User', (it) => text(it.email) || text(it.name)], ['Id', (it) => text(it.user_id)], ['user_metadata', (it) => text(it.user_metadata)], ['app_metadata', (it) => text(it.app_metadata)], ['Logins', (it) => text(it.logins_count) || '0']]}
        act={{ label: 'Run a login', run: (it) => { location.hash = ''; void state.run({ user_id: text(it.user_id) }); } }} />
    );
    case 'Sessions': return (
      <Listing title="Sessions" load={() => source?.list?.('sessions')} empty="No user is signed in. A login in a browser begins a session, and it is listed here."
        columns={[['User', (it) => text(it.user)], ['Applications', (it) => list(it.applications)], ['Methods', (it) => list(it.methods)], ['Created', (it) => when(it.created_at)], ['Last use', (it) => when(it.last_used_at)], ['Browser', (it) => text(it.device)]]}
        act={{ label: 'End', run: async (it) => { await state.attempt(async () => source?.endSession?.(text(it.id))); } }} />
    );
    case 'Applications': return (
      <Listing title="Applications" load={() => source?.list?.('clients')} empty="The tenant has no application."
        columns={[['Name', (it) => text(it.name)], ['Client ID', (it) => text(it.client_id)], ['Type', (it) => text(it.app_type)], ['Callbacks', (it) => list(it.callbacks)]]} />
    );
    default: return (
      <Listing title="Outbox" load={() => source?.mails?.()} empty="The tenant has sent no e-mail. Sign up a user or change a password, and the message appears here."
        columns={[['Date', (it) => when(it.date)], ['To', (it) => text(it.to)], ['Subject', (it) => text(it.subject) || [text(it.channel), text(it.template)].filter(Boolean).join(': ')], ['Link or code', (it) => text(it.url) || text(it.code)], ['Body', (it) => (it.error ? <span class="bad">{text(it.error)}</span> : <details><summary>Show</summary><pre>{text(it.body)}</pre></details>)]]} />
    );
  }
}

/** Shows the page that the address names, now and whenever it changes. */
export function followAddress(): void {
  const read = () => {
    const name = location.hash.slice(1);
    state.view.value = VIEWS.find((it) => it === name) ?? 'Logins';
  };
  addEventListener('hashchange', read);
  read();
}
