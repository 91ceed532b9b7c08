// Runs the Actions and the Rules of this folder in Node and writes what they print to expected/: `node record.mjs [NAME…]`.
// Requests to any host but refused.example.com are answered from routes.json.

import { readFileSync, readdirSync, writeFileSync, mkdirSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import { formatWithOptions } from 'node:util';
import vm from 'node:vm';

const require = createRequire(import.meta.url);
const here = new URL('.', import.meta.url).pathname;
const routes = JSON.parse(readFileSync(`${here}routes.json`, 'utf8'));

const server = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
        const route = routes.find(({ method, path }) => method === request.method && request.url.startsWith(path));
        response.writeHead(route?.status ?? 500, route?.headers ?? {});
        response.end(route ? route.body ?? Buffer.concat(chunks) : 'no route');
    });
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const { port } = server.address();

// Everything goes to the server above, without TLS.
const target = (host) => (host.startsWith('refused.') ? { port: 1 } : { port });
const plain = http.request;
const redirected = (...args) => {
    const callback = args.find((arg) => typeof arg === 'function');
    const options = Object.assign({}, ...args.filter((arg) => typeof arg !== 'function').map((arg) => {
        if (typeof arg !== 'string' && !(arg instanceof URL)) return arg;
        const url = new URL(arg);
        return { hostname: url.hostname, path: url.pathname + url.search };
    }));
    const host = options.hostname ?? options.host ?? 'localhost';
    return plain({ ...options, ...target(host), protocol: 'http:', hostname: '127.0.0.1', host: '127.0.0.1', agent: undefined, createConnection: undefined }, callback);
};
http.request = https.request = redirected;
http.get = https.get = (...args) => { const request = redirected(...args); request.end(); return request; };
const realFetch = globalThis.fetch;
globalThis.fetch = async (resource, options) => {
    const request = new Request(resource, options);
    const url = new URL(request.url);
    const body = ['GET', 'HEAD'].includes(request.method) ? undefined : await request.arrayBuffer();
    return realFetch(`http://127.0.0.1:${target(url.hostname).port}${url.pathname}${url.search}`, { method: request.method, headers: request.headers, body });
};

// As production does it: a realm of its own whose globals are those of this one.
function load(file) {
    const names = Object.getOwnPropertyNames(globalThis).filter((name) => !['globalThis', 'global', 'undefined', 'NaN', 'Infinity', 'eval'].includes(name));
    const context = vm.createContext({ ...Object.fromEntries(names.map((name) => [name, globalThis[name]])), require: createRequire(file) });
    const module = { exports: {} };
    vm.runInContext(`(function (module, exports, console) { ${readFileSync(file, 'utf8')}\n})`, context, file)(module, module.exports, console);
    return module.exports;
}

// `lodash@3.10.1` is the package that package.json calls so, whatever it is called here.
const { dependencies } = JSON.parse(readFileSync(`${here}package.json`, 'utf8'));
const aliases = Object.fromEntries(Object.entries(dependencies).map(([alias, wanted]) => [wanted.startsWith('npm:') ? wanted.slice(4) : `${alias}@${wanted}`, alias]));
const requireForRules = (specifier) => {
    const [, name, version, file] = /^(@[^@/]+\/[^@/]+|[^@/]+)(?:@([^/]+))?(\/.*)?$/.exec(specifier);
    return require((version ? aliases[`${name}@${version}`] : name) + (file ?? ''));
};
const legacyGlobals = { _: 'lodash', lodash: 'lodash', async: 'async', jwt: 'jsonwebtoken', request: 'request', xtend: 'xtend' };

// A Rule prints, and then how it called back and with which claims.
async function runRule(file, console) {
    const around = Object.fromEntries(Object.entries(legacyGlobals).map(([name, from]) => [name, require(from)]));
    const names = ['require', 'console', 'configuration', ...Object.keys(around)];
    const rule = vm.runInThisContext(`(function (${names}) { return (${readFileSync(file, 'utf8')}\n); })`, file)(requireForRules, console, {}, ...Object.values(around));
    const user = structuredClone(event.user);
    const context = { idToken: {}, accessToken: {} };
    const ended = await new Promise((done) => rule(user, context, (error, user, context) => done(error ? error.message : context.idToken)));
    console.log(`called back: ${JSON.stringify(ended)}`);
}

const event = JSON.parse(readFileSync(`${here}../../fixtures/events/vendor-default.json`, 'utf8'));
mkdirSync(`${here}expected`, { recursive: true });
const names = process.argv.slice(2);
for (const file of ['actions', 'rules'].flatMap((folder) => readdirSync(`${here}${folder}`).map((name) => `${folder}/${name}`))) {
    const name = file.replace(/^actions\/|\.js$/g, '').replace('/', '-');
    if (names.length > 0 && !names.includes(name)) continue;
    let printed = '';
    const { log } = console;
    console.log = (...args) => { printed += `${formatWithOptions({}, ...args)}\n`; };
    try {
        if (file.startsWith('rules/')) await runRule(`${here}${file}`, console);
        else await load(`${here}${file}`).onExecutePostLogin(structuredClone(event), {});
        writeFileSync(`${here}expected/${name}.txt`, printed);
    } catch (error) {
        log(name, error);
    } finally {
        console.log = log;
    }
}
server.close();
process.exit(0);
