'use strict';

// One process that answers logins: a JSON object on each line in both directions (`postlogin run --stdin-json`). It is started by
// the first request, shared by all runners of a worker, and started again when it has died. It does not keep Node alive.

const { spawn } = require('node:child_process');
// Those of now: a test may replace the global ones by fakes, and a fake clock must end no process.
const { clearTimeout, setTimeout } = require('node:timers');
const { binary, cannotStart } = require('./binary.js');

/** So much of what the process printed last is shown when it dies, in characters. */
const TAIL = 4000;
/** The longest answer that is kept while its line has no end, in characters: Node's strings have no more than half a GiB. */
const LONGEST_ANSWER = 256 << 20;

/** How long a process may take to get ready, in milliseconds. */
const LONGEST_PREPARATION_MS = 180_000;
/** The lines on stderr that announce a compilation. */
const COMPILING = /^compiling /m;
const { version: VERSION } = require('../package.json');

/** The process died, or could not be started, while a login waited for it. */
class PostloginProcessError extends Error {
    constructor(message, details = {}) {
        super(message, details.cause ? { cause: details.cause } : undefined);
        this.name = 'PostloginProcessError';
        this.code = details.code ?? null;
        this.signal = details.signal ?? null;
    }
}

class Child {
    #options;
    #process = null;
    #waiting = new Map(); // id → { resolve, reject, timer }
    #number = 0;
    #ready = null;

    /** @param {{ cwd: string, env: NodeJS.ProcessEnv, key: string }} options */
    constructor(options) {
        this.#options = options;
    }

    /** The process's id, while there is one. */
    get pid() {
        return this.#process?.child.pid;
    }

    /** Sends a request; its answer comes back as the promise's value. */
    ask(request, timeoutMs) {
        return new Promise((resolve, reject) => {
            let line;
            const id = ++this.#number;
            try {
                // The id first: the program finds it also in a line that is too long.
                line = `${JSON.stringify({ id, ...request })}\n`;
                // One that has died while nothing waited: its end may not have been reported yet.
                if (this.#process && hasEnded(this.#process.child)) this.#process = null;
                this.#process ??= this.#start();
            } catch (error) {
                reject(error);
                return;
            }
            const running = this.#process;
            const timer = setTimeout(() => {
                const message = `postlogin did not answer within ${timeoutMs / 1000} s, so its process was ended${said(running)}`;
                this.#end(running, new PostloginProcessError(message, { signal: 'SIGKILL' }));
                running.child.kill('SIGKILL');
            }, timeoutMs);
            timer.unref();
            this.#waiting.set(id, { resolve, reject, timer });
            running.hold(true);
            running.child.stdin.write(line);
        });
    }

    /**
     * Gets the process ready for logins, once: the first on a machine compiles the JavaScript engine, which takes longer than a test
     * may. The program has to be of the version of this package.
     */
    prepare() {
        this.#ready ??= this.ask({ prepare: true }, LONGEST_PREPARATION_MS).then((answer) => {
            if (answer.errors) throw new PostloginProcessError(answer.errors.map(({ message }) => message).join('\n'));
            const found = answer.prepared?.version;
            if (found !== VERSION) {
                throw new PostloginProcessError(`${this.#process?.program ?? 'the program'} has the version ${found ?? 'of an earlier time'}, and the package postlogin ${VERSION}: install both again`);
            }
        });
        this.#ready.catch(() => (this.#ready = null));
        return this.#ready;
    }

    /** Ends the process; what waits fails. */
    async close() {
        const running = this.#process;
        if (!running) return;
        this.#end(running, new PostloginProcessError('the runner was closed while this login waited'));
        running.hold(true);
        const ended = new Promise((resolve) => running.child.once('exit', resolve));
        running.child.stdin.end();
        let timer;
        const patience = new Promise((resolve) => {
            timer = setTimeout(resolve, 2000);
        });
        await Promise.race([ended, patience]);
        clearTimeout(timer);
        if (hasEnded(running.child)) return;
        // A compilation comes to its end and is kept, so that the next run needs none.
        if (running.isCompiling) running.hold(false);
        else {
            running.child.kill('SIGKILL');
            await ended;
        }
    }

    #start() {
        const program = binary({ env: this.#options.env });
        // Its own standard error: a note such as `compiled the JavaScript engine` is not part of a test's output.
        const child = spawn(program, ['run', '--stdin-json'], {
            cwd: this.#options.cwd,
            env: { ...this.#options.env, NO_COLOR: '1' },
            stdio: ['pipe', 'pipe', 'pipe'],
            windowsHide: true,
        });
        const running = { child, program, tail: '', isCompiling: false, hold: (isHeld) => hold(child, isHeld) };
        let rest = [];
        let length = 0;
        child.stdout.setEncoding('utf8');
        child.stdout.on('data', (text) => {
            let start = 0;
            for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
                rest.push(text.slice(start, end));
                this.#answered(running, rest.join(''));
                [rest, length] = [[], 0];
                start = end + 1;
            }
            rest.push(text.slice(start));
            length += text.length - start;
            if (length > LONGEST_ANSWER) child.kill('SIGKILL');
        });
        child.stderr.setEncoding('utf8');
        child.stderr.on('data', (text) => {
            running.tail = (running.tail + text).slice(-TAIL);
            // What takes so long that a test may give up is said at once.
            running.isCompiling = COMPILING.test(text);
            if (this.#options.env.POSTLOGIN_LOG || running.isCompiling) process.stderr.write(text);
        });
        // A write to a process that has just died: its exit is what is reported.
        child.stdin.on('error', () => {});
        child.on('error', (error) => {
            const why = error.syscall?.startsWith('spawn') ? cannotStart(program, error, this.#options.cwd) : error;
            const hint = why.hint ? `\nhint: ${why.hint}` : '';
            this.#end(running, new PostloginProcessError(`${why.message}${hint}`, { cause: error }));
        });
        // `close`, not `exit`: the last answers and messages have been read by then.
        child.on('close', (code, signal) => {
            const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
            const message = `the process of ${program} ${how} while this login waited; the next login starts a new one${said(running)}`;
            this.#end(running, new PostloginProcessError(message, { code, signal }));
        });
        running.hold(false);
        return running;
    }

    #answered(running, line) {
        if (running !== this.#process) return;
        let answer;
        try {
            answer = JSON.parse(line);
        } catch (error) {
            this.#end(running, new PostloginProcessError(`postlogin answered what is not JSON: ${line.slice(0, 200)}`, { cause: error }));
            running.child.kill('SIGKILL');
            return;
        }
        // An answer without an id is to a line that could not be read: answers come in the order of the requests.
        const id = answer.id ?? this.#waiting.keys().next().value;
        const waiting = this.#waiting.get(id);
        if (!waiting) return;
        this.#waiting.delete(id);
        clearTimeout(waiting.timer);
        if (this.#waiting.size === 0) running.hold(false);
        waiting.resolve(answer);
    }

    /** The process is done for: only what waits for it fails. */
    #end(running, error) {
        if (running !== this.#process) return;
        this.#process = null;
        running.hold(false);
        const waiting = [...this.#waiting.values()];
        this.#waiting.clear();
        for (const { reject, timer } of waiting) {
            clearTimeout(timer);
            reject(error);
        }
    }
}

/** What the process printed last. */
const said = ({ tail }) => (tail.trim() ? `\n${tail.trim()}` : '');

const hasEnded = (child) => child.exitCode !== null || child.signalCode !== null;

function hold(child, isHeld) {
    const what = isHeld ? 'ref' : 'unref';
    for (const one of [child, child.stdin, child.stdout, child.stderr]) one?.[what]?.();
}

const children = new Map();

/** Gets the processes of all runners so far ready for logins: a hook before the tests has more time than they have. */
async function prepareAll() {
    await Promise.all([...children.values()].map((child) => child.prepare()));
}

/** The process for a folder and an environment. */
function childFor(cwd, env) {
    const key = JSON.stringify([cwd, Object.entries(env).sort()]);
    let child = children.get(key);
    if (!child) {
        child = new Child({ cwd, env, key });
        children.set(key, child);
    }
    return child;
}

module.exports = { Child, LONGEST_PREPARATION_MS, PostloginProcessError, childFor, prepareAll };
