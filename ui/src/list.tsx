// The list of logins: only the rows in sight are in the document, so that ten thousand of them stay smooth.

import { signal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Summary } from './model';
import * as state from './state';
import { ms } from './words';

/** Pixels; the style sheet has the same. */
const ROW = 68;
const scroll = signal(0);
const height = signal(600);

const SIGNS: Record<string, string> = { allowed: '✓', passed: '✓', denied: '✗', failed: '✗', error: '✗', skipped: '–', redirected: '→', prompted: '…', challenged: '?' };
const KINDS: Record<string, string> = { run: 'run', case: 'case', left: 'left', right: 'right', generated: 'generated' };

export const tone = (status: string): string => (['allowed', 'passed'].includes(status) ? 'good' : ['denied', 'failed', 'error'].includes(status) ? 'bad' : 'warn');

function time(date: string): string {
  const parsed = new Date(date);
  return Number.isNaN(parsed.getTime()) ? '' : parsed.toLocaleTimeString([], { hour12: false });
}

function Item({ it, index }: { it: Summary; index: number }) {
  const chosen = state.selected.value === it.id;
  const notes = [it.note, ms(it.ms * 1000), it.dropped > 0 ? `${it.dropped} dropped` : '', it.client, KINDS[it.kind], time(it.date)].filter(Boolean).map((note) => ` · ${note}`).join('');
  return (
    <li id={`login-${it.id}`} role="option" aria-selected={chosen} aria-posinset={index + 1} aria-setsize={state.shown.value.length}
      class={`item ${chosen ? 'chosen' : ''}`} style={{ top: `${index * ROW}px` }} onClick={() => void state.open(it.id)} title={[it.name, it.status + notes, it.reason].filter(Boolean).join('\n')}>
      <span class={`sign ${tone(it.status)}`} aria-hidden="true">{SIGNS[it.status] ?? '•'}</span>
      <span class="name">{it.name || it.user || 'unknown user'}</span>
      <span class="notes"><b class={tone(it.status)}>{it.status}</b>{notes}</span>
    </li>
  );
}

function Empty() {
  const source = state.source.value;
  if (state.list.value.length > 0) return <p class="empty">No login matches the filter. <button onClick={() => { state.filter.value = ''; }}>Clear the filter</button></p>;
  if (!source?.live) return <p class="empty">The report has no login.</p>;
  return (
    <div class="empty">
      <p>No login yet. Sign in with an application, and it appears here.</p>
      <p><button class="main" onClick={() => void state.run({})}>Run a sample login</button></p>
    </div>
  );
}

export function List() {
  const box = useRef<HTMLUListElement>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const measure = () => { height.value = element.clientHeight; };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  useSignalEffect(() => {
    const index = state.shown.value.findIndex((it) => it.id === state.selected.value);
    const element = box.current;
    if (index < 0 || !element) return;
    if (index * ROW < element.scrollTop) element.scrollTop = index * ROW;
    else if ((index + 1) * ROW > element.scrollTop + element.clientHeight) element.scrollTop = (index + 1) * ROW - element.clientHeight;
  });
  const items = state.shown.value;
  const first = Math.max(0, Math.floor(scroll.value / ROW) - 4);
  const last = Math.min(items.length, Math.ceil((scroll.value + height.value) / ROW) + 4);
  const rendered = items.slice(first, last);
  const move = (event: KeyboardEvent) => {
    const index = items.findIndex((it) => it.id === state.selected.value);
    const step: Record<string, number> = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: items.length - 1, PageDown: index + 10, PageUp: index - 10 };
    const next = step[event.key];
    if (next === undefined || items.length === 0) return;
    event.preventDefault();
    const it = items[Math.max(0, Math.min(items.length - 1, next))];
    if (it) void state.open(it.id);
  };
  return (
    <section class="list" aria-label="Logins">
      <div class="bar">
        <input id="filter" type="search" placeholder="User, application, status" aria-label="Filter logins" value={state.filter.value}
          onInput={(event) => { state.filter.value = event.currentTarget.value; }} />
        {state.source.value?.tests && <button title="Run the cases of the project, and list them" disabled={state.busy.value} onClick={() => void state.test()}>Cases</button>}
        {state.source.value?.live && <span class={`live ${state.connected.value ? 'good' : 'bad'}`} role="status">{state.connected.value ? '● live' : '○ offline'}</span>}
      </div>
      {items.length === 0 && <Empty />}
      <ul ref={box} class="rows" role="listbox" tabIndex={0} aria-label={`${items.length} logins`} hidden={items.length === 0}
        aria-activedescendant={rendered.some((it) => it.id === state.selected.value) ? `login-${state.selected.value}` : undefined}
        onKeyDown={move} onScroll={(event) => { scroll.value = event.currentTarget.scrollTop; }}>
        <li class="space" role="presentation" style={{ height: `${items.length * ROW}px` }} />
        {rendered.map((it, offset) => <Item key={it.id} it={it} index={first + offset} />)}
      </ul>
    </section>
  );
}
