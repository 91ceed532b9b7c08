// The same Action in Node, for logins.rs: a fresh node:vm context for each login. Prints microseconds, one a line.
import { readFileSync } from 'node:fs';
import vm from 'node:vm';

const [source, eventFile, rounds] = process.argv.slice(2);
const text = readFileSync(source, 'utf8');
const event = readFileSync(eventFile, 'utf8');
const script = new vm.Script(`(function (exports, require, module, console) { ${text}\n})`, { filename: source });

async function login() {
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
    await module.exports.onExecutePostLogin(JSON.parse(event), api);
    return commands.length;
}

for (let round = 0; round < Number(rounds); round++) {
    const start = process.hrtime.bigint();
    await login();
    console.log(Number(process.hrtime.bigint() - start) / 1000);
}
