'use strict';

const path = require('node:path');
const { fileURLToPath } = require('node:url');
const { childFor } = require('./child.js');
const { answerOf, patternOf } = require('./http.js');
const { plain, time } = require('./values.js');

/** A login may take a minute; then there is the queue before it. */
const DEFAULT_TIMEOUT_MS = 120_000;
/** A function that answers requests is asked at most so often in one login. */
const MOST_ANSWERS = 200;

/** The request was wrong: an unknown key, an Action that is not there or does not compile. */
class PostloginError extends Error {
    constructor(problems) {
        const shown = problems.map(ofLibrary);
        super(shown.map(({ message, hint }) => (hint ? `${message}\n  hint: ${hint}` : message)).join('\n'));
        this.name = 'PostloginError';
        this.problems = shown;
    }
}

/** Keys that a request of the library spells otherwise, or does not have. */
const SPELLED = { secrets_file: 'secretsFile', token_response: 'tokenResponse', reveal_secrets: 'revealSecrets' };
const OF_FILES = ['cases', 'each', 'matrix', 'only', 'skip', 'snapshot', 'todo'];

/** A problem in the words of the library: its user wrote no line of JSON, and no file that contains it. */
function ofLibrary({ message, hint }) {
    const shown = { message: message.replace(/^<stdin \d+>:\d+:\d+: /, '').replace(/^<stdin(?: \d+)?>/, 'the request').replace(' in a case', ' in a request').replace(' beside this one', ' in `cwd`') };
    if (hint === 'a path is relative to the file that contains it') shown.hint = 'paths are relative to `cwd` of the runner';
    else if (hint?.startsWith('known keys are ')) {
        const keys = hint.slice('known keys are '.length).split(', ');
        shown.hint = `known keys are ${keys.filter((key) => !OF_FILES.includes(key)).map((key) => SPELLED[key] ?? key).join(', ')}`;
    } else shown.hint = hint;
    return shown;
}

/** What `expect` of a request wanted is not what happened. */
class ExpectationError extends Error {
    constructor(failures, outcome) {
        super(failures.map(failureLine).join('\n'));
        this.name = 'ExpectationError';
        this.failures = failures;
        this.outcome = outcome;
    }
}

function failureLine(failure) {
    if (failure.path === undefined) return failure.message ?? JSON.stringify(failure);
    return `${failure.path}: expected ${JSON.stringify(failure.expected)}, got ${JSON.stringify(failure.actual)}`;
}

class Runner {
    #defaults;
    #child;
    #timeoutMs;
    #cwd;

    constructor({ cwd = process.cwd(), env = process.env, timeoutMs = DEFAULT_TIMEOUT_MS, ...defaults } = {}) {
        this.#cwd = path.resolve(plainPath(cwd));
        this.#child = childFor(this.#cwd, { ...env });
        if (!(timeoutMs > 0)) throw new TypeError(`\`timeoutMs\` is a number of milliseconds, not ${String(timeoutMs)}`);
        this.#timeoutMs = timeoutMs;
        this.#defaults = defaults;
    }

    /** The id of the process that answers, while there is one. */
    get pid() {
        return this.#child.pid;
    }

    /** Runs one login. */
    async login(request = {}) {
        if (typeof request !== 'object' || request === null) throw new TypeError(`a request is an object, not ${String(request)}`);
        const { http, ...rest } = joined(this.#defaults, request);
        const wanted = this.#written(rest);
        const { answers, mocks } = split(http);
        if (mocks !== undefined) wanted.http = mocks;
        if (answers.length === 0) return outcomeOf(await this.#child.ask(wanted, this.#timeoutMs), wanted);
        return this.#answered(wanted, mocks ?? [], answers);
    }

    /** Gets the process ready: the first login on a machine compiles the JavaScript engine, which takes seconds. */
    async prepare() {
        await this.#child.prepare();
    }

    /** Ends the process, which other runners of the same folder share; it starts again when it is needed. */
    async close() {
        await this.#child.close();
    }

    async [Symbol.asyncDispose]() {
        await this.close();
    }

    /**
     * A login whose requests a function answers. The sandbox cannot call it, so the login stops at a request that nothing answers, the
     * function is asked, and the login runs again from the beginning with that answer: clock and seed make it the same login.
     */
    async #answered(wanted, mocks, answers) {
        const given = [];
        for (;;) {
            // The function sees the requests as they are.
            const answer = await this.#child.ask({ ...wanted, reveal_secrets: true, http: [...mocks, ...given] }, this.#timeoutMs);
            const open = answer.requests?.find((request) => request.response.refused !== undefined);
            const reply = open && (await firstReply(answers, open));
            if (!reply) {
                if (wanted.reveal_secrets) return outcomeOf(answer, wanted);
                break;
            }
            if (given.length >= MOST_ANSWERS) {
                throw new PostloginError([{ message: `the login made more than ${MOST_ANSWERS} requests to a function of \`http\``, hint: 'answer them by mocks' }]);
            }
            given.push({ request: patternOf(open), response: reply, times: 1 });
        }
        return outcomeOf(await this.#child.ask({ ...wanted, http: [...mocks, ...given] }, this.#timeoutMs), wanted);
    }

    /** A request as the process reads it. */
    #written({ actions, event, user, client, modules, now, revealSecrets = true, secrets, secretsFile, tokenResponse, with: patch, ...rest }) {
        for (const [name, given] of Object.entries({ event, user, client, with: patch, tokenResponse, ...rest })) {
            if (!(given instanceof URL)) plain(given, name);
        }
        if (secrets !== undefined && !isObject(secrets)) throw new TypeError(`\`secrets\` is an object of names and values, not ${String(secrets)}`);
        const written = { ...rest, reveal_secrets: revealSecrets };
        if (actions !== undefined) written.actions = [actions].flat().map((action) => this.#path(action));
        for (const [key, value] of Object.entries({ event, user, client, secrets_file: secretsFile })) {
            if (value !== undefined) written[key] = typeof value === 'string' || value instanceof URL ? this.#path(value) : value;
        }
        if (patch !== undefined) written.with = patch;
        if (tokenResponse !== undefined) written.token_response = tokenResponse;
        if (now !== undefined) written.now = time(now);
        if (secrets !== undefined) written.secrets = Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, String(value)]));
        if (modules !== undefined) {
            const one = (module) => (typeof module === 'string' || module instanceof URL ? this.#path(module) : module);
            written.modules = Object.fromEntries(Object.entries(modules).map(([name, module]) => [name, one(module)]));
        }
        return written;
    }

    /** A path or a name of an Action; a file: URL, such as `new URL('./fake.js', import.meta.url)`, is the path of its file. */
    #path(given) {
        const plain = plainPath(given);
        if (!path.isAbsolute(plain)) return plain;
        return path.relative(this.#cwd, plain) || '.';
    }
}

function plainPath(given) {
    return given instanceof URL || (typeof given === 'string' && given.startsWith('file:')) ? fileURLToPath(given) : given;
}

/** Keys of a request win over the runner's; `secrets`, `cache`, `modules` and `set` are joined by name, `with` at all levels. */
function joined(defaults, request) {
    const both = { ...defaults, ...withoutUndefined(request) };
    for (const key of ['secrets', 'cache', 'modules', 'set']) {
        if (defaults[key] && request[key]) both[key] = { ...defaults[key], ...request[key] };
    }
    if (defaults.with && request.with) both.with = merged(defaults.with, request.with);
    return both;
}

const withoutUndefined = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

/** Two JSON Merge Patches (RFC 7396) as one; null is kept, because it removes. */
function merged(below, above) {
    if (!isObject(below) || !isObject(above)) return above;
    const keys = new Set([...Object.keys(below), ...Object.keys(above)]);
    return Object.fromEntries([...keys].map((key) => [key, Object.hasOwn(above, key) ? merged(below[key], above[key]) : below[key]]));
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Mocks as data, and functions. */
function split(http) {
    const list = http === undefined ? [] : Array.isArray(http) ? http : [http];
    const answers = list.filter((one) => typeof one === 'function');
    if (typeof http === 'string') return { answers, mocks: http };
    const mocks = list.filter((one) => typeof one !== 'function');
    return { answers, mocks: http === undefined ? undefined : mocks };
}

async function firstReply(answers, request) {
    for (const answer of answers) {
        const reply = await answer({ method: request.method, url: request.url, headers: request.headers, body: request.body });
        if (reply !== undefined && reply !== null) return answerOf(reply);
    }
    return undefined;
}

function outcomeOf(answer, wanted) {
    if (answer.errors) throw new PostloginError(answer.errors);
    if (!answer.outcome) throw new PostloginError(answer.failures);
    const { outcome } = answer;
    if (wanted.expect !== undefined && !answer.passed) throw new ExpectationError(answer.failures, outcome);
    return outcome;
}

/** Creates a runner; its options are the defaults of its logins. */
function createRunner(options) {
    return new Runner(options);
}

module.exports = { ExpectationError, PostloginError, createRunner };
