// What is wrong with the event in the editor: what the tenant reports of it, at the places in the text.

import { jsonLanguage } from '@codemirror/lang-json';
import type { EventProblem } from './model';

type Node = ReturnType<ReturnType<typeof jsonLanguage.parser.parse>['resolveInner']>;

export interface Marked { from: number; to: number; severity: 'warning'; message: string }

const VALUES = ['Object', 'Array', 'String', 'Number', 'True', 'False', 'Null'];

const valueOf = (node: Node): Node | null => (VALUES.includes(node.name) ? node : VALUES.map((name) => node.getChild(name)).find(Boolean) ?? null);

/** The member of an object or array; of several with one key, the last, as in JavaScript. */
function member(text: string, value: Node | null, key: string | number): Node | null {
  if (value?.name === 'Array') return VALUES.flatMap((name) => value.getChildren(name)).sort((one, other) => one.from - other.from)[Number(key)] ?? null;
  return value?.getChildren('Property').findLast((it) => {
    const name = it.getChild('PropertyName');
    return name && JSON.parse(text.slice(name.from, name.to)) === key;
  }) ?? null;
}

/** The places of problems in a text that is valid JSON: the key of an unknown property, else the value. */
export function marked(text: string, problems: EventProblem[]): Marked[] {
  const top = jsonLanguage.parser.parse(text).topNode;
  return problems.map(({ path, message, hint, unknown }) => {
    let at: Node | null = valueOf(top);
    for (const [index, key] of path.entries()) {
      const found: Node | null = member(text, at, key);
      if (!found) break;
      const name = found.getChild('PropertyName');
      at = unknown && name && index === path.length - 1 ? name : valueOf(found);
    }
    const { from, to } = at ?? top;
    return { from, to, severity: 'warning', message: hint ? `${message}; ${hint}` : message };
  });
}
