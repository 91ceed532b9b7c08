// The same Action in Node, for logins.rs: a fresh node:vm context for each login. Prints microseconds, one a line.
import { readFileSync } from 'node:fs';
import { load, login } from '../node/login.mjs';

const [source, eventFile, rounds] = process.argv.slice(2);
const event = readFileSync(eventFile, 'utf8');
const script = load(source);

for (let round = 0; round < Number(rounds); round++) {
    const start = process.hrtime.bigint();
    await login(script, event);
    console.log(Number(process.hrtime.bigint() - start) / 1000);
}
