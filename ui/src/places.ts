// Where in the sources a request may have been made. The sandbox does not say, so this compares the calls of HTTP clients in the
// source of the Action with what was asked: method, and the parts of the URL that are written there.

import { typescriptLanguage } from '@codemirror/lang-javascript';
import { lines } from './gutter';
import type { HttpRequest, Place, SourceText } from './model';

const CLIENTS = ['axios', 'got', 'ky', 'needle', 'node-fetch', 'request', 'superagent', 'undici', 'http', 'https', 'node:http', 'node:https'];
const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete', 'head', 'options']);

/** The names by which a source calls HTTP clients. */
function names(text: string): Set<string> {
  const found = new Set(['fetch', 'globalThis']);
  for (const [, name, given] of text.matchAll(/([\w$]+)\s*=\s*(?:await\s+)?(?:require|import)\(\s*['"`]([^'"`]+)['"`]/g)) if (name && CLIENTS.includes(given ?? '')) found.add(name);
  for (const [, name, given] of text.matchAll(/import\s+(?:\*\s+as\s+)?([\w$]+)\s+from\s+['"]([^'"]+)['"]/g)) if (name && CLIENTS.includes(given ?? '')) found.add(name);
  return found;
}

/** How much of the URL the first argument has written out; -1 when something that it has is not there. */
function fit(argument: string, url: string): number {
  let score = 0;
  for (const [, quoted, template] of argument.matchAll(/['"]([^'"\n]*)['"]|`([^`]*)`/g)) {
    const parts = quoted !== undefined ? [quoted] : (template ?? '').split(/\$\{[^}]*\}/);
    let at = 0;
    for (const part of parts) {
      if (!/^https?:|^\//.test(part) && quoted !== undefined) continue;
      at = url.indexOf(part, at);
      if (at < 0) return -1;
      at += part.length;
      score += part.length;
    }
  }
  return score;
}

/** The calls that fit best, in their order; none when no call of a known client does. `ran` says of a line whether it ran. */
export function placesOf(request: HttpRequest, sources: SourceText[], ran: (file: string, line: number) => boolean | undefined): Place[] {
  let best = 0;
  let found: Place[] = [];
  for (const { file, text } of sources.filter((it) => !request.action || it.action === request.action)) {
    const clients = names(text);
    const lineOf = lines(text);
    typescriptLanguage.parser.parse(text).iterate({
      enter(node) {
        if (node.name !== 'CallExpression') return;
        const callee = node.node.firstChild;
        const argument = node.node.getChild('ArgList')?.firstChild?.nextSibling;
        if (!callee || !argument) return;
        const parts = text.slice(callee.from, callee.to).split(/\s*\??\.\s*/);
        const method = parts.length > 1 ? parts.at(-1)?.toLowerCase() ?? '' : '';
        if (!clients.has(parts[0] ?? '') || (METHODS.has(method) && method !== request.method.toLowerCase())) return;
        const line = lineOf(node.from);
        if (ran(file, line) === false) return;
        const score = fit(text.slice(argument.from, argument.to), request.url);
        if (score < best) return;
        if (score > best) found = [];
        best = score;
        const column = node.from - text.lastIndexOf('\n', node.from - 1);
        found.push({ file, line, column });
      },
    });
  }
  return found;
}
