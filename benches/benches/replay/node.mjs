// A replay in Node, for benches/replay: each user of a part of the file through two versions, each in a fresh node:vm context; what they
// call is compared. Prints the number of users and of those that differ.
import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import vm from 'node:vm';

const [before, after, users, template, part, parts] = process.argv.slice(2);
const event = JSON.parse(readFileSync(template, 'utf8'));
const load = (file) => new vm.Script(`(function (exports, require, module, console) { ${readFileSync(file, 'utf8')}\n})`, { filename: file });
const sides = [load(before), load(after)];

async function login(script, text) {
    const context = vm.createContext({ Buffer, URL, fetch, setTimeout });
    const module = { exports: {} };
    script.runInContext(context)(module.exports, () => ({}), module, console);
    const commands = [];
    const record = (method) => (...args) => { commands.push([method, args]); return api; };
    const api = {
        access: { deny: record('access.deny') },
        idToken: { setCustomClaim: record('idToken.setCustomClaim') },
        accessToken: { setCustomClaim: record('accessToken.setCustomClaim') },
        user: { setUserMetadata: record('user.setUserMetadata'), setAppMetadata: record('user.setAppMetadata') },
    };
    try {
        await module.exports.onExecutePostLogin(JSON.parse(text), api);
    } catch (error) {
        commands.push(['error', String(error)]);
    }
    return JSON.stringify(commands);
}

let line = 0;
let count = 0;
let different = 0;
for await (const text of createInterface({ input: createReadStream(users), crlfDelay: Infinity })) {
    if (line++ % Number(parts) !== Number(part)) continue;
    const user = JSON.parse(text);
    user.app_metadata ??= {};
    user.user_metadata ??= {};
    const own = JSON.stringify({ ...event, user });
    const [left, right] = [await login(sides[0], own), await login(sides[1], own)];
    count++;
    if (left !== right) different++;
}
console.log(JSON.stringify({ count, different }));
