// A replay in Node, for benches/replay: each user of a part of the file through two versions, each in a fresh node:vm context; what they
// call is compared. Prints the number of users and of those that differ.
import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { load, login } from '../node/login.mjs';

const [before, after, users, template, part, parts] = process.argv.slice(2);
const event = JSON.parse(readFileSync(template, 'utf8'));
const sides = [load(before), load(after)];

const calls = async (script, text) => JSON.stringify(await login(script, text, (error, commands) => {
    commands.push(['error', String(error)]);
}));

let line = 0;
let count = 0;
let different = 0;
for await (const text of createInterface({ input: createReadStream(users), crlfDelay: Infinity })) {
    if (line++ % Number(parts) !== Number(part)) continue;
    const user = JSON.parse(text);
    user.app_metadata ??= {};
    user.user_metadata ??= {};
    const own = JSON.stringify({ ...event, user });
    const [left, right] = [await calls(sides[0], own), await calls(sides[1], own)];
    count++;
    if (left !== right) different++;
}
console.log(JSON.stringify({ count, different }));
