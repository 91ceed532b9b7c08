// The writing half of the `serdes` binding: V8's format of values, version 15, as its ValueSerializer writes it.
((node) => {
    'use strict';

    const { complete, types, native: { classOf } } = node;
    const { ownKeys, getOwnPropertyDescriptor } = Reflect;
    const { propertyIsEnumerable } = Object.prototype;
    const { isArray } = Array;
    const VERSION = 15;
    const ERRORS = { __proto__: null, E: EvalError, R: RangeError, F: ReferenceError, S: SyntaxError, T: TypeError, U: URIError };
    const FLAGS = 'gimyus\0dv'; // the bits of a regular expression's flags, from the lowest
    const VIEWS = {
        __proto__: null, b: Int8Array, B: Uint8Array, C: Uint8ClampedArray, w: Int16Array, W: Uint16Array, d: Int32Array, D: Uint32Array, f: Float32Array,
        F: Float64Array, q: BigInt64Array, Q: BigUint64Array, '?': DataView,
    };
    const plainClass = classOf({});
    const isIndex = (key) => /^(?:0|[1-9]\d{0,9})$/.test(key) && +key < 4294967295;
    const isSmall = (number) => (number | 0) === number && !Object.is(number, -0);
    // Keys as V8 lists them; indices are numbers.
    const keysOf = (value) => ownKeys(value).filter((key) => typeof key === 'string' && propertyIsEnumerable.call(value, key)).map((key) => (isIndex(key) ? +key : key));
    const isOneByte = (text) => /^[\0-\xff]*$/.test(text);

    class Serializer {
        #bytes = new Uint8Array(64);
        #length = 0;
        #known = new Map();
        #moved = new Map(); // ArrayBuffer → id
        #viewsAreHostObjects = false;

        #room(count) {
            if (this.#length + count > this.#bytes.length) {
                const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
                grown.set(this.#bytes);
                this.#bytes = grown;
            }
        }

        #byte(value) {
            this.#room(1);
            this.#bytes[this.#length++] = value;
        }

        #tag(letter) {
            this.#byte(letter.charCodeAt(0));
        }

        #all(bytes) {
            this.#room(bytes.length);
            this.#bytes.set(bytes, this.#length);
            this.#length += bytes.length;
        }

        #varint(value) {
            let rest = BigInt(value);
            do {
                const low = Number(rest & 0x7fn);
                rest >>= 7n;
                this.#byte(rest === 0n ? low : low | 0x80);
            } while (rest !== 0n);
        }

        #double(value) {
            this.#all(new Uint8Array(new Float64Array([value]).buffer));
        }

        #text(text) {
            if (isOneByte(text)) {
                this.#tag('"');
                this.#varint(text.length);
                this.#all(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
                return;
            }
            const units = new Uint16Array(text.length);
            for (let at = 0; at < text.length; at++) units[at] = text.charCodeAt(at);
            const size = units.byteLength;
            const sizeOfSize = size < 128 ? 1 : size < 16384 ? 2 : size < 2097152 ? 3 : size < 268435456 ? 4 : 5;
            // The letters begin at an even place.
            if ((this.#length + 1 + sizeOfSize) % 2 === 1) this.#byte(0);
            this.#tag('c');
            this.#varint(size);
            this.#all(new Uint8Array(units.buffer));
        }

        #bigint(value) {
            const digits = [];
            for (let rest = value < 0n ? -value : value; rest !== 0n; rest >>= 8n) digits.push(Number(rest & 0xffn));
            while (digits.length % 8 !== 0) digits.push(0);
            this.#varint((digits.length << 1) | (value < 0n ? 1 : 0));
            this.#all(Uint8Array.from(digits));
        }

        #refuse(value) {
            throw new (this._getDataCloneError ?? Error)(`${node.toldOf(value)} could not be cloned.`);
        }

        #write(given) {
            const value = node.host.unwatched ? node.host.unwatched(given) : given;
            switch (typeof value) {
                case 'undefined': return this.#tag('_');
                case 'boolean': return this.#tag(value ? 'T' : 'F');
                case 'number':
                    if (isSmall(value)) {
                        this.#tag('I');
                        return this.#varint(((value << 1) ^ (value >> 31)) >>> 0);
                    }
                    this.#tag('N');
                    return this.#double(value);
                case 'bigint':
                    this.#tag('Z');
                    return this.#bigint(value);
                case 'string': return this.#text(value);
                case 'object': return value === null ? this.#tag('0') : this.#object(value);
                default: return this.#refuse(value);
            }
        }

        #object(value) {
            const isView = ArrayBuffer.isView(value);
            if (this.#known.has(value)) {
                this.#tag('^');
                return this.#varint(this.#known.get(value));
            }
            if (types.isProxy(value)) return this.#refuse(value);
            // A view's buffer comes before it.
            if (isView && !this.#viewsAreHostObjects) this.#object(value.buffer);
            this.#known.set(value, this.#known.size);
            if (isView) return this.#viewsAreHostObjects ? this.#host(value) : this.#view(value);
            if (isArray(value)) return this.#array(value);
            if (types.isDate(value)) {
                this.#tag('D');
                return this.#double(Date.prototype.getTime.call(value));
            }
            if (types.isBooleanObject(value)) return this.#tag(Boolean.prototype.valueOf.call(value) ? 'y' : 'x');
            if (types.isNumberObject(value)) {
                this.#tag('n');
                return this.#double(Number.prototype.valueOf.call(value));
            }
            if (types.isBigIntObject(value)) {
                this.#tag('z');
                return this.#bigint(BigInt.prototype.valueOf.call(value));
            }
            if (types.isStringObject(value)) {
                this.#tag('s');
                return this.#text(String.prototype.valueOf.call(value));
            }
            if (types.isRegExp(value)) {
                this.#tag('R');
                this.#text(value.source);
                let bits = 0;
                for (const letter of value.flags) bits |= 1 << FLAGS.indexOf(letter);
                return this.#varint(bits);
            }
            if (types.isMap(value)) return this.#entries(';', ':', [...Map.prototype.entries.call(value)].flat());
            if (types.isSet(value)) return this.#entries("'", ',', [...Set.prototype.values.call(value)]);
            if (types.isArrayBuffer(value)) return this.#buffer(value);
            if (types.isSharedArrayBuffer(value)) return this.#refuse(value);
            if (types.isNativeError(value)) return this.#error(value);
            if (node.isHostObject?.(value)) return this.#host(value);
            if (classOf(value) !== plainClass) return this.#refuse(value);
            this.#tag('o');
            const count = this.#properties(value, keysOf(value));
            this.#tag('{');
            return this.#varint(count);
        }

        #properties(value, keys) {
            let count = 0;
            for (const key of keys) {
                if (!propertyIsEnumerable.call(value, key)) continue;
                this.#write(key);
                this.#write(value[key]);
                count++;
            }
            return count;
        }

        #array(value) {
            const { length } = value;
            const keys = keysOf(value);
            const indices = keys.filter((key) => typeof key === 'number' && key < length).length;
            if (indices === length) {
                this.#tag('A');
                this.#varint(length);
                for (let at = 0; at < length; at++) this.#write(value[at]);
                const count = this.#properties(value, keys.filter((key) => typeof key === 'string'));
                this.#tag('$');
                this.#varint(count);
            } else {
                this.#tag('a');
                this.#varint(length);
                const count = this.#properties(value, keys);
                this.#tag('@');
                this.#varint(count);
            }
            this.#varint(length);
        }

        #entries(begin, end, items) {
            this.#tag(begin);
            for (const item of items) this.#write(item);
            this.#tag(end);
            this.#varint(items.length);
        }

        #buffer(buffer) {
            if (this.#moved.has(buffer)) {
                this.#tag('t');
                return this.#varint(this.#moved.get(buffer));
            }
            if (buffer.detached) throw new (this._getDataCloneError ?? Error)('An ArrayBuffer is detached and could not be cloned.');
            this.#tag(buffer.resizable ? '~' : 'B');
            this.#varint(buffer.byteLength);
            if (buffer.resizable) this.#varint(buffer.maxByteLength);
            return this.#all(new Uint8Array(buffer));
        }

        #view(view) {
            const letter = types.isDataView(view) ? '?' : Object.keys(VIEWS).find((name) => VIEWS[name].name === view[Symbol.toStringTag]);
            this.#tag('V');
            this.#tag(letter);
            this.#varint(view.byteOffset);
            this.#varint(view.byteLength);
            this.#varint(0);
        }

        #error(error) {
            const { name, stack } = error;
            const message = getOwnPropertyDescriptor(error, 'message');
            const cause = getOwnPropertyDescriptor(error, 'cause');
            this.#tag('r');
            const letter = Object.keys(ERRORS).find((known) => ERRORS[known].name === `${name}`);
            if (letter) this.#tag(letter);
            if (message && 'value' in message) {
                this.#tag('m');
                this.#text(`${message.value}`);
            }
            if (cause && 'value' in cause) {
                this.#tag('c');
                this.#write(cause.value);
            }
            if (typeof stack === 'string') {
                this.#tag('s');
                this.#text(stack);
            }
            this.#tag('.');
        }

        #host(value) {
            if (typeof this._writeHostObject !== 'function') return this.#refuse(value);
            this.#tag('\\');
            return this._writeHostObject(value);
        }

        writeHeader() {
            this.#byte(0xff);
            this.#byte(VERSION);
        }

        writeValue(value) {
            this.#write(value);
            return true;
        }

        releaseBuffer() {
            const { Buffer } = node.require('buffer');
            const released = Buffer.from(this.#bytes.slice(0, this.#length).buffer);
            this.#length = 0;
            return released;
        }

        transferArrayBuffer(id, buffer) {
            this.#moved.set(buffer, id >>> 0);
        }

        writeUint32(value) {
            this.#varint(value >>> 0);
        }

        writeUint64(high, low) {
            this.#varint((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
        }

        writeDouble(value) {
            this.#double(+value);
        }

        writeRawBytes(source) {
            if (!ArrayBuffer.isView(source) && !types.isAnyArrayBuffer(source)) throw node.coded(TypeError, 'ERR_INVALID_ARG_TYPE', 'source must be a TypedArray or a DataView');
            this.#all(ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source));
        }

        _setTreatArrayBufferViewsAsHostObjects(isOn) {
            this.#viewsAreHostObjects = Boolean(isOn);
        }
    }

    node.format = { VERSION, ERRORS, FLAGS, VIEWS };
    complete('serdes', (binding) => { binding.Serializer = Serializer; });
})
