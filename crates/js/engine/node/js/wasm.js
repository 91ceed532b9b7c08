// The global `WebAssembly`: its objects, and modules without modules. The engine is WebAssembly itself and cannot compile code, so any other
// module is refused with an error that says so.
((node) => {
    'use strict';

    const { types } = node;
    const { defineProperty } = Object;
    const PAGE = 65536;
    const MOST_PAGES = 65536;
    const hidden = (object, name, value) => defineProperty(object, name, { __proto__: null, value, writable: true, enumerable: false, configurable: true });

    const makeError = (name) => {
        const { [name]: Type } = {
            [name]: class extends Error {
                constructor(message, options) {
                    super(message, options);
                    Error.captureStackTrace?.(this, new.target);
                }
            },
        };
        hidden(Type.prototype, 'name', name);
        return Type;
    };
    const CompileError = makeError('CompileError');
    const LinkError = makeError('LinkError');
    const RuntimeError = makeError('RuntimeError');

    const modules = new WeakSet();

    function bytesOf(source, context) {
        if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
        if (types.isAnyArrayBuffer(source)) return new Uint8Array(source);
        throw new TypeError(`${context}: Argument 0 must be a buffer source`);
    }

    const hex = (bytes, at) => Array.from(bytes.subarray(at, at + 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');

    // The fault of a module, or undefined.
    function faultOf(bytes) {
        if (bytes.length === 0) return 'BufferSource argument is empty';
        for (const [at, wanted, name] of [[0, '00 61 73 6d', 'magic word'], [4, '01 00 00 00', 'version']]) {
            if (bytes.length < at + 4) return `expected 4 bytes, fell off end @+${at}`;
            if (hex(bytes, at) !== wanted) return `expected ${name} ${wanted}, found ${hex(bytes, at)} @+${at}`;
        }
        return bytes.length > 8 ? 'postlogin does not run WebAssembly inside of its sandbox' : undefined;
    }

    function checked(source, context) {
        const fault = faultOf(bytesOf(source, context));
        if (fault !== undefined) throw new CompileError(`${context}: ${fault}`);
    }

    function makeModule() {
        const module = Object.create(Module.prototype);
        modules.add(module);
        return module;
    }

    function needsNew(target, name) {
        if (target === undefined) throw new TypeError(`WebAssembly.${name}(): WebAssembly.${name} must be invoked with 'new'`);
    }

    function Module(source) {
        needsNew(new.target, 'Module');
        checked(source, 'WebAssembly.Module()');
        modules.add(this);
    }
    const listOf = (name) => ({
        [name](module) {
            if (!modules.has(module)) throw new TypeError(`WebAssembly.Module.${name}(): Argument 0 must be a WebAssembly.Module`);
            return [];
        },
    })[name];
    for (const name of ['imports', 'exports', 'customSections']) hidden(Module, name, listOf(name));

    function Instance(module, imports) {
        needsNew(new.target, 'Instance');
        if (!modules.has(module)) throw new TypeError('WebAssembly.Instance(): Argument 0 must be a WebAssembly.Module');
        if (imports !== undefined && (imports === null || typeof imports !== 'object')) throw new TypeError('WebAssembly.Instance(): Argument 1 must be an object');
        defineProperty(this, 'exports', { __proto__: null, value: Object.freeze({ __proto__: null }), enumerable: true, configurable: false });
    }

    function limits(descriptor, context, most) {
        if (descriptor === null || typeof descriptor !== 'object') throw new TypeError(`${context}: Argument 0 must be a ${context.includes('Memory') ? 'memory' : 'table'} descriptor`);
        const number = (name) => {
            const value = Number(descriptor[name]);
            if (!Number.isFinite(value)) throw new TypeError(`${context}: Property '${name}': value ${descriptor[name]} is below the lower bound`);
            if (value < 0) throw new TypeError(`${context}: Property '${name}': value ${value} is below the lower bound`);
            if (value > most) throw new TypeError(`${context}: Property '${name}': value ${value} is above the upper bound`);
            return Math.trunc(value);
        };
        if (descriptor.initial === undefined && descriptor.minimum === undefined) throw new TypeError(`${context}: Property 'initial' is required`);
        const initial = number(descriptor.initial === undefined ? 'minimum' : 'initial');
        return { initial, maximum: descriptor.maximum === undefined ? most : number('maximum') };
    }

    const memories = new WeakMap();
    function Memory(descriptor) {
        needsNew(new.target, 'Memory');
        const { initial, maximum } = limits(descriptor, 'WebAssembly.Memory()', MOST_PAGES);
        memories.set(this, { buffer: new ArrayBuffer(initial * PAGE), maximum });
    }
    const memoryOf = (memory, name) => {
        const state = memories.get(memory);
        if (!state) throw new TypeError(`WebAssembly.Memory.${name}: Receiver is not a WebAssembly.Memory`);
        return state;
    };
    hidden(Memory.prototype, 'grow', { grow(delta) {
        const state = memoryOf(this, 'grow()');
        const before = state.buffer.byteLength / PAGE;
        const pages = before + Math.trunc(Number(delta));
        if (!(pages <= state.maximum)) throw new RangeError('WebAssembly.Memory.grow(): Maximum memory size exceeded');
        state.buffer = state.buffer.transfer(pages * PAGE);
        return before;
    } }.grow);
    defineProperty(Memory.prototype, 'buffer', { __proto__: null, get: { get buffer() { return memoryOf(this, 'buffer').buffer; } }.__lookupGetter__('buffer'), enumerable: true, configurable: true });

    const tables = new WeakMap();
    function Table(descriptor) {
        needsNew(new.target, 'Table');
        const { initial, maximum } = limits(descriptor, 'WebAssembly.Table()', 10_000_000);
        if (descriptor.element !== 'anyfunc' && descriptor.element !== 'externref') throw new TypeError("WebAssembly.Table(): Descriptor property 'element' must be a WebAssembly reference type");
        tables.set(this, { items: new Array(initial).fill(descriptor.element === 'anyfunc' ? null : undefined), maximum });
    }
    const tableOf = (table) => {
        const state = tables.get(table);
        if (!state) throw new TypeError('WebAssembly.Table: Receiver is not a WebAssembly.Table');
        return state;
    };
    const tableMethods = {
        get(index) {
            const { items } = tableOf(this);
            if (!(index < items.length)) throw new RangeError(`WebAssembly.Table.get(): invalid address ${index} in ${items[0] === null ? 'funcref' : 'externref'} table of size ${items.length}`);
            return items[index];
        },
        grow(delta) {
            const { items, maximum } = tableOf(this);
            const before = items.length;
            if (!(before + delta <= maximum)) throw new RangeError('WebAssembly.Table.grow(): failed to grow table by ' + delta);
            for (let at = 0; at < delta; at++) items.push(items[0] === undefined ? undefined : null);
            return before;
        },
        set(index, value) {
            const { items } = tableOf(this);
            if (!(index < items.length)) throw new RangeError(`WebAssembly.Table.set(): invalid address ${index} in table of size ${items.length}`);
            items[index] = value;
        },
    };
    for (const name of Object.keys(tableMethods)) hidden(Table.prototype, name, tableMethods[name]);
    defineProperty(Table.prototype, 'length', { __proto__: null, get: { get length() { return tableOf(this).items.length; } }.__lookupGetter__('length'), enumerable: true, configurable: true });

    const globals = new WeakMap();
    const CONVERSIONS = { __proto__: null, i32: (value) => value | 0, i64: (value) => BigInt.asIntN(64, BigInt(value ?? 0n)), f32: (value) => Math.fround(value ?? 0), f64: (value) => Number(value ?? 0), externref: (value) => value, anyfunc: (value) => value ?? null };
    function Global(descriptor, value) {
        needsNew(new.target, 'Global');
        if (descriptor === null || typeof descriptor !== 'object') throw new TypeError('WebAssembly.Global(): Argument 0 must be a global descriptor');
        const convert = CONVERSIONS[descriptor.value];
        if (!convert) throw new TypeError("WebAssembly.Global(): Descriptor property 'value' must be a WebAssembly type");
        globals.set(this, { value: convert(value), isMutable: Boolean(descriptor.mutable), convert });
    }
    const globalOf = (object, name) => {
        const state = globals.get(object);
        if (!state) throw new TypeError(`${name}: Receiver is not a WebAssembly.Global`);
        return state;
    };
    hidden(Global.prototype, 'valueOf', { valueOf() { return globalOf(this, 'WebAssembly.Global.valueOf()').value; } }.valueOf);
    const accessors = Object.getOwnPropertyDescriptor({
        get value() { return globalOf(this, 'get WebAssembly.Global.value').value; },
        set value(value) {
            const state = globalOf(this, 'set WebAssembly.Global.value');
            if (!state.isMutable) throw new TypeError("set WebAssembly.Global.value: Can't set the value of an immutable global.");
            state.value = state.convert(value);
        },
    }, 'value');
    defineProperty(Global.prototype, 'value', { __proto__: null, get: accessors.get, set: accessors.set, enumerable: true, configurable: true });

    function Tag(type) {
        needsNew(new.target, 'Tag');
        if (type === null || typeof type !== 'object') throw new TypeError('WebAssembly.Tag(): Argument 0 must be a tag type');
    }
    function Exception() {
        needsNew(new.target, 'Exception');
        throw new TypeError('WebAssembly.Exception(): Argument 0 must be a WebAssembly tag');
    }

    const methods = {
        compile(source) {
            return new Promise((resolve) => {
                checked(source, 'WebAssembly.compile()');
                resolve(makeModule());
            });
        },
        validate(source) {
            return faultOf(bytesOf(source, 'WebAssembly.validate()')) === undefined;
        },
        instantiate(source, imports) {
            return new Promise((resolve) => {
                if (modules.has(source)) return resolve(new Instance(source, imports));
                if (!ArrayBuffer.isView(source) && !types.isAnyArrayBuffer(source)) throw new TypeError('WebAssembly.instantiate(): Argument 0 must be a buffer source or a WebAssembly object');
                checked(source, 'WebAssembly.instantiate()');
                const module = makeModule();
                return resolve({ module, instance: new Instance(module, imports) });
            });
        },
        async compileStreaming(source) {
            return methods.compile(await (await source).arrayBuffer());
        },
        async instantiateStreaming(source, imports) {
            return methods.instantiate(await (await source).arrayBuffer(), imports);
        },
    };

    const namespace = {};
    for (const name of ['compile', 'validate', 'instantiate']) namespace[name] = methods[name];
    const classes = { Module, Instance, Table, Memory, Global, Tag, Exception };
    for (const name of Object.keys(classes)) {
        const Type = classes[name];
        defineProperty(Type, 'length', { value: 1, configurable: true });
        defineProperty(Type.prototype, Symbol.toStringTag, { __proto__: null, value: `WebAssembly.${name}`, configurable: true });
        hidden(namespace, name, Type);
        if (name === 'Tag') hidden(namespace, 'JSTag', Object.create(Tag.prototype));
    }
    for (const [name, Type] of Object.entries({ CompileError, LinkError, RuntimeError })) hidden(namespace, name, Type);
    for (const name of ['compileStreaming', 'instantiateStreaming']) namespace[name] = methods[name];
    for (const name of Object.keys(methods)) defineProperty(methods[name], 'length', { value: 1, configurable: true });
    defineProperty(namespace, Symbol.toStringTag, { __proto__: null, value: 'WebAssembly', configurable: true });
    hidden(globalThis, 'WebAssembly', namespace);
})
