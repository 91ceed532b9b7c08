// ---- reads of the event, for a host that wants to know ---------------------------------------------------

// A Proxy for each object of the event takes down who reads what. The Action can hardly tell: `api`, `console`, JSON and
// structuredClone are given what is behind it, and an object that the Action puts into the event stays as it is.

// An Action that reads more between two calls runs in a loop.
const MOST_READS = 2000;
// Longer names of properties are cut.
const LONGEST_KEY = 1000;
// Asked of every object by the language itself.
const ASKED_BY_NOBODY = ['toJSON', 'then'];

let reads; // of the running handler since they were last told; nothing when nobody watches
let readBefore; // their paths and places
const originals = new WeakSet(); // objects of the event as the host gave it
const watchers = new WeakMap(); // original → Proxy
const behind = new WeakMap(); // Proxy → original

const unwatched = (value) => (value !== null && typeof value === 'object' ? behind.get(value) ?? value : value);

// Marks what the host gave, so that it is watched from then on.
function watchable(value) {
    if (!reads || value === null || typeof value !== 'object' || originals.has(value)) return value;
    originals.add(value);
    for (const key of keys(value)) watchable(value[key]);
    return value;
}

function startWatching() {
    reads = parse(callHost('#watch', '[]', '')).return === true ? [] : undefined;
    readBefore = new Set();
}

function watchedEvent(event) {
    startWatching();
    return watched(watchable(event), []);
}

function tellReads() {
    if (!reads?.length) return;
    callHost('#reads', stringify(reads), '');
    reads = [];
    readBefore.clear();
}

function takeDown(path, key, present) {
    if (reads.length >= MOST_READS) return;
    const stack = realm.stack().split('\n', 12).join('\n').toWellFormed();
    const steps = [...path, key].map((step) => clipped(step, LONGEST_KEY));
    const known = `${steps.join('\0')}\0${stack}`;
    if (readBefore.has(known)) return;
    readBefore.add(known);
    reads.push([steps, present, stack]);
}

const isNoted = (target, key) => typeof key === 'string' && !(key === 'length' && isArray(target))
    && (hasOwn(target, key) || !(key in target || ASKED_BY_NOBODY.includes(key)));

function watched(value, path) {
    if (!reads || value === null || typeof value !== 'object' || !originals.has(value)) return value;
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
            return reflect.set(target, key, unwatched(value), receiver === proxy ? target : receiver);
        },
        defineProperty(target, key, property) {
            return reflect.defineProperty(target, key, 'value' in property ? { ...property, value: unwatched(property.value) } : property);
        },
    });
    watchers.set(value, proxy);
    behind.set(proxy, value);
    return proxy;
}

const clone = globalThis.structuredClone;
replace(globalThis, 'structuredClone', function (value, options) {
    return clone(unwatched(value), options);
});
