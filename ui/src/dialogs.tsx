// Dialogs: another user, save as a case, help.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import * as state from './state';

function Dialog({ title, children }: { title: string; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => { element.current?.showModal(); }, []);
  return (
    <dialog ref={element} aria-label={title} onClose={() => { state.dialog.value = ''; }}>
      <header><h2>{title}</h2><button aria-label="Close" onClick={() => element.current?.close()}>✕</button></header>
      {children}
    </dialog>
  );
}

function OtherUser() {
  const [users, setUsers] = useState<{ user_id: string; name: string; email: string }[] | null>(null);
  const [words, setWords] = useState('');
  useEffect(() => { void state.attempt(async () => setUsers((await state.source.value?.users?.()) ?? [])); }, []);
  const found = (users ?? []).filter((it) => `${it.user_id} ${it.name} ${it.email}`.toLowerCase().includes(words.toLowerCase()));
  const choose = (id: string) => {
    state.dialog.value = '';
    const login = state.known();
    void state.run({ login, event: login ? undefined : state.entry.value?.event, user_id: id });
  };
  return (
    <Dialog title="Run as another user">
      <input type="search" aria-label="Filter users" placeholder="Filter" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
      {users && found.length === 0 && <p class="empty">The tenant has no such user.</p>}
      <ul class="users">{found.slice(0, 100).map((it) => <li key={it.user_id}><button onClick={() => choose(it.user_id)}><b>{it.email || it.name || it.user_id}</b> <span class="dim">{it.user_id}</span></button></li>)}</ul>
    </Dialog>
  );
}

function SaveCase() {
  const entry = state.entry.value;
  const [name, setName] = useState(entry?.name ?? '');
  const [shown, setShown] = useState<{ file: string; text: string } | null>(null);
  const [saved, setSaved] = useState('');
  if (!entry) return null;
  const request = { id: entry.id, name };
  return (
    <Dialog title="Save as case">
      <form onSubmit={(event) => { event.preventDefault(); void state.attempt(async () => setShown((await state.source.value?.caseText?.(request)) ?? null)); }}>
        <label>Description <input value={name} onInput={(event) => { setName(event.currentTarget.value); setShown(null); }} /></label>
        <button>Show the file</button>
      </form>
      {state.problem.value && <p class="bad" role="alert">{state.problem.value}</p>}
      {shown && (
        <>
          <p><code>{shown.file}</code></p>
          <pre class="case" tabIndex={0} aria-label="The file">{shown.text}</pre>
          {saved ? <p class="good" role="status">Written: <code>{saved}</code></p>
            : <button class="main" onClick={() => void state.attempt(async () => setSaved((await state.source.value?.saveCase?.(request))?.file ?? ''))}>Write the file</button>}
        </>
      )}
    </Dialog>
  );
}

const KEYS: [string, string][] = [
  ['/', 'filter the logins'], ['↑ ↓', 'the next login, claim or tab'], ['Enter', 'show the reason and the line of a claim'],
  ['Ctrl+Enter', 'run again with the event in the editor'], ['r', 'run again'], ['p', 'pin this run, to compare others with it'], ['?', 'this list'], ['Esc', 'close a dialog'],
];

function Help() {
  return <Dialog title="Keys"><table class="plain"><tbody>{KEYS.map(([key, what]) => <tr key={key}><th scope="row"><kbd>{key}</kbd></th><td>{what}</td></tr>)}</tbody></table></Dialog>;
}

export function Dialogs() {
  switch (state.dialog.value) {
    case 'user': return <OtherUser />;
    case 'case': return <SaveCase />;
    case 'help': return <Help />;
    default: return null;
  }
}
