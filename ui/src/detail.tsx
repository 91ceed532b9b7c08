// The middle: the pipeline of a login and its tabs.

import { useEffect, useRef, useState } from 'preact/hooks';
import { sideBySide } from './editor';
import { Ledger, PlaceLink, Reason, WhyNot } from './ledger';
import { tone } from './list';
import type { Dict, Entry, Explanation, Json } from './model';
import { Pipeline } from './pipeline';
import { Requests } from './requests';
import { changes } from './rows';
import * as state from './state';
import { short, TOKENS } from './words';

const TABS: [string, string][] = [
  ['ledger', 'Claims'], ['id', 'ID token'], ['access', 'Access token'], ['userinfo', '/userinfo'], ['metadata', 'Metadata'],
  ['requests', 'Requests'], ['calls', 'Calls'], ['logs', 'Logs'], ['mail', 'E-mail'], ['diff', 'Difference'],
];

function Tabs({ entry }: { entry: Entry }) {
  const outcome = entry.explanation?.outcome;
  const counts: Record<string, number> = { requests: entry.requests?.length ?? 0, calls: outcome?.commands.length ?? 0, logs: (outcome?.logs.length ?? 0) + (outcome?.notices.length ?? 0) };
  const present = TABS.filter(([id]) => (id !== 'diff' || state.pinned.value) && (id !== 'mail' || state.source.value?.mails));
  const move = (event: KeyboardEvent) => {
    const index = present.findIndex(([id]) => id === state.tab.value);
    const next = event.key === 'ArrowRight' ? index + 1 : event.key === 'ArrowLeft' ? index - 1 : -1;
    const other = present[(next + present.length) % present.length];
    if (!['ArrowRight', 'ArrowLeft'].includes(event.key) || !other) return;
    event.preventDefault();
    state.tab.value = other[0];
    document.getElementById(`tab-${other[0]}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="What became of the login" onKeyDown={move}>
      {present.map(([id, title]) => (
        <button key={id} id={`tab-${id}`} role="tab" aria-selected={state.tab.value === id} aria-controls="tab-panel" tabIndex={state.tab.value === id ? 0 : -1}
          onClick={() => { state.tab.value = id; }}>{title}{counts[id] ? ` (${counts[id]})` : ''}</button>
      ))}
    </div>
  );
}

/** An object as a table: the claims of a token, metadata. */
function Table({ value, empty, marks }: { value: Dict; empty: string; marks?: Set<string> }) {
  const entries = Object.entries(value);
  if (entries.length === 0) return <p class="empty">{empty}</p>;
  return (
    <table class="plain"><tbody>
      {entries.map(([name, member]) => (
        <tr key={name} class={marks?.has(name) ? 'custom' : ''}><th scope="row">{name}</th><td><code>{typeof member === 'object' ? JSON.stringify(member, null, 2) : short(member, 2000)}</code>{stamp(name, member)}</td></tr>
      ))}
    </tbody></table>
  );
}

/** The times of a token, so that people read them. */
function stamp(name: string, value: Json): string {
  if (!['iat', 'exp', 'auth_time', 'nbf'].includes(name) || typeof value !== 'number') return '';
  const date = new Date(value * 1000);
  return Number.isNaN(date.getTime()) ? '' : ` ${date.toISOString()}`;
}

function copy(text: string): void {
  void state.attempt(() => navigator.clipboard.writeText(text));
}

function TokenTab({ explanation, token }: { explanation: Explanation; token: 'id_token' | 'access_token' }) {
  const { outcome } = explanation;
  const it = outcome[token];
  const custom = new Set(explanation.claims.filter((claim) => claim.token === token && claim.verdict === 'kept').map((claim) => claim.name));
  const opaque = token === 'access_token' && outcome.access_token.opaque;
  const empty = opaque ? 'The access token is opaque: it carries no claims. Request the audience of an API to get a JWT.' : `No ${TOKENS[token]} was issued: the login is ${outcome.status}.`;
  return (
    <>
      <p class="tools">
        {it.jwt && <button onClick={() => copy(it.jwt ?? '')}>Copy the token</button>}
        {Object.keys(it.claims).length > 0 && <button onClick={() => copy(JSON.stringify(it.claims, null, 2))}>Copy the claims</button>}
        {custom.size > 0 && <span class="dim">{custom.size} of Actions are marked</span>}
      </p>
      {it.jwt && <pre class="jwt" tabIndex={0} aria-label="The signed token">{it.jwt}</pre>}
      <Table value={it.claims} empty={empty} marks={custom} />
    </>
  );
}

function Metadata({ entry, explanation }: { entry: Entry; explanation: Explanation }) {
  const user = ((entry.event as Dict | null)?.user ?? {}) as Dict;
  return (
    <>
      {(['user_metadata', 'app_metadata'] as const).map((key) => {
        const before = (user[key] ?? {}) as Dict;
        const after = explanation.outcome.user[key];
        const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
        return (
          <section key={key}>
            <h2>{key}</h2>
            {names.length === 0 ? <p class="empty">Empty before and after the login.</p> : (
              <table class="plain"><tbody>
                {names.map((name) => {
                  const same = JSON.stringify(before[name]) === JSON.stringify(after[name]);
                  return <tr key={name}><th scope="row">{name}</th><td>{same ? <code>{short(after[name], 400)}</code> : <><del>{short(before[name], 200) || 'absent'}</del> → <ins>{short(after[name], 200) || 'absent'}</ins></>}</td></tr>;
                })}
              </tbody></table>
            )}
          </section>
        );
      })}
    </>
  );
}

function Calls({ explanation }: { explanation: Explanation }) {
  const only = state.onlyAction.value;
  const calls = explanation.outcome.commands.filter((it) => !only || it.action === only);
  const reads = explanation.reads.filter((it) => !only || it.action === only).slice(0, 500);
  return (
    <>
      <h2>Calls of api methods</h2>
      {calls.length === 0 ? <p class="empty">No Action called a method of api.</p> : (
        <table class="plain"><tbody>{calls.map((it, index) => <tr key={index}><th scope="row">{it.action}</th><td><code>{it.method}({it.args.map((argument) => short(argument, 120)).join(', ')})</code></td></tr>)}</tbody></table>
      )}
      <h2>Reads of the event</h2>
      {reads.length === 0 ? <p class="empty">No read was seen.</p> : (
        <table class="plain"><tbody>{reads.map((it, index) => (
          <tr key={index} onMouseEnter={() => { if (it.location?.file === state.file.value) state.light(it.location); }}>
            <th scope="row">{it.path}</th><td>{it.present ? <code>{short(it.value, 120)}</code> : <span class="warn">not there</span>} <PlaceLink place={it.location} /></td>
          </tr>
        ))}</tbody></table>
      )}
    </>
  );
}

function Logs({ explanation }: { explanation: Explanation }) {
  const only = state.onlyAction.value;
  const { outcome } = explanation;
  const logs = outcome.logs.filter((it) => !only || it.action === only);
  return (
    <>
      {outcome.error && <div class="fault" role="alert"><p class="bad"><b>{outcome.error.name}</b>: {outcome.error.message} <PlaceLink place={outcome.error.location} /></p>{outcome.error.stack && <pre>{outcome.error.stack}</pre>}</div>}
      {outcome.notices.map((it) => <p key={it.code + it.message} class="warn"><b>{it.code}</b>: {it.message}</p>)}
      {logs.length === 0 && !outcome.error && outcome.notices.length === 0 && <p class="empty">No Action printed anything. What console.log writes appears here.</p>}
      {logs.length > 0 && <table class="plain"><tbody>{logs.map((it, index) => <tr key={index}><th scope="row">{it.action}</th><td class={it.level === 'error' ? 'bad' : it.level === 'warn' ? 'warn' : ''}><pre>{it.message}</pre></td></tr>)}</tbody></table>}
    </>
  );
}

function Mail() {
  const [mails, setMails] = useState<Dict[] | null>(null);
  useEffect(() => { void state.attempt(async () => setMails((await state.source.value?.mails?.()) ?? [])); }, []);
  if (!mails) return <p class="empty">Loading…</p>;
  return <Mails mails={mails} />;
}

/** Messages that the tenant has sent: e-mails and texts. */
export function Mails({ mails }: { mails: Dict[] }) {
  if (mails.length === 0) return <p class="empty">The tenant has sent no e-mail. Sign up a user or change a password, and the message appears here.</p>;
  return <>{mails.map((it, index) => <section key={index} class="mail"><h2>{String(it.subject ?? it.template ?? '')}</h2><p class="dim">to {String(it.to ?? '')} {it.date ? `· ${String(it.date)}` : ''}</p>{it.url && <p><code>{String(it.url)}</code></p>}{it.body && <pre>{String(it.body)}</pre>}</section>)}</>;
}

function Difference({ entry }: { entry: Entry }) {
  const pinned = state.pinned.value;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current || !pinned) return undefined;
    return sideBySide(box.current, JSON.stringify(pinned.event, null, 2), JSON.stringify(entry.event, null, 2));
  }, [entry, pinned]);
  if (!pinned) return null;
  const found = changes(pinned, entry);
  const statuses = [pinned, entry].map((it) => it.explanation?.outcome.status ?? 'did not run');
  return (
    <>
      {statuses[0] !== statuses[1] && <p>Status: <del>{statuses[0]}</del> → <ins>{statuses[1]}</ins></p>}
      {found.length === 0 ? <p class="empty">The claims are the same as those of the pinned run.</p> : (
        <table class="ledger" aria-label="Claims that differ"><thead><tr><th scope="col">Token</th><th scope="col">Claim</th><th scope="col">Pinned</th><th scope="col">Now</th></tr></thead>
          <tbody>{found.map((it) => <tr key={it.token + it.name}><td>{TOKENS[it.token]}</td><td class="claim">{it.name}</td><td><del>{it.was}</del> {short(it.before, 60)}</td><td><ins>{it.is}</ins> {short(it.after, 60)}</td></tr>)}</tbody></table>
      )}
      <h2>Event</h2>
      <div class="merge" ref={box} />
    </>
  );
}

function Panel({ entry }: { entry: Entry }) {
  const explanation = entry.explanation;
  if (state.tab.value === 'mail') return <Mail />;
  if (!explanation) return <p class="empty">It did not run.</p>;
  switch (state.tab.value) {
    case 'id': return <TokenTab explanation={explanation} token="id_token" />;
    case 'access': return <TokenTab explanation={explanation} token="access_token" />;
    case 'userinfo': return <Table value={explanation.outcome.userinfo} empty="/userinfo answers nothing: no access token with the scope openid was issued." />;
    case 'metadata': return <Metadata entry={entry} explanation={explanation} />;
    case 'requests': return <Requests entry={entry} />;
    case 'calls': return <Calls explanation={explanation} />;
    case 'logs': return <Logs explanation={explanation} />;
    case 'diff': return <Difference entry={entry} />;
    default: return <><Ledger /><Reason /><WhyNot /></>;
  }
}

/** What the user of a login that waits does next. */
function Continue({ entry, explanation }: { entry: Entry; explanation: Explanation }) {
  const { status, redirect } = explanation.outcome;
  if (!state.source.value?.run || !['redirected', 'prompted', 'challenged'].includes(status)) return null;
  const steps = Array.isArray(entry.steps) ? entry.steps : [];
  const go = (step: Json) => void state.attempt(async () => JSON.parse(state.eventText.value) as Json).then((event) => {
    if (event !== undefined) void state.run({ login: state.known(), event, steps: [...steps, step] });
  });
  if (status === 'challenged') {
    return <p class="next">The login waits for a second factor. <button onClick={() => go({ challenge: 'succeed' })}>Pass</button> <button onClick={() => go({ challenge: 'fail' })}>Fail</button></p>;
  }
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const part = (name: string): Json => JSON.parse((form.elements.namedItem(name) as HTMLInputElement).value || '{}') as Json;
    void state.attempt(async () => {
      go({ continue: { query: part('query'), body: part('body') } });
    });
  };
  return (
    <form class="next" onSubmit={send}>
      <span>The login waits for <code>/continue</code>{redirect ? <> after <code>{redirect.url}</code></> : ''}.</span>
      <label>Query <input name="query" placeholder="{}" /></label><label>Body <input name="body" placeholder="{}" /></label><button>Continue</button>
    </form>
  );
}

export function Detail() {
  const entry = state.entry.value;
  if (!entry) {
    return <main class="detail"><div class="empty big"><h1>Select a login</h1><p>Every claim is listed with its verdict, the rule, the line that set it and the part of the event that it came from.</p></div></main>;
  }
  const explanation = entry.explanation;
  return (
    <main class="detail">
      <header class="subject">
        <h1>{entry.name || 'Login'}</h1>
        <span class={tone(entry.verdict || explanation?.outcome.status || 'error')}>{entry.verdict || explanation?.outcome.status || 'error'}</span>
        <span class="dim">{[entry.client, entry.date].filter(Boolean).join(' · ')}</span>
      </header>
      {entry.failures.length > 0 && <div class="failures" role="alert"><ul>{entry.failures.map((it, index) => <li key={index}>{it}</li>)}</ul></div>}
      {explanation && <Pipeline id={entry.id} explanation={explanation} />}
      {explanation && <Continue entry={entry} explanation={explanation} />}
      <Tabs entry={entry} />
      <div id="tab-panel" class="panel" role="tabpanel" aria-labelledby={`tab-${state.tab.value}`} tabIndex={0}><Panel entry={entry} /></div>
    </main>
  );
}
