// CodeMirror: the source with its lit line and what ran in the gutter, the event as JSON, and two events side by side.

import { autocompletion, completionKeymap, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { history, historyKeymap, standardKeymap } from '@codemirror/commands';
import { typescriptLanguage } from '@codemirror/lang-javascript';
import { jsonLanguage, jsonParseLinter } from '@codemirror/lang-json';
import { bracketMatching, foldGutter, HighlightStyle, syntaxHighlighting, syntaxTree } from '@codemirror/language';
import { type Diagnostic, lintGutter, linter } from '@codemirror/lint';
import { MergeView } from '@codemirror/merge';
import { EditorState, type Extension, RangeSetBuilder, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, gutter, GutterMarker, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { EventProblem, Json } from './model';
import { marked } from './problems';

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.controlKeyword, tags.operatorKeyword], color: 'var(--code-keyword)' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: 'var(--code-string)' },
  { tag: [tags.comment], color: 'var(--code-comment)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--code-number)' },
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--code-property)' },
]);

/** The policy of the page admits the style sheets with its nonce. */
function base(label: string): Extension[] {
  const nonce = document.body.dataset.nonce;
  return [
    nonce ? EditorView.cspNonce.of(nonce) : [],
    syntaxHighlighting(colours),
    EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
    EditorView.theme({
      '&': { height: '100%', fontSize: '12.5px', backgroundColor: 'var(--paper)', color: 'var(--ink)' },
      '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5' },
      // Else a long name leaves the indentation on a line of its own.
      '.cm-lineWrapping': { wordBreak: 'break-all' },
      '.cm-gutters': { backgroundColor: 'var(--paper)', color: 'var(--dim)', border: 'none' },
      '.cm-content': { caretColor: 'var(--ink)' },
      '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '-2px' },
      '.cm-lit': { backgroundColor: 'var(--lit)', boxShadow: 'inset 3px 0 var(--focus)' },
      '.cm-tooltip': { backgroundColor: 'var(--paper)', color: 'var(--ink)', border: '1px solid var(--line)' },
      '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--select)', color: 'var(--ink)' },
      '.cm-ran': { color: 'var(--good)', width: '0.9em', textAlign: 'center' },
      '.cm-missed': { color: 'var(--bad)' },
      '.cm-foldPlaceholder': { backgroundColor: 'var(--shade)', color: 'var(--ink)', border: 'none' },
      '.cm-panels': { backgroundColor: 'var(--shade)', color: 'var(--ink)' },
    }),
  ];
}

const setLit = StateEffect.define<number>();
const litLine = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(value, transaction) {
    let next = value.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setLit)) continue;
      const number = effect.value;
      next = number >= 1 && number <= transaction.state.doc.lines
        ? Decoration.set([Decoration.line({ class: 'cm-lit' }).range(transaction.state.doc.line(number).from)])
        : Decoration.none;
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

class Mark extends GutterMarker {
  constructor(readonly sign: string, readonly kind: string, readonly title: string) { super(); }
  override eq(other: Mark): boolean { return other.sign === this.sign && other.title === this.title; }
  override toDOM(): Node {
    const element = document.createElement('span');
    element.className = this.kind;
    element.textContent = this.sign;
    element.title = this.title;
    return element;
  }
}

export interface LineMark { line: number; sign: string; kind: 'cm-ran' | 'cm-missed'; title: string }

const setMarks = StateEffect.define<LineMark[]>();
const marks = StateField.define<readonly LineMark[]>({
  create: () => [],
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setMarks)) return effect.value;
    return value;
  },
});
const markGutter = gutter({
  class: 'cm-ran',
  markers(view) {
    const builder = new RangeSetBuilder<GutterMarker>();
    const sorted = [...view.state.field(marks)].sort((one, other) => one.line - other.line);
    for (const mark of sorted) {
      if (mark.line < 1 || mark.line > view.state.doc.lines) continue;
      const from = view.state.doc.line(mark.line).from;
      builder.add(from, from, new Mark(mark.sign, mark.kind, mark.title));
    }
    return builder.finish();
  },
  initialSpacer: () => new Mark('●', 'cm-ran', ''),
});

export interface SourceEditor { set(text: string, marks: LineMark[]): void; light(line: number): void; destroy(): void }

export function sourceEditor(parent: HTMLElement): SourceEditor {
  const view = new EditorView({
    parent,
    state: EditorState.create({
      extensions: [base('Source of the Action'), typescriptLanguage, lineNumbers(), marks, markGutter, litLine, EditorState.readOnly.of(true), EditorView.lineWrapping, keymap.of(standardKeymap)],
    }),
  });
  return {
    set(text, list) {
      const changes = view.state.doc.toString() === text ? undefined : { from: 0, to: view.state.doc.length, insert: text };
      view.dispatch({ changes, effects: [setMarks.of(list), setLit.of(0)] });
    },
    light(line) {
      const inside = line >= 1 && line <= view.state.doc.lines;
      const effects: StateEffect<unknown>[] = [setLit.of(line)];
      if (inside) effects.push(EditorView.scrollIntoView(view.state.doc.line(line).from, { y: 'center' }));
      view.dispatch({ effects });
    },
    destroy: () => view.destroy(),
  };
}

/** The keys of the objects around a place, from the outside in. */
function pathAt(state: EditorState, position: number): string[] {
  const keys: string[] = [];
  for (let node = syntaxTree(state).resolveInner(position, -1).parent; node; node = node.parent) {
    if (node.name !== 'Property') continue;
    const name = node.getChild('PropertyName');
    if (!name || (position >= name.from && position <= name.to)) continue;
    try {
      keys.unshift(JSON.parse(state.sliceDoc(name.from, name.to)) as string);
    } catch {
      // A key that is being written.
    }
  }
  return keys;
}

type Schema = { [key: string]: Json };

function completions(root: () => Json) {
  return (context: CompletionContext): CompletionResult | null => {
    const schema = root() as Schema | null;
    const word = context.matchBefore(/"[^"\n]*/);
    if (!schema || (!word && !context.explicit)) return null;
    const before = context.state.sliceDoc(0, word ? word.from : context.pos).trimEnd();
    if (!/[{,]$/.test(before)) return null;
    let at: Schema | null = schema;
    for (const key of pathAt(context.state, context.pos)) {
      const properties = at?.properties as Schema | undefined;
      at = (properties?.[key] ?? at?.items ?? null) as Schema | null;
    }
    const properties = at?.properties as Schema | undefined;
    if (!properties) return null;
    const options = Object.entries(properties).map(([name, spec]) => ({
      label: `"${name}"`, apply: `"${name}": `, type: 'property', info: String((spec as Schema)?.description ?? ''),
    }));
    return { from: word ? word.from : context.pos, options, validFor: /^"[^"\n]*$/ };
  };
}

const parse = jsonParseLinter();

export interface EventEditor { set(text: string): void; destroy(): void }

interface EventOptions {
  readOnly: boolean; schema: () => Json; change: (text: string) => void; run: () => void;
  problems: (event: Json) => Promise<EventProblem[]>; marked: (messages: string[]) => void;
}

/** Marks what is not JSON, else what the trigger never sends. */
async function lint(view: EditorView, options: EventOptions): Promise<Diagnostic[]> {
  const { doc } = view.state;
  const text = doc.toString();
  let found: Diagnostic[] = text ? parse(view) : [];
  if (text && found.length === 0) found = marked(text, await options.problems(JSON.parse(text) as Json));
  // An edit meanwhile is looked at again.
  if (view.state.doc === doc) options.marked(found.map((it) => `line ${doc.lineAt(it.from).number}: ${it.message}`));
  return found;
}

export function eventEditor(parent: HTMLElement, options: EventOptions): EventEditor {
  let quiet = false;
  const view = new EditorView({
    parent,
    state: EditorState.create({
      extensions: [
        base('The event as JSON'), jsonLanguage, lineNumbers(), foldGutter(), bracketMatching(), history(),
        EditorState.readOnly.of(options.readOnly),
        options.readOnly ? [] : [lintGutter(), linter((view) => lint(view, options), { delay: 300 }), autocompletion({ override: [completions(options.schema)] })],
        keymap.of([{ key: 'Mod-Enter', run: () => { options.run(); return true; } }, ...completionKeymap, ...historyKeymap, ...standardKeymap]),
        EditorView.updateListener.of((update) => { if (update.docChanged && !quiet) options.change(update.state.doc.toString()); }),
      ],
    }),
  });
  return {
    set(text) {
      if (view.state.doc.toString() === text) return;
      quiet = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      quiet = false;
    },
    destroy: () => view.destroy(),
  };
}

/** Two texts side by side; returns what takes them away. */
export function sideBySide(parent: HTMLElement, one: string, other: string): () => void {
  const extensions = (label: string) => [base(label), jsonLanguage, lineNumbers(), EditorState.readOnly.of(true), EditorView.lineWrapping];
  const view = new MergeView({
    parent,
    a: { doc: one, extensions: extensions('The event of the pinned run') },
    b: { doc: other, extensions: extensions('The event of this run') },
    collapseUnchanged: { margin: 3, minSize: 6 },
    gutter: true,
  });
  return () => view.destroy();
}
