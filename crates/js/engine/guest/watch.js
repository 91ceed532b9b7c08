// ---- reads of the event, for a host that wants to know ---------------------------------------------------

// A Proxy for each object of the event takes down who reads what. The Action can hardly tell: `api`, `console`, JSON and
// structuredClone are given what is behind it, and an object that the Action puts into the event stays as it is.

// An Action that reads more between two calls runs in a loop.
const MOST_READS = 2000;
// Longer names of properties are cut.
const LONGEST_KEY = 1000;
// Asked of every object by the language itself.
const ASKED_BY_NOBODY = ['toJSON', 'then'];

// What a host answers that watches nothing.
const UNWATCHED = '{"return":false}';

let reads; // of the running handler since they were last told; nothing when nobody watches
let readBefore; // their paths and places
let hasPlaces; // whether the host wants to know where each read is
const foreign = new WeakSet(); // objects that the Action has put into the event
const watchers = new WeakMap(); // original → Proxy
const behind = new WeakMap(); // Proxy → original

const unwatched = (value) => (value !== null && typeof value === 'object' ? behind.get(value) ?? value : value);

// What stands behind a value that the Action puts into the event; an object of its own is not watched.
function taken(value) {
    const original = unwatched(value);
    if (reads && original === value && value !== null && typeof value === 'object') foreign.add(value);
    return original;
}

function startWatching() {
    const answer = callHost('#watch', '[]', '');
    reads = undefined;
    if (answer === UNWATCHED) return;
    const wanted = parse(answer).return;
    if (wanted === false) return;
    reads = [];
    hasPlaces = wanted === 'places';
    readBefore = new Set();
}

function watchedEvent(event) {
    startWatching();
    return watched(event, []);
}

function tellReads() {
    if (!reads?.length) return;
    callHost('#reads', stringify(reads), '');
    reads = [];
    readBefore.clear();
}

function takeDown(path, key, present) {
    if (reads.length >= MOST_READS) return;
    const stack = hasPlaces ? places().split('\n', 12).join('\n').toWellFormed() : '';
    const steps = [...path, key].map((step) => clipped(step, LONGEST_KEY));
    const known = `${steps.join('\0')}\0${stack}`;
    if (readBefore.has(known)) return;
    readBefore.add(known);
    reads.push([steps, present, stack]);
}

const isNoted = (target, key) => typeof key === 'string' && !(key === 'length' && isArray(target))
    && (hasOwn(target, key) || !(key in target || ASKED_BY_NOBODY.includes(key)));

function watched(value, path) {
    if (!reads || value === null || typeof value !== 'object' || foreign.has(value)) return value;
    if (watchers.has(value)) return watchers.get(value);
    const note = (target, key) => { if (isNoted(target, key)) takeDown(path, key, hasOwn(target, key)); };
    // A frozen property has to be given as it is.
    const inner = (property, key) => (property.configurable || property.writable ? watched(property.value, [...path, key]) : property.value);
    const proxy = new Proxy(value, {
        get(target, key, receiver) {
            note(target, key);
            const property = getOwnPropertyDescriptor(target, key);
            if (property && 'value' in property) return inner(property, key);
            return reflect.get(target, key, receiver === proxy ? target : receiver);
        },
        has(target, key) {
            note(target, key);
            return reflect.has(target, key);
        },
        getOwnPropertyDescriptor(target, key) {
            note(target, key);
            const property = getOwnPropertyDescriptor(target, key);
            if (property && 'value' in property) property.value = inner(property, key);
            return property;
        },
        set(target, key, value, receiver) {
            return reflect.set(target, key, taken(value), receiver === proxy ? target : receiver);
        },
        defineProperty(target, key, property) {
            return reflect.defineProperty(target, key, 'value' in property ? { ...property, value: taken(property.value) } : property);
        },
    });
    watchers.set(value, proxy);
    behind.set(proxy, value);
    return proxy;
}

// For structuredClone and postMessage.
node.host.unwatched = unwatched;
