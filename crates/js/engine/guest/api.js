// ---- api -----------------------------------------------------------------------------------------------

function makeError({ name, message }) {
    const error = new (nativeErrors[name] ?? nativeErrors.Error)(message);
    if (error.name !== name) error.name = name;
    return error;
}

function assign(event, changes, api) {
    for (const [path, value] of changes) {
        let target = event;
        for (const key of path.slice(0, -1)) {
            if (target[key] === null || typeof target[key] !== 'object') target[key] = {};
            target = target[key];
        }
        const last = path[path.length - 1];
        if (value?.$ === 'undefined') delete target[last];
        else target[last] = untag(value, api);
    }
}

// The order of production's objects, where it is not that of the methods.
const ORDERS = {
    __proto__: null,
    'post-login': ['access', 'accessToken', 'authentication', 'cache', 'groups', 'roles', 'idToken', 'multifactor', 'prompt',
        'refreshToken', 'session', 'redirect', 'samlResponse', 'user', 'validation', 'rules', 'transaction'],
    'pre-user-registration': ['access', 'user', 'cache', 'validation'],
    'custom-email-provider': ['cache', 'notification'],
};

// An object for methods of a namespace: of a class with them, but for post-login, whose objects are plain.
function makeNamespace(isPlain, methods) {
    if (isPlain) return methods;
    const { prototype } = class {};
    for (const name of keys(methods)) defineProperty(prototype, name, { value: methods[name], writable: true, configurable: true, enumerable: false });
    return Object.create(prototype);
}

// The host's answer of most calls, and what it means: the `api` object itself.
const CHAINED_TEXT = '{"return":{"$":"api"}}';
const CHAINED = { __proto__: null };

let currentEvent; // of the running handler

// The `api` object of a trigger. `methods`: namespace → [name, whether it answers with a promise].
function makeApi(trigger, methods) {
    const api = {};
    const order = ORDERS[trigger] ?? [];
    const ask = (method, args) => {
        if (exit) throw exit;
        if (run.isOver) return late(method);
        if (reads) tellReads();
        const answer = callHost(method, argumentsText(args), places());
        if (answer === CHAINED_TEXT) return CHAINED;
        const reply = parse(answer);
        if (reply.event) assign(currentEvent, reply.event, api);
        return reply;
    };
    for (const namespace of new Set([...order.filter((name) => hasOwn(methods, name)), ...keys(methods)])) {
        const members = {};
        for (const [name, isAsync] of methods[namespace]) {
            const method = `${namespace}.${name}`;
            // A property of a literal: so the function has the method's name.
            const made = isAsync
                ? { [name]: (...args) => {
                    const reply = ask(method, args);
                    if (reply.isLate) return new NativePromise(() => {});
                    if (reply.throw) throw makeError(reply.throw);
                    const error = reply.reject && makeError(reply.reject);
                    const entry = begun('promise', `api.${method}()`);
                    // In production the answer comes over the network: not within this turn.
                    return new NativePromise((resolve, reject) => {
                        nextTurn(() => {
                            ended(entry);
                            if (error) reject(error);
                            else resolve(untag(reply.resolve, api));
                        }).unref();
                    });
                } }
                : { [name]: (...args) => {
                    const reply = ask(method, args);
                    if (reply === CHAINED) return api;
                    if (reply.throw) throw makeError(reply.throw);
                    return untag(reply.return, api);
                } };
            members[name] = made[name];
        }
        api[namespace] = makeNamespace(trigger === 'post-login', members);
    }
    return api;
}

// Made before the engine is frozen: making them costs more than most logins.
const apis = { __proto__: null };
for (const trigger of keys(METHODS)) apis[trigger] = makeApi(trigger, METHODS[trigger]);
const actionConsole = makeConsole();

