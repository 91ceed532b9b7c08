// The page: of the local tenant, or of a report that is one file.

import './style.css';
import { render } from 'preact';
import { Detail } from './detail';
import { Dialogs } from './dialogs';
import { List } from './list';
import { follow, live } from './live';
import type { Report } from './model';
import { report } from './report';
import { Side } from './side';
import * as state from './state';
import { followAddress, View, VIEWS } from './views';

function App() {
  const source = state.source.value;
  return (
    <>
      <header class="top">
        <span class="brand">postlogin</span><span class="dim">{source?.title}</span>
        {source?.live && <nav aria-label="Pages">{VIEWS.map((name) => <a key={name} href={`#${name}`} aria-current={state.view.value === name ? 'page' : undefined}>{name}</a>)}</nav>}
        <span class="fill" />
        {state.busy.value && <span class="dim" role="status">working…</span>}
        <button onClick={() => { state.dialog.value = 'help'; }} aria-label="Keyboard shortcuts">?</button>
      </header>
      {state.problem.value && <p class="problem" role="alert">{state.problem.value} <button onClick={() => { state.problem.value = ''; }}>Dismiss</button></p>}
      {state.view.value === 'Logins' ? <div class="columns"><List /><Detail /><Side /></div> : <View />}
      <Dialogs />
    </>
  );
}

function keys(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || state.dialog.value) return;
  if (target.closest('input, select, textarea, .cm-editor')) return;
  if (event.key === '/') {
    event.preventDefault();
    document.getElementById('filter')?.focus();
  } else if (event.key === '?') {
    state.dialog.value = 'help';
  } else if (event.key === 'r' && state.entry.value && state.source.value?.run) {
    void state.again();
  } else if (event.key === 'p' && state.entry.value) {
    state.pinned.value = state.pinned.value?.id === state.entry.value.id ? null : state.entry.value;
  }
}

const data = document.getElementById('postlogin-data');
if (data) {
  const read = JSON.parse(data.textContent ?? '') as Report;
  state.source.value = report(read);
  state.report.value = read;
  state.texts.value = read.sources;
  state.list.value = read.entries.map(state.summary);
  const first = read.entries.find((it) => it.verdict === 'failed' || it.kind === 'right') ?? read.entries[0];
  if (first) state.show(first);
} else {
  state.source.value = live(document.body.dataset.title || location.host);
  followAddress();
  void state.attempt(follow);
  state.busy.value = false;
}
document.addEventListener('keydown', keys);
const root = document.getElementById('page');
if (root) {
  // The page comes with a bar, so that something is seen while the script is read.
  root.textContent = '';
  render(<App />, root);
}
