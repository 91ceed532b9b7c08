// Records in typescript.jsonl what TypeScript means: `node-22 record-typescript.mjs` beside node_modules with typescript 5.9, whose
// output runs in Node. Each row is [what it prints, the text]; a text prints by console.log.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';

const require = createRequire(`${process.cwd()}/`);
const ts = require('typescript');
if (!ts.version.startsWith('5.9.')) throw new Error(`the rows are of TypeScript 5.9, this is ${ts.version}`);

const compilerOptions = { target: 'es2022', module: 'commonjs', esModuleInterop: true, experimentalDecorators: true };
const rows = new URL('typescript.jsonl', import.meta.url);
const recorded = readFileSync(rows, 'utf8').trim().split('\n').map((line) => {
    const [, text] = JSON.parse(line);
    const { outputText } = ts.transpileModule(text, { compilerOptions });
    const printed = [];
    const log = (...values) => printed.push(values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value) ?? String(value))).join(' '));
    const module = { exports: {} };
    try {
        new Function('exports', 'require', 'module', 'console', outputText)(module.exports, require, module, { log });
    } catch (error) {
        printed.push(`${error.name}: ${error.message}`);
    }
    return `${JSON.stringify([printed, text])}\n`;
});
writeFileSync(rows, recorded.join(''));
