'use strict';

// A local tenant for end-to-end tests: `postlogin serve` on a free port, with nothing kept.

const { spawn } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
// Those of now: a test may replace the global ones by fakes, and a fake clock must end no process.
const { clearTimeout, setTimeout } = require('node:timers');
const { fileURLToPath } = require('node:url');
const { binary, cannotStart } = require('./binary.js');
const { PostloginProcessError } = require('./child.js');
const { PostloginError } = require('./runner.js');

/** The file that `users` becomes. */
const USERS = 'users.json';
const START_MS = 60_000;
const STOP_MS = 7_000;
/** So long after an answer that did not come the end of the process is waited for. */
const END_MS = 200;
/** So many lines of the server's messages are kept. */
const MOST_LINES = 1000;
const OPTIONS = new Set(['callbacks', 'cwd', 'env', 'host', 'http', 'issuer', 'keep', 'memory', 'port', 'project', 'secrets', 'secretsFile', 'startMs', 'timeout', 'users']);
/** What `createRunner` takes, and a tenant gets otherwise. */
const ELSEWHERE = { actions: 'a tenant runs the binding of its project: postlogin.toml, or an export', modules: 'a tenant takes no modules; createRunner does' };

class Tenant {
    #child;
    #folder;
    #token;
    #ended;

    constructor({ child, folder, token, issuer, lines, ended }) {
        this.#child = child;
        this.#folder = folder;
        this.#token = token;
        this.#ended = ended;
        this.issuer = issuer;
        this.url = issuer.replace(/\/$/, '');
        this.domain = new URL(issuer).host;
        this.port = Number(new URL(issuer).port);
        this.lines = lines;
    }

    get pid() {
        return this.#child.pid;
    }

    /** The token of the control API. */
    get controlToken() {
        return this.#token;
    }

    /** Asks the control API: `tenant.control('POST', 'clock', { advance_s: 3600 })`. */
    async control(method, route, body) {
        const asked = fetch(`${this.url}/_postlogin/${route}`, {
            method,
            headers: { authorization: `Bearer ${this.#token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
            body: body === undefined ? undefined : JSON.stringify(body),
        });
        const response = await asked.catch((error) => this.#unanswered(error));
        const text = await response.text();
        if (!response.ok) throw new Error(`${method} /_postlogin/${route}: ${response.status} ${text}`);
        return text === '' ? undefined : JSON.parse(text);
    }

    /** Nobody answered: because the tenant has ended, or for the reason that is given. */
    async #unanswered(error) {
        // The connection breaks before the end of the process is known.
        const end = await Promise.race([this.#ended, new Promise((resolve) => setTimeout(resolve, END_MS))]);
        if (end === undefined) throw error;
        const how = end.signal ? `was ended by ${end.signal}` : `ended with exit code ${end.code}`;
        const said = end.code === 0 ? '' : this.lines.slice(-10).join('\n').trim();
        throw new PostloginProcessError(`the tenant ${how}${said ? `\n${said}` : ''}`, { ...end, cause: error });
    }

    /** The applications, with their secrets. */
    clients() {
        return this.control('GET', 'clients');
    }

    /** The e-mails that were sent. */
    emails() {
        return this.control('GET', 'emails');
    }

    /** What happened: each login with its outcome. */
    log() {
        return this.control('GET', 'log');
    }

    /** Back to the beginning: no sessions, tokens, changes, e-mails. */
    async reset() {
        await this.control('POST', 'reset', {});
    }

    /** Stops the tenant. */
    async close() {
        if (this.#child.exitCode === null && this.#child.signalCode === null) {
            this.#child.ref();
            this.#child.stdin.end();
            const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
            await this.#ended;
            clearTimeout(timer);
        }
        rmSync(this.#folder, { recursive: true, force: true });
    }

    async [Symbol.asyncDispose]() {
        await this.close();
    }
}

/** Starts a tenant; the promise is there when it answers. */
async function serve(options = {}) {
    checked(options);
    const { cwd = process.cwd(), env = process.env, startMs = START_MS } = options;
    const token = randomBytes(24).toString('base64url');
    const folder = mkdtempSync(path.join(tmpdir(), 'postlogin-'));
    let child;
    try {
        const args = argumentsOf(options, folder);
        const program = binary({ env });
        child = spawn(program, args, {
            cwd: plain(cwd),
            env: { ...env, NO_COLOR: '1', POSTLOGIN_CONTROL_TOKEN: token },
            stdio: ['pipe', 'pipe', 'pipe'],
            windowsHide: true,
        });
        child.stdin.on('error', () => {});
        const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
        const { issuer, lines } = await ready(program, child, ended, startMs, plain(cwd), path.join(folder, USERS));
        for (const one of [child, child.stdin, child.stdout, child.stderr]) one.unref?.();
        return new Tenant({ child, folder, token, issuer, lines, ended });
    } catch (error) {
        child?.kill('SIGKILL');
        rmSync(folder, { recursive: true, force: true });
        throw error;
    }
}

function ready(program, child, ended, startMs, cwd, users) {
    const lines = [];
    let rest = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text) => {
        const parts = (rest + text).split('\n');
        rest = parts.pop();
        lines.push(...parts);
        lines.splice(0, lines.length - MOST_LINES);
    });
    return new Promise((resolve, reject) => {
        const fail = (message, details) => {
            clearTimeout(timer);
            // The file of `users` is gone when this is read.
            const said = [...lines, rest].join('\n').trim().replaceAll(users, USERS);
            reject(new PostloginProcessError(said ? `${message}\n${said}` : message, details));
        };
        const timer = setTimeout(() => fail(`the tenant did not start within ${startMs / 1000} s`), startMs);
        child.once('error', (error) => {
            const why = cannotStart(program, error, cwd);
            fail(why.hint ? `${why.message}\nhint: ${why.hint}` : why.message, { cause: error });
        });
        ended.then(({ code, signal }) => fail(`the tenant did not start: ${signal ?? `exit code ${code}`}`, { code, signal }));
        let text = '';
        child.stdout.setEncoding('utf8');
        child.stdout.on('data', (more) => {
            text = (text + more).slice(0, 10_000);
            const end = text.indexOf('\n');
            if (end === -1) return;
            clearTimeout(timer);
            resolve({ issuer: text.slice(0, end), lines });
        });
    });
}

/** Refuses what would start a tenant without what was asked for. */
function checked(options) {
    const refuse = (message, hint) => {
        throw new PostloginError([{ message, hint }]);
    };
    if (typeof options !== 'object' || options === null || Array.isArray(options)) refuse('the options of `serve` are an object');
    for (const [name, value] of Object.entries(options)) {
        if (OPTIONS.has(name) || value === undefined) continue;
        const known = `options of \`serve\` are ${[...OPTIONS].join(', ')}`;
        const near = OPTIONS.has(`${name}s`) ? `did you mean '${name}s'?` : undefined;
        refuse(`unknown option '${name}' of \`serve\``, near ?? ELSEWHERE[name] ?? known);
    }
    if ([options.http].flat().some((one) => typeof one === 'function')) {
        refuse('`http` of a tenant is a list of exchanges or the path of a file of them, not a function', 'createRunner takes functions');
    }
    if (options.project === undefined) return;
    const project = path.resolve(plain(options.cwd ?? '.'), plain(options.project));
    if (!statSync(project, { throwIfNoEntry: false })?.isDirectory()) refuse(`\`project\`: ${project} is not a folder`);
}

/** The command line. Users and mocks that are values become files, which only this user may read. */
function argumentsOf(options, folder) {
    const { project, port = 0, host, issuer, users, callbacks = [], secrets, secretsFile, http, keep = false, timeout, memory } = options;
    const args = ['serve', '--until-stdin-ends', '--port', String(port)];
    const add = (name, value) => value !== undefined && args.push(name, plain(value));
    const file = (name, value) => {
        const written = path.join(folder, name);
        writeFileSync(written, typeof value === 'string' ? value : JSON.stringify(value), { mode: 0o600 });
        return written;
    };
    add('--project', project);
    add('--host', host);
    add('--issuer', issuer);
    add('--timeout', timeout);
    add('--memory', memory);
    if (!keep) args.push('--ephemeral');
    for (const callback of [callbacks].flat()) add('--callback', callback);
    if (Array.isArray(users) && users.every((user) => typeof user === 'object' && !(user instanceof URL))) {
        args.push('--users', file(USERS, users));
    } else if (users !== undefined) {
        for (const one of [users].flat()) add('--users', one);
    }
    if (Array.isArray(http)) args.push('--http', file('http.json', http));
    else add('--http', http);
    // A file, not options: other users of the machine see a command line.
    if (secrets === undefined) {
        add('--secrets-file', secretsFile);
    } else {
        const given = secretsFile === undefined ? '' : `${readFileSync(path.resolve(plain(options.cwd ?? '.'), plain(secretsFile)), 'utf8')}\n`;
        const lines = Object.entries(secrets).map(([name, value]) => `${name}=${quoted(String(value))}\n`);
        args.push('--secrets-file', file('secrets.env', given + lines.join('')));
    }
    return args;
}

const ESCAPES = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\', $: '\\$' };

/** A value for a dotenv file, in double quotes. */
const quoted = (value) => `"${value.replace(/[\n\r\t"\\$]/g, (one) => ESCAPES[one])}"`;

const plain = (given) => (given instanceof URL ? fileURLToPath(given) : String(given));

module.exports = { serve };
