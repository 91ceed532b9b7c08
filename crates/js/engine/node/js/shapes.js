// Makes the bindings out of what Node's own look like: constants, symbols, and functions and classes that fail when they are
// called. What follows replaces those that work here.
((node) => {
    'use strict';

    const { native } = node;
    const shapes = JSON.parse(native.librarySource('$shapes'));
    const symbols = { __proto__: null };
    const privates = { __proto__: null };
    const arrays = {
        __proto__: null, Uint8Array, Uint16Array, Uint32Array, Int8Array, Int16Array, Int32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array,
        Uint8ClampedArray, ArrayBuffer, SharedArrayBuffer: globalThis.SharedArrayBuffer,
    };

    const missing = (path) => {
        throw new Error(`The runtime of postlogin does not have ${path}`);
    };

    const symbol = (name) => (symbols[name] ??= Symbol(name));
    const privateSymbol = (name) => (privates[name] ??= native.privateSymbol(name));

    function made(shape, path) {
        if (shape === null || typeof shape !== 'object') return shape;
        if (Array.isArray(shape)) return shape.map((item, at) => made(item, `${path}.${at}`));
        switch (shape.$) {
            case undefined: return properties(shape, path);
            case 'object': return properties(shape.of, path);
            case 'undefined': return undefined;
            case 'number': return Number(shape.of);
            case 'bigint': return BigInt(shape.of);
            case 'symbol': return symbol(shape.of);
            case 'private': return privateSymbol(shape.of);
            case 'function': return functionOf(shape, path);
            case 'missing': return {};
            default: return arrays[shape.$] ? new arrays[shape.$](shape.of) : {};
        }
    }

    function properties(shape, path) {
        const object = {};
        for (const key of Object.keys(shape)) object[key] = made(shape[key], `${path}.${key}`);
        return object;
    }

    function functionOf({ of: name, methods, own }, path) {
        const made_ = { [name]: function () { return missing(path); } }[name];
        for (const method of methods ?? []) {
            Object.defineProperty(made_.prototype, method, { value: { [method]() { return missing(`${path}.${method}`); } }[method], writable: true, configurable: true });
        }
        Object.assign(made_, own && properties(own, path));
        return made_;
    }

    const bindings = { __proto__: null };
    const completions = { __proto__: null };

    Object.assign(node, {
        shapes,
        symbol,
        privateSymbol,
        bindings,
        // name → a function of the binding, which fills it when it is first asked for.
        complete(name, fill) {
            const before = completions[name];
            completions[name] = before ? (binding) => { before(binding); fill(binding); } : fill;
        },
        getInternalBinding(name) {
            if (bindings[name]) return bindings[name];
            if (!(name in shapes) && !(name in completions)) throw new Error(`No such binding: ${name}`);
            const binding = (bindings[name] = made(shapes[name] ?? {}, name));
            completions[name]?.(binding);
            return binding;
        },
    });
})
