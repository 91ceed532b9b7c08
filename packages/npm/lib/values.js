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

const mapped = (object) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, untagged(value)]));

module.exports = { time, untagged };
