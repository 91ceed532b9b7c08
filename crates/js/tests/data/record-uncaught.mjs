// Records in uncaught.jsonl how Node ends a process: `node-22 record-uncaught.mjs`, with no other version than 22.
//
// Each row has a `body`, which is run as the second line of a handler. What Node prints on standard error when it ends
// becomes `error`: the name, the message and the line of the first frame in the file. `printed` is standard output.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

if (!process.version.startsWith('v22.')) throw new Error(`production runs Node 22, this is ${process.version}`);

const rows = new URL('uncaught.jsonl', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'uncaught-'));
const file = join(folder, 'code.js');
const main = join(folder, 'main.js');
writeFileSync(main, "require('./code.js').onExecutePostLogin({}, {});\n");

function ended(stderr) {
    // What is no Error is printed as it is.
    const thrown = /\n(?:Uncaught:\n)?([^\n]*)\n\(Use `node --trace-uncaught/.exec(stderr);
    if (thrown) return { name: 'non-error', message: thrown[1] };
    const told = /^\[?([A-Za-z]\w*)(?: \[\w+\])?(?:: ([^\n]*?))?\]?(?: \{)?$/m.exec(stderr.split(/\n\n/).slice(1).join('\n\n'));
    if (!told) throw new Error(`cannot be read:\n${stderr}`);
    const frame = /code\.js:(\d+):\d+\)?$/m.exec(stderr);
    return { name: told[1], message: told[2] ?? '', ...(frame && { line: Number(frame[1]) }) };
}

const recorded = readFileSync(rows, 'utf8').trim().split('\n').map((line) => {
    const { body } = JSON.parse(line);
    writeFileSync(file, `exports.onExecutePostLogin = async (event, api) => {\n${body}\n};`);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', main], { encoding: 'utf8' });
    return `${JSON.stringify({ body, printed: stdout, ...(status !== 0 && { error: ended(stderr) }) })}\n`;
});
writeFileSync(rows, recorded.join(''));
rmSync(folder, { recursive: true });
