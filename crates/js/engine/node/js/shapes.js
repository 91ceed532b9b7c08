// Makes the bindings out of what Node's own look like: constants, symbols, and functions and classes that fail when they are
// called. What follows replaces those that work here.
((node) => {
    'use strict';

    const { native } = node;
    // The engine has none where there are no threads; with one thread every operation is atomic.
    if (typeof Atomics === 'undefined') Object.defineProperty(globalThis, 'Atomics', { value: atomics(), writable: true, configurable: true, enumerable: false });
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
        // Constants of C++ are fixed.
        const isFixed = path.startsWith('constants.');
        for (const key of Object.keys(shape)) {
            const value = made(shape[key], `${path}.${key}`);
            if (isFixed && typeof value === 'number') Object.defineProperty(object, key, { value, enumerable: true });
            else object[key] = value;
        }
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
        shaped: made,
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

    function atomics() {
        const whole = (array) => {
            const name = Object.prototype.toString.call(array);
            if (!ArrayBuffer.isView(array) || !/^\[object (?:Big)?(?:Int|Uint)(?:8|16|32|64)Array\]$/.test(name)) throw new TypeError(`${name} is not an integer typed array.`);
            return array;
        };
        const at = (array, index) => {
            const place = Math.trunc(+index) || 0;
            if (place < 0 || place >= whole(array).length) throw new RangeError('Invalid atomic access index');
            return place;
        };
        const valued = (array, value) => (typeof array[0] === 'bigint' || /^\[object Big/.test(Object.prototype.toString.call(array)) ? BigInt(value) : Math.trunc(+value) || 0);
        const change = (compute) => (array, index, value) => {
            const place = at(array, index);
            const operand = valued(array, value);
            const before = array[place];
            array[place] = compute(before, operand);
            return before;
        };
        const methods = {
            add: change((before, value) => before + value),
            and: change((before, value) => before & value),
            compareExchange(array, index, expected, value) {
                const place = at(array, index);
                const [wanted, replacement] = [valued(array, expected), valued(array, value)];
                const before = array[place];
                const one = new array.constructor([wanted]);
                if (before === one[0]) array[place] = replacement;
                return before;
            },
            exchange: change((before, value) => value),
            isLockFree: (size) => size === 1 || size === 2 || size === 4 || size === 8,
            load: (array, index) => array[at(array, index)],
            notify: (array, index) => (at(array, index), 0),
            or: change((before, value) => before | value),
            store(array, index, value) {
                const place = at(array, index);
                const operand = valued(array, value);
                array[place] = operand;
                return operand;
            },
            sub: change((before, value) => before - value),
            wait() {
                throw new TypeError('Atomics.wait cannot be called in this context');
            },
            waitAsync() {
                throw new TypeError('Atomics.waitAsync cannot be called in this context');
            },
            xor: change((before, value) => before ^ value),
        };
        const made = {};
        for (const name of Object.keys(methods)) Object.defineProperty(made, name, { value: methods[name], writable: true, configurable: true, enumerable: false });
        return Object.defineProperty(made, Symbol.toStringTag, { value: 'Atomics', configurable: true });
    }
})
