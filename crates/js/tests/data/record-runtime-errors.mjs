// Records runtime-errors.jsonl with Node 22: node record-runtime-errors.mjs < sources > runtime-errors.jsonl
// Each line of standard input is a JSON row with a `source`, the body of an async function. What V8 throws for it is written
// next to it: class, message, and the innermost place in the source (0:0 when the stack has none).
import { createInterface } from 'node:readline';
import { types } from 'node:util';
import { createContext, runInContext } from 'node:vm';

if (!process.version.startsWith('v22.')) throw new Error(`production runs Node 22, this is ${process.version}`);

process.on('unhandledRejection', () => {});

// A realm of its own whose globals are those of the realm around it, as in production.
function realm() {
    const context = createContext({});
    const inner = runInContext('globalThis', context);
    const own = ['globalThis', 'global', 'undefined', 'NaN', 'Infinity', 'eval'];
    for (const name of Object.getOwnPropertyNames(globalThis)) {
        if (own.includes(name)) continue;
        const { enumerable } = Object.getOwnPropertyDescriptor(globalThis, name);
        Object.defineProperty(inner, name, { value: globalThis[name], writable: true, configurable: true, enumerable });
    }
    return context;
}

for await (const line of createInterface({ input: process.stdin })) {
    const { source } = JSON.parse(line);
    let run;
    try {
        run = runInContext(`(async () => {\n${source}\n})`, realm(), { filename: 'code.js', lineOffset: -1 });
    } catch {
        continue; // a text that does not compile: syntax-errors.jsonl
    }
    try {
        await run();
    } catch (error) {
        if (!types.isNativeError(error)) continue;
        // What runs in eval has no place of its own.
        const frames = error.stack.slice(`${error}`.length).split('\n').filter((frame) => !frame.includes('eval at'));
        const place = /code\.js:(\d+):(\d+)/.exec(frames.join('\n')) ?? [0, 0, 0];
        const v8 = { name: error.name, message: error.message, line: Number(place[1]), column: Number(place[2]) };
        console.log(JSON.stringify({ source, v8 }));
    }
}
