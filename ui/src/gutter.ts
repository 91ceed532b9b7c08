// What is known of each line of a source: the counts are of lines on which a statement or a function begins; here they become
// those of every line with code.

import { typescriptLanguage } from '@codemirror/lang-javascript';
import type { LineCount } from './model';

type Node = ReturnType<ReturnType<typeof typescriptLanguage.parser.parse>['resolveInner']>;

const FUNCTIONS = new Set(['ArrowFunction', 'FunctionExpression', 'FunctionDeclaration', 'MethodDeclaration']);
const isStatement = (name: string): boolean => /(Statement|Declaration)$/.test(name) && name !== 'MethodDeclaration';

/** The line of each offset, from 1. */
export function lines(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}

/** The first statement in a part of a source: that of the block after `else`. */
function firstInside(node: Node | null): Node | null {
  for (let child = node?.name === 'Block' ? node.firstChild : node; child; child = child.nextSibling) if (isStatement(child.name)) return child;
  return null;
}

/** Whether each line with code ran, by its number. */
export function ran(text: string, counted: LineCount): Map<number, boolean> {
  const tree = typescriptLanguage.parser.parse(text);
  const lineOf = lines(text);
  const statements = new Map(counted.lines);
  const functions = new Map(counted.functions ?? []);
  const found = new Map<number, boolean>();

  const count = (offset: number): number | undefined => {
    const token = tree.resolveInner(offset, 1);
    if (/Comment$/.test(token.name)) return undefined;
    if (['else', 'catch', 'finally'].includes(token.name)) {
      let after = token.nextSibling;
      while (after && after.name !== 'Block' && !isStatement(after.name)) after = after.name === 'CatchClause' ? after.firstChild : after.nextSibling;
      const inside = firstInside(after);
      return inside ? statements.get(lineOf(inside.from)) : undefined;
    }
    for (let node: Node | null = token; node; node = node.parent) {
      if (FUNCTIONS.has(node.name)) {
        const body = node.lastChild;
        const inBody = body && offset >= body.from && body.name !== 'Block';
        const isHead = lineOf(node.from) === lineOf(offset) && ['FunctionDeclaration', 'MethodDeclaration'].includes(node.name);
        const calls = functions.get(lineOf(node.from));
        if ((inBody || isHead) && calls !== undefined) return calls;
      }
      if (!isStatement(node.name)) continue;
      const known = statements.get(lineOf(node.from));
      if (known !== undefined) return known;
    }
    return undefined;
  };

  let start = 0;
  text.split('\n').forEach((content, index) => {
    const own = statements.get(index + 1);
    // A line of closing brackets has no code of its own.
    const first = content.search(/[^\s})\];,]/);
    const times = own ?? (first < 0 ? undefined : count(start + first));
    if (times !== undefined) found.set(index + 1, times > 0);
    start += content.length + 1;
  });
  return found;
}
