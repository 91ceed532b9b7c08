// ---- Intl: ICU is on the host -----------------------------------------------------------------------------

// The host answers with V8's own ICU and data; what is here is the rest of ECMA-402 in V8's words: options, their errors, and
// the shape of what a program sees. `ask` is the only way to the host.

const slots = new WeakMap();
const slotOf = (() => {
    const get = bound(WeakMap.prototype.get);
    return (value) => (typeof value === 'object' && value !== null ? get(slots, value) : undefined);
})();
const setSlot = (() => {
    const set = bound(WeakMap.prototype.set);
    return (object, slot) => { set(slots, object, slot); return object; };
})();
const push = bound(Array.prototype.push);
const listIncludes = bound(Array.prototype.includes);
const hasInstance = bound(Function.prototype[Symbol.hasInstance]);
const matches = bound(RegExp.prototype.test);
const asObject = Object;
const makeObject = Object.create;
const timeNow = Date.now;
const trimmed = bound(String.prototype.trim);
const upperCase = bound(String.prototype.toUpperCase);
const lowerCase = bound(String.prototype.toLowerCase);
const indexOfText = bound(String.prototype.indexOf);
const codeAt = bound(String.prototype.charCodeAt);
const { floor, trunc } = Math;
const asNumber = Number;

const rangeError = (message) => new nativeErrors.RangeError(message);
const typeError = (message) => new nativeErrors.TypeError(message);
const icuError = () => rangeError('Internal error. Icu error.');

// JSON of lists, texts, numbers, booleans and null. Not `stringify`: an Action may give arrays a `toJSON`.
function wired(value) {
    if (typeof value === 'string') return stringify(value);
    if (typeof value === 'number') return isFinite(value) ? `${value === 0 && 1 / value < 0 ? '"-0"' : value}` : `"${value}"`;
    if (typeof value !== 'object' || value === null) return value === undefined ? 'null' : `${value}`;
    let text = '';
    for (let at = 0; at < value.length; at++) text += at ? `,${wired(value[at])}` : wired(value[at]);
    return `[${text}]`;
}

// JSON of several arguments.
function wiredAll(list) {
    return textSlice(wired(list), 1, -1);
}

// `request`: JSON of what stands behind the name of the operation.
function ask(operation, request) {
    const answer = parse(callHost('#intl', `["${operation}",${request}]`, ''));
    if (answer !== null && typeof answer === 'object' && answer.error !== undefined) {
        if (answer.error === 'argument') throw rangeError('invalid_argument');
        throw icuError();
    }
    return answer;
}

function toText(value) {
    if (typeof value === 'symbol') throw typeError('Cannot convert a Symbol value to a string');
    return `${value}`;
}

function toNumber(value) {
    if (typeof value === 'symbol') throw typeError('Cannot convert a Symbol value to a number');
    if (typeof value === 'bigint') throw typeError('Cannot convert a BigInt value to a number');
    return +value;
}

// As V8 names a value in an error.
function shown(value) {
    if (typeof value === 'symbol') return `Symbol(${value.description ?? ''})`;
    if (isArray(value)) return '[object Array]';
    if (typeof value !== 'object' || value === null) return `${value}`;
    const { name } = value.constructor ?? {};
    return `#<${typeof name === 'string' && name ? name : 'Object'}>`;
}

const incompatible = (method, receiver) => typeError(`Method ${method} called on incompatible receiver ${shown(receiver)}`);

function coerceOptions(options, service) {
    if (options === undefined) return { __proto__: null };
    if (options === null) throw typeError(`${service} called on null or undefined`);
    return asObject(options);
}

function optionsObject(options) {
    if (options === undefined) return { __proto__: null };
    if ((typeof options !== 'object' && typeof options !== 'function') || options === null) throw typeError('invalid_argument');
    return options;
}

function textOption(options, name, values, service, fallback) {
    const value = options[name];
    if (value === undefined) return fallback;
    const text = toText(value);
    if (values && !listIncludes(values, text)) throw rangeError(`Value ${text} out of range for ${service} options property ${name}`);
    return text;
}

function booleanOption(options, name) {
    const value = options[name];
    return value === undefined ? undefined : !!value;
}

function numberIn(value, least, most, fallback, name) {
    if (value === undefined) return fallback;
    const number = toNumber(value);
    if (isNaN(number) || number < least || number > most) throw rangeError(`${name} value is out of range.`);
    return floor(number);
}

const TYPE = /^[A-Za-z0-9]{3,8}(?:-[A-Za-z0-9]{3,8})*$/;

function typeOption(options, name) {
    const value = textOption(options, name);
    if (value !== undefined && !matches(TYPE, value)) throw rangeError(`Invalid ${name} : ${value}`);
    return value;
}

const MATCHERS = ['best fit', 'lookup'];
const matcherOption = (options, service) => textOption(options, 'localeMatcher', MATCHERS, service, 'best fit');

// ---- locales

let canonicalTags = { __proto__: null };
let canonicalCount = 0;

function canonicalTag(tag) {
    const known = canonicalTags[tag];
    if (known !== undefined) return known;
    const canonical = ask('canonical', wired(tag));
    if (canonical === null) throw rangeError('Incorrect locale information provided');
    if (canonical === false) throw rangeError(`Invalid language tag: ${lowerCase(tag)}`);
    if (canonicalCount++ > 100) {
        canonicalCount = 0;
        canonicalTags = { __proto__: null };
    }
    canonicalTags[tag] = canonical;
    return canonical;
}

function localeTag(value) {
    const slot = slotOf(value);
    return slot?.kind === 'Locale' ? slot.tag : undefined;
}

function canonicalLocales(locales) {
    if (locales === undefined) return [];
    const own = localeTag(locales);
    if (own !== undefined) return [own];
    if (typeof locales === 'string') return [canonicalTag(locales)];
    if (locales === null) throw typeError('Cannot convert undefined or null to object');
    const list = asObject(locales);
    const length = min(max(trunc(toNumber(list.length)) || 0, 0), 4294967295);
    const tags = [];
    for (let at = 0; at < length; at++) {
        if (!(at in list)) continue;
        const value = list[at];
        if (typeof value !== 'string' && (typeof value !== 'object' || value === null) && typeof value !== 'function') {
            throw typeError('Language ID should be string or object.');
        }
        const tag = localeTag(value) ?? canonicalTag(toText(value));
        if (!listIncludes(tags, tag)) push(tags, tag);
    }
    return tags;
}

// ---- classes

const methodsOf = (target, methods) => {
    for (const name of Reflect.ownKeys(methods)) {
        const { value, get } = getOwnPropertyDescriptor(methods, name);
        defineProperty(target, name, get ? { get, configurable: true, enumerable: false } : { value, configurable: true, writable: true, enumerable: false });
    }
};

const hasOwnPrototype = (newTarget, otherwise) => {
    const { prototype } = newTarget;
    return (typeof prototype === 'object' && prototype !== null) || typeof prototype === 'function' ? prototype : otherwise;
};

// What calls to the constructor share: `make(locales, options)` gives the slot.
function finishClass(Class, length, service, methods) {
    const { name } = Class;
    defineProperty(Class, 'length', { value: length, configurable: true });
    defineProperty(Class, 'prototype', { writable: false });
    if (service) {
        methodsOf(Class, {
            supportedLocalesOf(locales) {
                const tags = canonicalLocales(locales);
                const method = `Intl.${name}.supportedLocalesOf`;
                matcherOption(coerceOptions(arguments[1], method), method);
                return tags.length ? ask('supported', wiredAll([service, tags])) : [];
            },
        });
    }
    methodsOf(Class.prototype, methods);
    defineProperty(Class.prototype, Symbol.toStringTag, { value: `Intl.${name}`, configurable: true });
    return Class;
}

function needsNew(newTarget, name) {
    if (newTarget === undefined) throw typeError(`Constructor Intl.${name} requires 'new'`);
}

// What `this` is; a call on anything else is an error.
function slotFor(value, kind, method) {
    const slot = slotOf(value);
    if (slot?.kind !== kind) throw incompatible(`Intl.${kind}.prototype.${method}`, value);
    return slot;
}

const legacySymbol = Symbol('IntlLegacyConstructedSymbol');

// NumberFormat and DateTimeFormat can be called on an object that inherits from them.
function legacyResult(receiver, newTarget, Class, slot) {
    const made = setSlot(makeObject(hasOwnPrototype(newTarget ?? Class, Class.prototype)), slot);
    if (newTarget !== undefined || !hasInstance(Class, receiver)) return made;
    defineProperty(receiver, legacySymbol, { value: made, writable: false, enumerable: false, configurable: false });
    return receiver;
}

function legacySlot(receiver, kind, Class, unwrap) {
    if ((typeof receiver !== 'object' && typeof receiver !== 'function') || receiver === null) return undefined;
    let slot = slotOf(receiver);
    if (slot?.kind !== kind && hasInstance(Class, receiver)) slot = slotOf(receiver[legacySymbol]);
    if (slot?.kind !== kind) throw unwrap(receiver);
    return slot;
}

function nameless(call) {
    defineProperty(call, 'name', { value: '', configurable: true });
    return call;
}

// Parts as the host gives them: [type, text, more].
function partsOf(parts, more) {
    const list = [];
    for (let at = 0; at < parts.length; at++) {
        const { 0: type, 1: value, 2: third } = parts[at];
        const part = { type, value };
        if (third !== undefined) part[more] = third;
        push(list, part);
    }
    return list;
}
