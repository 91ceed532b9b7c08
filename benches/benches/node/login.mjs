// One login in Node, for the benches that compare with it: an Action in a fresh node:vm context, with an `api` that records its calls.
import { readFileSync } from 'node:fs';
import vm from 'node:vm';

/** Compiles the Action in a file. */
export const load = (file) => new vm.Script(`(function (exports, require, module, console) { ${readFileSync(file, 'utf8')}\n})`, { filename: file });

/** Runs it with an event, which is JSON, and returns the calls; `fail` gets what the handler throws. */
export async function login(script, event, fail = (error) => { throw error; }) {
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
        await module.exports.onExecutePostLogin(JSON.parse(event), api);
    } catch (error) {
        fail(error, commands);
    }
    return commands;
}
