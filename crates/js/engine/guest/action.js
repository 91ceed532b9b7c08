// ---- the Action ----------------------------------------------------------------------------------------

let factory; // the compiled wrapper, not yet run
let script = {}; // { kind, name, source }
let action; // { exports } | { error }: what the top-level code left, kept for every later execution

// What stands before the Action's text: on line 1 the host takes its length off columns.
const PREFIX = /*WRAPPER*/ '';

// Compiles a text as the body of a function. One that closes the function around it runs, as in the vendor's layer.
function compiledAlone(prefix, source, name) {
    return realm.compile(`${prefix}${source}\n}`, name);
}

// A compiled function, unless its text has another length: in Node no file of a package closes the function around it.
function whole(compiled, length) {
    if (typeof compiled !== 'function' || apply(toSource, compiled, []).length !== length) {
        throw new nativeErrors.SyntaxError("Unexpected token '}'");
    }
    return compiled;
}

function instantiate() {
    const module = { exports: {} };
    try {
        factory.call(undefined, module, module.exports, actionConsole);
        return { exports: module.exports };
    } catch (error) {
        return { error: error instanceof nativeErrors.Error ? error : wrapped(error) };
    }
}

// Production keeps what top-level code threw, and makes an Error of what is none in its own realm.
function wrapped(thrown) {
    const message = thrown ? `${typeof thrown === 'symbol' ? thrown.toString() : thrown}` : 'Unknown error';
    return errorAt({ stack: isError(thrown) ? thrown.stack : '' }, 'Error', message);
}

// A part of an error as a text; what it holds may do anything when it is read.
function partOf(error, key, otherwise) {
    try {
        const value = error[key];
        return clipped(typeof value === 'string' ? value : `${value}`);
    } catch {
        return otherwise;
    }
}

function isErrorLike(error) {
    try {
        return isError(error) || error instanceof nativeErrors.Error;
    } catch {
        return false;
    }
}

function fault(error) {
    if (exit) return { name: 'Exited', message: exit.message, stack: partOf(exit, 'stack', '') };
    if (isErrorLike(error)) {
        if (error instanceof RuntimeError) return { name: 'Error', message: error.message, stack: '' };
        const stack = ofRequest(error, ofFrames(error, partOf(error, 'stack', '')));
        return { name: partOf(error, 'name', 'Error'), message: partOf(error, 'message', ''), stack: clipped(`${stack}${carried(error)}`) };
    }
    return { name: 'non-error', message: textOf(error), stack: typeof error === 'object' && error !== null ? section('thrown', error) : '' };
}

function textOf(thrown) {
    try {
        return clipped(typeof thrown === 'symbol' ? thrown.toString() : `${thrown}`);
    } catch {
        return '[object]';
    }
}

const MOST_CARRIED = 8;

// What an error carries besides its message, as Node's `inspect` names it: its causes, and the errors of an AggregateError.
function carried(error) {
    const seen = [error];
    let text = '';
    for (let at = 0; at < seen.length; at++) {
        for (const [label, value] of carriedBy(seen[at])) {
            if (seen.length > MOST_CARRIED) return text;
            if (seen.includes(value)) continue;
            seen.push(value);
            text += section(label, value);
        }
    }
    return text;
}

function carriedBy(error) {
    const found = [];
    try {
        if (hasOwn(error, 'cause')) found.push(['cause', error.cause]);
        if (hasOwn(error, 'errors') && isArray(error.errors)) {
            for (let at = 0; at < min(error.errors.length, MOST_CARRIED); at++) found.push(['errors', error.errors[at]]);
        }
    } catch {
        // A getter of the Action's, or a proxy.
    }
    return found;
}

// The host splits a stack before these lines.
function section(label, value) {
    if (!isErrorLike(value)) return `\n  [${label}]: ${inspected(value)}`;
    const frames = ofFrames(value, partOf(value, 'stack', ''));
    let lines = '';
    for (let start = 0; start < frames.length;) {
        const end = textIndex(`${frames}\n`, '\n', start);
        const line = textSlice(frames, start, end);
        if (textStarts(line, '    at ')) lines += `\n${line}`;
        start = end + 1;
    }
    return `\n  [${label}]: ${partOf(value, 'name', 'Error')}: ${partOf(value, 'message', '')}${lines}`;
}

// On one line.
function inspected(value) {
    try {
        return clipped(inspect(unwatched(value), { depth: 1, breakLength: Infinity, customInspect: false }));
    } catch {
        return textOf(value);
    }
}

// Errors of the network → where the request was made, which is nowhere in their own stacks.
const requestsOf = new WeakMap();

function ofRequest(error, stack) {
    for (let start = 0; start < stack.length;) {
        const end = textIndex(`${stack}\n`, '\n', start);
        const line = textSlice(stack, start, end);
        if (textStarts(line, '    at ') && !textIncludes(line, 'node:') && !textEnds(line, '(<anonymous>)')) return stack;
        start = end + 1;
    }
    let place = weakGet(requestsOf, error);
    try {
        place ??= weakGet(requestsOf, error.cause);
    } catch {
        // A getter of the Action's.
    }
    return place ? `${stack}\n${textStarts(place, '\n') ? textSlice(place, 1) : place}` : stack;
}

// What `Error.prepareStackTrace` may have made of a stack is not one.
function ofFrames(error, stack) {
    try {
        return weakGet(ownStacks, error) ?? (typeof error.stack === 'string' ? stack : '');
    } catch {
        return '';
    }
}

// Errors of the runtime itself: production gives them no place in the Action's source.
class RuntimeError extends nativeErrors.Error {}

async function execute(trigger, entryPoint, eventText) {
    bytesLeft = KEPT_LOG_BYTES;
    const own = beginRun();
    try {
        action ??= instantiate();
        if (hasOwn(action, 'error')) throw action.error;
        const { exports } = action;
        if (exports === null || typeof exports !== 'object') throw new RuntimeError('The Action must export an object.');
        const handler = exports[entryPoint];
        // A native async function: one that merely returns a promise does not do.
        if (typeof handler !== 'function' || getPrototypeOf(handler)?.constructor?.name !== 'AsyncFunction') {
            throw new RuntimeError(`Invalid function signature for the "${entryPoint}" handler. Use "exports.${entryPoint} = async function(event, api) { }" as the signature.`);
        }
        const event = (currentEvent = parse(eventText));
        await settled(own, handler(watchedEvent(event), apis[trigger]));
        if (exit) throw exit;
    } catch (error) {
        if (!own.isOver) endRun('threw');
        throw fault(error);
    } finally {
        // Promise jobs that are queued now still run, as in production: the runtime ends the turn before the host goes on.
        tellReads();
    }
}

// The text of a line and the column in it, counted from 0, for what the library says of its caller's source.
node.host.sourceLine = (file, line, column) => {
    if (file !== script.name) return undefined;
    const text = script.source.split('\n')[line - 1];
    return text === undefined ? undefined : [text, column - 1 - (line === 1 ? PREFIX.length : 0)];
};
node.host.global = () => realm.global;

export const loader = {
    load(kind, name, source) {
        try {
            if (kind !== 'action') return loadRule(kind, name, source);
            script = { kind, name, source };
            factory = compiledAlone(PREFIX, source, name);
        } catch (error) {
            throw fault(wrapped(error));
        }
    },
    provide(path, format, code) {
        provided[path] = { format, code };
    },
    answer(importer, specifier, keyword, path) {
        answers[question(importer, specifier, keyword)] = path;
    },
    run(trigger, handler, input) {
        return handled(script.kind === 'action' ? execute(trigger, handler, input) : executeRule(input));
    },
    preload(specifier) {
        const { random } = Math;
        let chance = false;
        Math.random = () => {
            chance = true;
            return random();
        };
        try {
            requireFrom('', specifier, undefined);
        } catch (error) {
            throw fault(error);
        } finally {
            Math.random = random;
        }
        return chance || pendingTimerCount() > 0 || firstPending !== undefined;
    },
};

// The host takes a fault from the promise, which is no rejection that nobody handles.
function handled(promise) {
    // The host asks the promise for its `then`.
    return defineProperty(unpatched(promise, undefined), 'then', { __proto__: null, value: realm.then });
}
