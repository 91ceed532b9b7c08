// Records in language.jsonl what Node answers: `TZ=UTC node-22 record-language.mjs`, with no other version than 22.
//
// Each row is [what Node answers, the kind of the row, its arguments…]; language.js has the kinds.
import { readFileSync, writeFileSync } from 'node:fs';

if (!process.version.startsWith('v22.')) throw new Error(`production runs Node 22, this is ${process.version}`);

const rows = new URL('language.jsonl', import.meta.url);
const source = readFileSync(new URL('language.js', import.meta.url), 'utf8');
const answer = new Function('exports', 'require', 'module', `return ${source.slice(source.indexOf('(() =>'))}`)({}, undefined, {});
const recorded = readFileSync(rows, 'utf8').trim().split('\n').map((line) => {
    const [, kind, ...rest] = JSON.parse(line);
    return `${JSON.stringify([answer[kind](...rest), kind, ...rest])}\n`;
});
writeFileSync(rows, recorded.join(''));
