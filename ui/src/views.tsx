// The other pages of a tenant: its users, applications and messages.

import { useEffect, useState } from 'preact/hooks';
import type { Dict, Json } from './model';
import * as state from './state';

export const VIEWS = ['Logins', 'Users', 'Applications', 'Outbox'] as const;

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value));

/** What an endpoint of the tenant lists, as a table with these columns. */
function Listing({ title, columns, load, empty, act }: {
  title: string; columns: [string, (it: Dict) => string][]; load: () => Promise<Dict[]> | undefined; empty: string; act?: { label: string; run: (it: Dict) => void };
}) {
  const [found, setFound] = useState<Dict[] | null>(null);
  useEffect(() => { void state.attempt(async () => setFound((await load()) ?? [])); }, [title]);
  return (
    <main class="detail view">
      <h1>{title}</h1>
      {!found ? <p class="empty">Loading…</p> : found.length === 0 ? <p class="empty">{empty}</p> : (
        <table class="plain rows-table"><thead><tr>{columns.map(([name]) => <th key={name} scope="col">{name}</th>)}{act && <th scope="col">Do</th>}</tr></thead>
          <tbody>{found.slice(0, 500).map((it, index) => <tr key={index}>{columns.map(([name, of]) => <td key={name}><pre>{of(it)}</pre></td>)}{act && <td><button onClick={() => act.run(it)}>{act.label}</button></td>}</tr>)}</tbody></table>
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
        act={{ label: 'Run a login', run: (it) => { state.view.value = 'Logins'; void state.run({ user_id: text(it.user_id) }); } }} />
    );
    case 'Applications': return (
      <Listing title="Applications" load={() => source?.list?.('clients')} empty="The tenant has no application."
        columns={[['Name', (it) => text(it.name)], ['Client ID', (it) => text(it.client_id)], ['Type', (it) => text(it.app_type)], ['Callbacks', (it) => (Array.isArray(it.callbacks) ? it.callbacks.map(text).join('\n') : '')]]} />
    );
    default: return (
      <Listing title="Outbox" load={() => source?.mails?.()} empty="The tenant has sent no e-mail. Sign up a user or change a password, and the message appears here."
        columns={[['Date', (it) => text(it.date)], ['To', (it) => text(it.to)], ['Subject', (it) => text(it.subject) || text(it.template)], ['Link or code', (it) => text(it.url) || text(it.code)]]} />
    );
  }
}
