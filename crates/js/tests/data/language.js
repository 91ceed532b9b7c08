// Answers one row of language.jsonl. Used by the recorder in Node and by the test in an Action.
(() => {
    const told = (error) => (error && typeof error === 'object' && 'message' in error ? `${error.name}: ${error.message}` : `thrown ${String(error)}`);
    const attempt = (run) => { try { return run(); } catch (error) { return told(error); } };
    const constructors = { Function, generator: (function* () {}).constructor, async: (async () => {}).constructor };
    const date = (time) => (Number.isNaN(time) ? 'NaN' : new Date(time).toISOString());
    // Shape, order and calls of a sort with one of many comparators, good and bad.
    const comparators = {
        greater: (a, b) => a > b, less: (a, b) => a < b, ascending: (a, b) => a - b, descending: (a, b) => b - a, one: () => 1, minus: () => -1,
        zero: () => 0, nan: () => NaN, some: (a, b) => (a > b ? 1 : 0), text: (a, b) => String(b - a), modulo: (a, b) => (a % 7) - (b % 7), nothing: () => {},
    };
    const lists = { up: (i) => i, down: (i) => -i, teeth: (i) => (i * 7) % 31 + (i >> 6) * 10, few: (i) => (i * 31) % 5, mixed: (i) => (i * 7919) % 1009, halves: (i, n) => (i < n / 2 ? i : i - (n >> 1)) };
    const sorted = (type, list, length, comparator) => {
        let hash = 0;
        let calls = 0;
        const mix = (value) => { hash = (Math.imul(hash, 31) + value) | 0; };
        const values = globalThis[type].from({ length }, (_, i) => lists[list](i, length));
        values.sort((a, b) => { mix(a); mix(b); calls++; return comparators[comparator](a, b); });
        for (const value of values) mix(value);
        return `${calls} calls, ${hash}`;
    };
    const key = (name) => (typeof name === 'symbol' ? `[${name.description}]` : name);
    const flags = (d) => `${d.writable ? 'w' : '-'}${d.enumerable ? 'e' : '-'}${d.configurable ? 'c' : '-'}${'value' in d ? (typeof d.value === 'function' ? `${d.value.name}/${d.value.length}` : typeof d.value) : 'accessor'}`;
    const object = (path) => attempt(() => {
        const value = (0, eval)(path);
        return Reflect.ownKeys(value).filter((name) => !/locale|^stack$/i.test(key(name))).map((name) => `${key(name)} ${flags(Object.getOwnPropertyDescriptor(value, name))}`).join(', ');
    });
    return {
        eval: (code) => attempt(() => { eval(code); return 'ok'; }),
        function: (kind, ...parts) => attempt(() => { new constructors[kind](...parts); return 'ok'; }),
        regexp: (pattern, flags) => attempt(() => String(new RegExp(pattern, flags))),
        parse: (text) => date(Date.parse(text)),
        sort: sorted,
        object,
        value: (code) => attempt(() => JSON.stringify(eval(`(${code})`)) ?? 'undefined'),
    };
})()
