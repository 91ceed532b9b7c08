// ---- the Action ----------------------------------------------------------------------------------------

let factory; // the compiled wrapper, not yet run
let script = {}; // { name, source }
let action; // { exports } | { error }: what the top-level code left, kept for every later execution

// What stands before the Action's text: on line 1 the host takes its length off columns.
const PREFIX = /*WRAPPER*/ '';

// In production `import()` fails.
function withoutImports(source) {
    // Looking closer costs as much as compiling.
    if (!source.includes('import')) return source;
    const compiles = (text) => {
        try {
            checkSyntax(`${PREFIX}${text}\n}`, 'import', false);
            return true;
        } catch {
            return false;
        }
    };
    for (const { index } of source.matchAll(/(?<![.\w$])import(?=\s*\()/g)) {
        const put = (name) => `${source.slice(0, index)}${name}${source.slice(index + name.length)}`;
        // In strings and comments anything may stand, and no method is named by a number in brackets.
        if (!compiles(put('#mport')) && compiles(put('   (0)'))) source = put(NO_IMPORT);
    }
    return source;
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

function fault(error) {
    const text = (value) => `${value}`.toWellFormed();
    try {
        if (exit) return { name: 'Exited', message: text(exit.message), stack: text(exit.stack) };
        if (error instanceof RuntimeError) return { name: 'Error', message: error.message, stack: '' };
        if (isError(error) || error instanceof nativeErrors.Error) {
            return { name: text(error.name), message: text(error.message), stack: typeof error.stack === 'string' ? text(error.stack) : '' };
        }
        return { name: 'non-error', message: text(typeof error === 'symbol' ? error.toString() : error), stack: '' };
    } catch {
        return { name: 'non-error', message: '[object]', stack: '' };
    }
}

// Errors of the runtime itself: production gives them no place in the Action's source.
class RuntimeError extends nativeErrors.Error {}

async function execute(entryPoint, eventText) {
    bytesLeft = KEPT_LOG_BYTES;
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
        await Promise.race([handler(watchedEvent(event), api), ended.promise]);
        if (exit) throw exit;
    } catch (error) {
        throw fault(error);
    } finally {
        tellReads();
        // Production does not wait for timers that the handler left behind.
        if (timers.ref_timer_count() > 0) {
            const last = timers.schedule(() => {}, 0, false, []);
            for (let id = 0; id <= last; id++) timers.clear_schedule(id);
        }
    }
}

export const loader = {
    load(name, source) {
        try {
            if (source.startsWith(RULE_MARK)) return loadRule(name, source);
            script = { name, source };
            factory = realm.compile(`${PREFIX}${withoutImports(source)}\n}`, name);
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
        return chance || timers.ref_timer_count() > 0;
    },
};

export const onExecutePostLogin = (event) =>
    (event.startsWith(RULE_EVENT) ? executeRule(event.slice(RULE_EVENT.length)) : execute('onExecutePostLogin', event));
export const onContinuePostLogin = (event) => execute('onContinuePostLogin', event);
