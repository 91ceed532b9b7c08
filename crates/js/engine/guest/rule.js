// ---- legacy Rules ----------------------------------------------------------------------------------------

// A Rule's text comes in a function of the host's, whose parameters are what Rules find around them. Rules run in the
// runtime's own realm, one after the other in one sandbox: they share `global`, `user` and `context`, as in production.

class UnauthorizedError extends Error {
    constructor(message) {
        super(message);
        defineProperty(this, 'name', { value: 'UnauthorizedError', writable: true, configurable: true, enumerable: false });
    }
}

// What was there without `require`, and the package that it is.
const LEGACY_GLOBALS = {
    _: 'lodash', async: 'async', azure_storage: 'azure-storage', bcrypt: 'bcrypt', couchbase: 'couchbase', cql: 'node-cassandra-cql',
    ip: 'ip', jwt: 'jsonwebtoken', Knex: 'knex', lodash: 'lodash', mongodb: 'mongodb', mysql: 'mysql', pbkdf2: 'pbkdf2', pg: 'pg',
    postgres: 'pg', pubnub: 'pubnub', q: 'q', querystring: 'querystring', request: 'request', sqlserver: 'tedious', uuid: 'uuid',
    xml2js: 'xml2js', xmldom: 'xmldom', xpath: 'xpath', xtend: 'xtend',
};

let shared; // { user, context } on their way from Rule to Rule
let writes; // the assignments below `context` in the running Rule: path → [path, stack]

const tellHost = (parts, stack) => parse(callHost('#rule', stringify(parts), stack));

function loadRule(kind, name, source) {
    script = { kind, name, source };
    action = undefined;
    factory = evaluate(source, name);
}

function makeSurroundings() {
    for (const [name, from] of Object.entries(LEGACY_GLOBALS)) {
        if (hasOwn(globalThis, name)) continue;
        defineProperty(globalThis, name, {
            get() {
                const here = new nativeErrors.Error();
                try {
                    return requireFrom('', from, undefined);
                } catch (error) {
                    if (error?.code !== 'MODULE_NOT_FOUND') throw error;
                    throw errorAt(here, 'ReferenceError', `${name} is not defined`);
                }
            },
            set(value) {
                defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
            },
            configurable: true, enumerable: false,
        });
    }
}

function makeConfiguration(values) {
    return new Proxy(values, {
        get(target, key, receiver) {
            if (typeof key === 'string' && !(key in target) && !ASKED_BY_NOBODY.includes(key)) {
                tellHost(['missing', key.toWellFormed()], places());
            }
            return reflect.get(target, key, receiver);
        },
    });
}

// The restricted client of the Management API.
function makeAuth0({ accessToken, domain, baseUrl }) {
    const update = (kind) => (id, metadata, done) => {
        id = typeof id === 'object' && id !== null ? id.id : id;
        const reply = tellHost(['update', kind, tag(id, new Set()), tag(metadata, new Set())], places());
        const answer = reply.reject ? Promise.reject(makeError(reply.reject)) : Promise.resolve(untag(reply.resolve, undefined));
        if (typeof done !== 'function') return answer;
        answer.then((user) => done(null, user), done);
        return undefined;
    };
    return {
        accessToken, domain, baseUrl,
        users: { updateUserMetadata: update('user_metadata'), updateAppMetadata: update('app_metadata') },
    };
}

// An object below `context` whose assignments are taken down. The Rule can hardly tell.
function followed(value, path) {
    if (value === null || typeof value !== 'object' || behind.has(value)) return value;
    const prototype = getPrototypeOf(value);
    if (!isArray(value) && prototype !== null && prototype !== Object.prototype) return value;
    const note = (key) => {
        if (typeof key !== 'string' || writes.size >= MOST_READS) return;
        const steps = [...path, key].map((step) => clipped(step, LONGEST_KEY));
        const known = steps.join('\0');
        writes.delete(known);
        writes.set(known, [steps, places().split('\n', 12).join('\n').toWellFormed()]);
    };
    const proxy = new Proxy(value, {
        get(target, key, receiver) {
            if (reads && !foreign.has(target) && isNoted(target, key)) takeDown(['context', ...path], key, hasOwn(target, key));
            const property = getOwnPropertyDescriptor(target, key);
            if (!property || !('value' in property)) return reflect.get(target, key, receiver === proxy ? target : receiver);
            // A frozen property has to be given as it is.
            return property.configurable || property.writable ? followed(property.value, [...path, key]) : property.value;
        },
        set(target, key, value, receiver) {
            note(key);
            return reflect.set(target, key, taken(value), receiver === proxy ? target : receiver);
        },
        defineProperty(target, key, property) {
            note(key);
            return reflect.defineProperty(target, key, 'value' in property ? { ...property, value: taken(property.value) } : property);
        },
    });
    behind.set(proxy, value);
    return proxy;
}

// What a Rule left running goes on while later Rules run; after the last one it gets as many turns as a request takes to be sent.
const LATER_TURNS = 8;

async function laterWork() {
    for (let turn = 0; turn < LATER_TURNS; turn++) await new NativePromise((go) => nextTurn(go).unref());
}

// What the promise of an async Rule was rejected with. Nobody waits for it.
function tellRejected(error) {
    if (run.isOver) hooks.uncaught(error, 'unhandledRejection');
    else tellHost(['rejected', errorOf(error)], '');
}

const errorOf = (error) => {
    const told = fault(error);
    // What was passed may be any object with a message.
    if (told.name === 'non-error' && typeof error === 'object' && error !== null && typeof error.message === 'string') {
        return { ...told, message: error.message.toWellFormed() };
    }
    return told;
};

async function executeRule(text) {
    bytesLeft = KEPT_LOG_BYTES;
    const { fresh, user, context, configuration, auth0, connection } = parse(text);
    if (!shared) makeSurroundings();
    if (fresh || !shared) shared = { user, context };
    writes = new Map();
    startWatching();
    const own = beginRun();
    own.isRule = true;
    let calledBack;
    const called = new NativePromise((resolve) => { calledBack = resolve; });
    let report;
    let calls = 0;
    const callback = (error, user, context) => {
        calls++;
        if (report) {
            // Only the first call counts; no error is lost.
            if (error) hooks.uncaught(error, 'uncaughtException');
            return;
        }
        const isObject = (value) => typeof value === 'object' && value !== null;
        if (isObject(user)) shared.user = unwatched(user);
        if (isObject(context)) shared.context = unwatched(context);
        report = { error: error ? errorOf(error) : null, unauthorized: error instanceof UnauthorizedError, stack: places() };
        own.isOver = true;
        calledBack();
    };
    try {
        const rule = factory(makeRequire('', undefined), actionConsole, makeConfiguration(configuration), makeAuth0(auth0),
            UnauthorizedError, globalThis, builtin('crypto'));
        let returned;
        try {
            // The script of a connection has the same form, and its second result is the profile.
            returned = script.kind === 'connection'
                ? rule(connection.accessToken, connection.context, callback)
                : rule(watched(shared.user, ['user']), followed(shared.context, []), callback);
        } catch (error) {
            if (!report) throw error;
            hooks.uncaught(error, 'uncaughtException');
        }
        // Nobody waits for the promise of an async Rule.
        if (returned instanceof NativePromise) apply(realm.then, returned, [undefined, tellRejected]);
        await new NativePromise((resolve, reject) => {
            apply(realm.then, called, [resolve]);
            whenItEnds(own, reject, reject);
        });
        if (exit) throw exit;
        await laterWork();
        tellPending('called');
        const { stack, ...end } = report;
        tellReads();
        tellHost(['done', {
            ...end,
            calls,
            user: end.error ? null : tag(shared.user, new Set()),
            context: end.error ? null : tag(shared.context, new Set()),
            writes: [...writes.values()],
        }], stack);
    } catch (error) {
        if (!own.isOver) endRun('threw');
        tellReads();
        throw fault(error);
    }
}
