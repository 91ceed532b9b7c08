'use strict';

// What JSON lacks: values of a test on their way to the process, and arguments of `api` calls on their way back.

/** A time as the process reads it: a Date, milliseconds since 1970, or RFC 3339. */
function time(now) {
    const date = now instanceof Date || typeof now === 'number' ? new Date(now) : null;
    if (date === null) return now;
    if (Number.isNaN(date.getTime())) throw new TypeError('`now` is not a valid time');
    return date.toISOString();
}

/**
 * An argument of an `api` call as the Action gave it. A function becomes one that does nothing, a reference in a circle undefined:
 * neither has crossed the border.
 */
function untagged(value) {
    if (Array.isArray(value)) return value.map(untagged);
    if (typeof value !== 'object' || value === null) return value;
    if (typeof value.$ !== 'string') return mapped(value);
    switch (value.$) {
        case 'NaN':
            return NaN;
        case 'Infinity':
            return Infinity;
        case '-Infinity':
            return -Infinity;
        case 'bigint':
            return BigInt(value.of);
        case 'date':
            return new Date(value.of === 'invalid' ? NaN : value.of);
        case 'function':
            return () => {};
        case 'symbol':
            return Symbol(value.of);
        case 'tojson':
            return untagged(value.of);
        case 'object':
            return mapped(value.of);
        default:
            return undefined;
    }
}

/** Refuses what JSON would drop or change without a word. `at` names the value: `with.user`. */
function plain(value, at) {
    switch (typeof value) {
        case 'function':
        case 'symbol':
        case 'bigint':
            throw new TypeError(`${at} is a ${typeof value}, which JSON cannot carry`);
        case 'number':
            if (!Number.isFinite(value)) throw new TypeError(`${at} is ${value}, which JSON cannot carry`);
            return;
        case 'string':
            if (!value.isWellFormed()) throw new TypeError(`${at} has half of a surrogate pair, which JSON cannot carry`);
            return;
        case 'object':
            break;
        default:
            return;
    }
    if (value === null || typeof value.toJSON === 'function') return;
    if (value instanceof Map || value instanceof Set) throw new TypeError(`${at} is a ${value.constructor.name}, which JSON cannot carry`);
    for (const [key, inner] of Object.entries(value)) plain(inner, `${at}.${key}`);
}

const mapped = (object) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, untagged(value)]));

module.exports = { plain, time, untagged };
