// `structuredClone` and the copies that `postMessage` sends, following V8's serializer and Node's messaging.
((node) => {
    'use strict';

    const { native: { classOf, proxyDetails }, types } = node;
    const { ownKeys, getOwnPropertyDescriptor, getPrototypeOf, apply } = Reflect;
    const { defineProperty, create } = Object;
    const { propertyIsEnumerable } = Object.prototype;
    const { isArray } = Array;
    const { isView } = ArrayBuffer;
    const bound = (method) => Function.prototype.call.bind(method);
    const getter = (prototype, name) => bound(getOwnPropertyDescriptor(prototype, name).get);
    const sourceOf = bound(Function.prototype.toString);
    const forEachOfMap = bound(Map.prototype.forEach);
    const forEachOfSet = bound(Set.prototype.forEach);
    const addToMap = bound(Map.prototype.set);
    const addToSet = bound(Set.prototype.add);
    const timeOf = bound(Date.prototype.getTime);
    const copyOf = bound(ArrayBuffer.prototype.slice);
    const transferred = bound(ArrayBuffer.prototype.transfer);
    const bytesOf = getter(ArrayBuffer.prototype, 'byteLength');
    const mostBytesOf = getter(ArrayBuffer.prototype, 'maxByteLength');
    const isResizable = getter(ArrayBuffer.prototype, 'resizable');
    const isDetached = getter(ArrayBuffer.prototype, 'detached');
    const typedArray = getPrototypeOf(Uint8Array.prototype);
    const view = {
        array: { name: getter(typedArray, Symbol.toStringTag), buffer: getter(typedArray, 'buffer'), offset: getter(typedArray, 'byteOffset'), length: getter(typedArray, 'length') },
        data: { buffer: getter(DataView.prototype, 'buffer'), offset: getter(DataView.prototype, 'byteOffset'), length: getter(DataView.prototype, 'byteLength') },
    };
    const arrays = {
        __proto__: null, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array,
    };
    const sourceOfPattern = getter(RegExp.prototype, 'source');
    const flags = [['hasIndices', 'd'], ['global', 'g'], ['ignoreCase', 'i'], ['multiline', 'm'], ['dotAll', 's'], ['unicode', 'u'], ['unicodeSets', 'v'], ['sticky', 'y']]
        .map(([name, letter]) => [getter(RegExp.prototype, name), letter]);
    const errors = { __proto__: null, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
    const boxes = [[types.isNumberObject, Number], [types.isStringObject, String], [types.isBooleanObject, Boolean], [types.isBigIntObject, BigInt]]
        .map(([is, type]) => [is, bound(type.prototype.valueOf)]);
    const plainClass = classOf({});
    const isPlain = (value) => classOf(value) === plainClass;
    // Objects of V8's own classes, which are plain here.
    const isOfIntl = (value) => {
        const prototype = getPrototypeOf(value);
        const tag = prototype && !types.isProxy(prototype) && getOwnPropertyDescriptor(prototype, Symbol.toStringTag)?.value;
        return typeof tag === 'string' && tag.startsWith('Intl.');
    };
    const errorToString = bound(Error.prototype.toString);
    const { toString: toStringOfObject } = Object.prototype;

    const symbols = () => node.getInternalBinding('symbols');
    const modeSymbol = () => node.getInternalBinding('util').privateSymbols.transfer_mode_private_symbol;
    const untransferableSymbol = () => node.getInternalBinding('util').privateSymbols.untransferable_object_private_symbol;
    const CLONEABLE = 2;
    const TRANSFERABLE = 1;

    const cloneError = (message) => new (node.getInternalBinding('messaging').DOMException)(message, 'DataCloneError');

    // V8's Object::NoSideEffectsToString.
    function told(value) {
        if (typeof value === 'symbol') return `Symbol(${value.description ?? ''})`;
        if (types.isProxy(value)) return told(proxyDetails(value)[0]);
        if (value === null) return 'null';
        if (typeof value === 'function') return sourceOf(value);
        const property = (name) => {
            for (let object = value; object !== null; object = getPrototypeOf(object)) {
                if (types.isProxy(object)) return undefined;
                const own = getOwnPropertyDescriptor(object, name);
                if (own) return own.value;
            }
            return undefined;
        };
        if (types.isNativeError(value)) return errorToString(value);
        // Of this realm: V8 compares with that of the function that fails.
        if (property('toString') === toStringOfObject) {
            const type = property('constructor');
            const name = typeof type === 'function' ? getOwnPropertyDescriptor(type, 'name')?.value : '';
            if (typeof name === 'string' && name !== '') return `#<${name}>`;
        }
        const tag = property(Symbol.toStringTag);
        if (typeof tag === 'string') return `[object ${tag}]`;
        const built = [
            [isArray, 'Array'], [types.isArgumentsObject, 'Arguments'], [types.isDate, 'Date'], [types.isRegExp, 'RegExp'],
            [types.isNumberObject, 'Number'], [types.isStringObject, 'String'], [types.isBooleanObject, 'Boolean'],
        ].find(([is]) => is(value));
        return `[object ${built ? built[1] : 'Object'}]`;
    }
    node.toldOf = told;

    const refused = (value) => cloneError(`${told(value)} could not be cloned.`);

    // The transfer mode of an object of Node's library; undefined for other objects.
    const modeOf = (object) => (types.isProxy(object) ? undefined : object[modeSymbol()]);

    class Copier {
        #known = new Map(); // original → copy
        #transfer; // originals that move
        #ports = []; // those that moved, as they are on the other side
        #movesPorts = false; // inside of an object that moves

        constructor(transfer) {
            this.#transfer = new Set();
            for (const object of transfer) {
                const isPort = node.ports.isPort(object);
                const isBuffer = types.isArrayBuffer(object);
                if (!isPort && !isBuffer && ((modeOf(object) ?? 0) & TRANSFERABLE) === 0) throw cloneError('Found invalid value in transferList.');
                if (this.#transfer.has(object)) {
                    throw cloneError(`Transfer list contains duplicate ${isBuffer ? 'ArrayBuffer' : isPort ? 'MessagePort' : object.constructor?.name}`);
                }
                if (isBuffer && (isDetached(object) || object[untransferableSymbol()] !== undefined)) throw cloneError('Cannot transfer object of unsupported type.');
                if (isPort && node.ports.isClosed(object)) throw cloneError('MessagePort in transfer list is already detached');
                this.#transfer.add(object);
            }
        }

        // [copy, ports that moved]
        run(value) {
            const copy = this.#copy(value);
            // If a part cannot be copied, nothing is transferred. Objects in the list that the value does not contain are transferred as well.
            for (const object of this.#transfer) {
                if (this.#known.has(object)) continue;
                if (node.ports.isPort(object)) this.#movePort(object);
                else if (!types.isArrayBuffer(object)) this.#moved(object);
            }
            for (const object of this.#transfer) {
                if (types.isArrayBuffer(object)) transferred(object);
            }
            return [copy, this.#ports];
        }

        #copy(given) {
            const value = node.host.unwatched ? node.host.unwatched(given) : given;
            if (typeof value === 'symbol') throw refused(value);
            if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return value;
            if (this.#known.has(value)) return this.#known.get(value);
            if (typeof value === 'function' || types.isProxy(value)) throw refused(value);
            if (node.ports.isPort(value)) {
                if (!this.#transfer.has(value) && !this.#movesPorts) throw cloneError('Object that needs transfer was found in message but not listed in transferList');
                return this.#movePort(value);
            }
            // Objects that wrap a native handle, such as keys.
            const shared = node.cloneOfHandle?.(value);
            if (shared !== undefined) return this.#keep(value, shared);
            if (modeOf(value) !== undefined) return this.#copyHostObject(value);
            if (isView(value)) return this.#copyView(value);
            return this.#keep(value, this.#copyBuiltin(value) ?? this.#copyCollection(value));
        }

        #keep(value, copy) {
            this.#known.set(value, copy);
            return copy;
        }

        #copyBuiltin(value) {
            if (types.isArrayBuffer(value)) return this.#copyBuffer(value);
            if (types.isDate(value)) return new Date(timeOf(value));
            if (types.isRegExp(value)) {
                let letters = '';
                for (const [has, letter] of flags) if (has(value)) letters += letter;
                return new RegExp(sourceOfPattern(value), letters);
            }
            for (const [is, valueOf] of boxes) if (is(value)) return Object(valueOf(value));
            if (types.isSharedArrayBuffer(value)) return value;
            return undefined;
        }

        // Containers are registered before their parts are copied, because they may contain themselves.
        #copyCollection(value) {
            if (types.isMap(value)) {
                const entries = [];
                forEachOfMap(value, (item, key) => { entries.push([key, item]); });
                const copy = this.#keep(value, new Map());
                for (const [key, item] of entries) addToMap(copy, this.#copy(key), this.#copy(item));
                return copy;
            }
            if (types.isSet(value)) {
                const items = [];
                forEachOfSet(value, (item) => { items.push(item); });
                const copy = this.#keep(value, new Set());
                for (const item of items) addToSet(copy, this.#copy(item));
                return copy;
            }
            if (types.isNativeError(value)) return this.#copyError(value);
            if (value === globalThis || value === node.host.global?.()) throw cloneError('[object global] could not be cloned.');
            if (isArray(value)) return this.#copyProperties(value, this.#keep(value, new Array(value.length)));
            if (isPlain(value) && !isOfIntl(value)) return this.#copyProperties(value, this.#keep(value, {}));
            throw refused(value);
        }

        #copyProperties(value, copy) {
            for (const key of ownKeys(value)) {
                if (typeof key !== 'string' || !apply(propertyIsEnumerable, value, [key])) continue;
                defineProperty(copy, key, { __proto__: null, value: this.#copy(value[key]), writable: true, enumerable: true, configurable: true });
            }
            return copy;
        }

        #copyError(error) {
            const { name } = error;
            const message = getOwnPropertyDescriptor(error, 'message');
            const cause = getOwnPropertyDescriptor(error, 'cause');
            const { stack } = error;
            const copy = create((errors[`${name}`] ?? Error).prototype);
            const made = this.#keep(error, Object.setPrototypeOf(new Error(), getPrototypeOf(copy)));
            delete made.message;
            const set = (key, value) => defineProperty(made, key, { __proto__: null, value, writable: true, enumerable: false, configurable: true });
            if (message && 'value' in message) set('message', `${message.value}`);
            set('stack', typeof stack === 'string' ? stack : undefined);
            if (cause) set('cause', this.#copy('value' in cause ? cause.value : undefined));
            return made;
        }

        #copyBuffer(buffer) {
            if (isDetached(buffer)) throw cloneError('An ArrayBuffer is detached and could not be cloned.');
            if (!isResizable(buffer)) return copyOf(buffer, 0);
            const copy = new ArrayBuffer(bytesOf(buffer), { maxByteLength: mostBytesOf(buffer) });
            new Uint8Array(copy).set(new Uint8Array(buffer));
            return copy;
        }

        #copyView(value) {
            const isData = types.isDataView(value);
            const { buffer, offset, length } = isData ? view.data : view.array;
            const [at, count] = [offset(value), length(value)];
            const copied = this.#copy(buffer(value));
            const Type = isData ? DataView : arrays[view.array.name(value)];
            return this.#keep(value, new Type(copied, at, count));
        }

        #movePort(port) {
            const moved = this.#keep(port, node.ports.move(port));
            this.#ports.push(moved);
            return moved;
        }

        #moved(object) {
            const { [symbols().messaging_transfer_symbol]: transfer, [symbols().messaging_transfer_list_symbol]: list } = object;
            // Creates the ports that are transferred along with the object.
            if (typeof list === 'function') apply(list, object, []);
            const { data, deserializeInfo } = apply(transfer, object, []);
            const outer = this.#movesPorts;
            this.#movesPorts = true;
            const copy = this.#madeOf(object, data, deserializeInfo);
            this.#movesPorts = outer;
            return copy;
        }

        #copyHostObject(object) {
            const mode = modeOf(object);
            if ((mode & TRANSFERABLE) !== 0 && (this.#transfer.has(object) || this.#movesPorts)) return this.#moved(object);
            if ((mode & CLONEABLE) === 0) {
                if ((mode & TRANSFERABLE) !== 0) throw cloneError('Object that needs transfer was found in message but not listed in transferList');
                throw cloneError('Cannot clone object of unsupported type.');
            }
            const { [symbols().messaging_clone_symbol]: clone } = object;
            if (typeof clone !== 'function') return this.#copyProperties(object, this.#keep(object, {}));
            const { data, deserializeInfo } = apply(clone, object, []);
            return this.#madeOf(object, data, deserializeInfo);
        }

        // Native handles are immutable, so both sides share them.
        #madeOf(object, data, deserializeInfo) {
            const shared = (value) => value !== null && typeof value === 'object' && isPlain(value) && modeOf(value) === undefined && !node.ports.isPort(value)
                && ![Object.prototype, null].includes(getPrototypeOf(value));
            const copy = this.#keep(object, node.ports.createObject(deserializeInfo));
            let copied = data;
            if (data !== null && typeof data === 'object' && isPlain(data) && !shared(data)) {
                copied = {};
                for (const key of ownKeys(data)) copied[key] = shared(data[key]) ? data[key] : this.#copy(data[key]);
            } else if (!shared(data)) {
                copied = this.#copy(data);
            }
            apply(copy[symbols().messaging_deserialize_symbol], copy, [copied]);
            return copy;
        }
    }

    // Copies a value and transfers the objects in `transfer`. Returns the copy and the transferred ports.
    node.copyMessage = (value, transfer) => new Copier(transfer).run(value);

    node.isHostObject = (value) => modeOf(value) !== undefined || node.ports.isPort(value) || node.cloneOfHandle?.(value) !== undefined;

    node.complete('messaging', (binding) => {
        binding.structuredClone = (value, options) => node.copyMessage(value, options?.transfer ?? [])[0];
    });
})
