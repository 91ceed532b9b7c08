// The right side: the source with the lit line, and the event below it.

import { useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { command } from './command';
import { type EventEditor, eventEditor, type LineMark, sourceEditor, type SourceEditor } from './editor';
import { ran } from './gutter';
import type { Entry, Json } from './model';
import * as state from './state';

let schema: Json = null;

/** What is known to have happened on the lines of a file: counted lines, else the lines of reads, claims and the error. */
function marks(entry: Entry | null, file: string, text: string): LineMark[] {
  const counted = entry?.coverage?.find((it) => it.file === file);
  if (counted) {
    return [...ran(text, counted)].map(([line, did]) => (did
      ? { line, sign: '●', kind: 'cm-ran', title: 'this line ran' }
      : { line, sign: '○', kind: 'cm-missed', title: 'this line did not run' }));
  }
  const found = new Map<number, LineMark>();
  const explanation = entry?.explanation;
  const add = (place: { file: string; line: number } | null | undefined, title: string, kind: LineMark['kind'] = 'cm-ran') => {
    if (place?.file === file) found.set(place.line, { line: place.line, sign: kind === 'cm-ran' ? '●' : '✗', kind, title });
  };
  for (const read of explanation?.reads ?? []) add(read.location, `ran: reads ${read.path}`);
  for (const claim of explanation?.claims ?? []) add(claim.location, `ran: sets ${claim.name}`);
  add(explanation?.outcome.error?.location, 'the error was thrown here', 'cm-missed');
  return [...found.values()];
}

function SourcePane() {
  const box = useRef<HTMLDivElement>(null);
  const editor = useRef<SourceEditor | null>(null);
  useEffect(() => {
    if (box.current) editor.current = sourceEditor(box.current);
    return () => editor.current?.destroy();
  }, []);
  useSignalEffect(() => {
    const file = state.file.value;
    const text = state.texts.value.find((it) => it.file === file)?.text ?? '';
    const place = state.lit.value;
    editor.current?.set(text, marks(state.entry.value, file, text));
    editor.current?.light(place?.file === file ? place.line : 0);
  });
  const texts = state.texts.value;
  const files = [...new Set(texts.map((it) => it.file))];
  return (
    <section class="source" aria-label="Source">
      <div class="bar">
        <label>Source <select value={state.file.value} onChange={(event) => { state.lit.value = null; state.file.value = event.currentTarget.value; }}>
          {files.length === 0 && <option value="">no source</option>}
          {files.map((file) => <option key={file} value={file}>{file}</option>)}
        </select></label>
        {state.lit.value && state.lit.value.file === state.file.value && <span class="dim" id="lit">line {state.lit.value.line}</span>}
      </div>
      <div class="code" ref={box} />
    </section>
  );
}

function EventPane() {
  const box = useRef<HTMLDivElement>(null);
  const editor = useRef<EventEditor | null>(null);
  const entry = state.entry.value;
  const live = Boolean(state.source.value?.run);
  useEffect(() => {
    if (live && schema === null) void state.source.value?.schema?.().then((found) => { schema = found; }, () => undefined);
    if (box.current) {
      editor.current = eventEditor(box.current, { readOnly: !live, schema: () => (state.otherTrigger() ? null : schema), change: (text) => { state.eventText.value = text; }, run: () => void state.again(),
        problems: async (event) => (state.otherTrigger() ? [] : (await state.source.value?.problems?.(event).catch(() => [])) ?? []), marked: (messages) => { state.eventProblems.value = messages; } });
      editor.current.set(state.eventText.value);
    }
    return () => editor.current?.destroy();
  }, [live]);
  useSignalEffect(() => editor.current?.set(state.eventText.value));
  const frozen = entry?.frozen || (live ? state.otherTrigger() : '');
  const problems = state.eventProblems.value;
  return (
    <section class="event" aria-label="Event">
      <div class="bar">
        <span class="title">Event</span>
        {live && entry && (
          <>
            <button class="main" id="run" disabled={Boolean(frozen) || state.busy.value} title={frozen || 'Run again with this event (Ctrl+Enter)'} onClick={() => void state.again()}>Run again</button>
            <button disabled={Boolean(frozen)} onClick={() => { state.dialog.value = 'user'; }}>As another user…</button>
            <button disabled={Boolean(frozen) || state.busy.value} title="Run logins with events generated from this one, and list them with what differs; nothing is stored" onClick={() => void state.tryOthers()}>Try {state.OTHERS} others</button>
            <button disabled={Boolean(frozen) || !entry.explanation || entry.kind === 'case'} onClick={() => { state.dialog.value = 'case'; }}>Save as case…</button>
          </>
        )}
        {entry && <button aria-pressed={state.pinned.value?.id === entry.id} onClick={() => { const on = state.pinned.value?.id !== entry.id; state.pinned.value = on ? entry : null; if (!on && state.tab.value === 'diff') state.tab.value = 'ledger'; }}>{state.pinned.value?.id === entry.id ? 'Unpin' : 'Pin'}</button>}
        {entry && <button title="The commands of a shell that run it again: the same event, clock, seed and steps" onClick={() => void state.attempt(() => navigator.clipboard.writeText(command(entry, state.eventText.value)))}>Copy as command</button>}
        {state.lastRunMs.value > 0 && <span class="dim" id="took">{Math.round(state.lastRunMs.value)} ms</span>}
      </div>
      {frozen && <p class="dim note">{frozen}</p>}
      <div role="status">{problems.length > 0 && <p class="warn note" title={problems.join('\n')}>{problems[0]}{problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''}</p>}</div>
      <div class="code" ref={box} />
    </section>
  );
}

export function Side() {
  return <aside class="side" aria-label="Source and event"><SourcePane /><EventPane /></aside>;
}
