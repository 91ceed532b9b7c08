// The reading half of the `serdes` binding, see serializer.js.
((node) => {
    'use strict';

    const { complete, types } = node;
    const { VERSION, ERRORS, FLAGS, VIEWS } = node.format;

    const broken = () => new Error('Unable to deserialize cloned data.');

    class Deserializer {
        #bytes;
        #at = 0;
        #version = 0;
        #known = [];
        #moved = new Map();

        constructor(buffer) {
            if (!ArrayBuffer.isView(buffer)) throw node.coded(TypeError, 'ERR_INVALID_ARG_TYPE', 'buffer must be a TypedArray or a DataView');
            this.buffer = buffer;
            this.#bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
        }

        #byte() {
            if (this.#at >= this.#bytes.length) throw broken();
            return this.#bytes[this.#at++];
        }

        #tag() {
            let byte;
            do byte = this.#byte(); while (byte === 0);
            return String.fromCharCode(byte);
        }

        #varint() {
            let value = 0n;
            for (let shift = 0n; ; shift += 7n) {
                const byte = this.#byte();
                if (shift < 64n) value |= BigInt(byte & 0x7f) << shift;
                if (byte < 0x80) return value;
            }
        }

        #count() {
            return Number(this.#varint() & 0xffffffffn);
        }

        #some(count) {
            if (count > this.#bytes.length - this.#at) throw broken();
            this.#at += count;
            return this.#bytes.slice(this.#at - count, this.#at);
        }

        #double() {
            return new Float64Array(this.#some(8).buffer)[0];
        }

        #bigint() {
            const bits = this.#count();
            let value = 0n;
            const digits = this.#some(bits >>> 1);
            for (let at = digits.length - 1; at >= 0; at--) value = (value << 8n) | BigInt(digits[at]);
            return bits & 1 ? -value : value;
        }

        #text() {
            const tag = this.#tag();
            if (tag !== '"' && tag !== 'c') throw broken();
            return this.#letters(tag);
        }

        #letters(tag) {
            const bytes = this.#some(this.#count());
            if (tag === 'c' && bytes.length % 2 === 1) throw broken();
            const units = tag === 'c' ? new Uint16Array(bytes.buffer) : bytes;
            let text = '';
            for (let at = 0; at < units.length; at += 4096) text += String.fromCharCode(...units.subarray(at, at + 4096));
            return text;
        }

        #keep(id, value) {
            this.#known[id] = value;
            return value;
        }

        #value() {
            const tag = this.#tag();
            switch (tag) {
                case '_': return undefined;
                case '0': return null;
                case 'T': return true;
                case 'F': return false;
                case 'I': {
                    const value = this.#count();
                    return (value >>> 1) ^ -(value & 1);
                }
                case 'U': return this.#count();
                case 'N': return this.#double();
                case 'Z': return this.#bigint();
                case '"': case 'c': return this.#letters(tag);
                case '^': {
                    const id = this.#count();
                    if (!(id in this.#known)) throw broken();
                    return this.#known[id];
                }
                default: return this.#withView(this.#object(tag));
            }
        }

        // A view follows its buffer.
        #withView(value) {
            if (!types.isArrayBuffer(value) || this.#bytes[this.#at] !== 0x56) return value;
            this.#at++;
            const id = this.#known.length;
            const Type = VIEWS[this.#tag()];
            const [offset, length] = [this.#count(), this.#count()];
            if (this.#version >= 14) this.#count();
            const size = Type?.BYTES_PER_ELEMENT ?? 1;
            if (!Type || offset + length > value.byteLength || offset % size !== 0 || length % size !== 0) throw broken();
            return this.#keep(id, new Type(value, offset, length / size));
        }

        #object(tag) {
            const id = this.#known.length;
            this.#known[id] = undefined;
            switch (tag) {
                case 'o': return this.#properties(this.#keep(id, {}), '{');
                case 'A': {
                    const length = this.#count();
                    if (length > this.#bytes.length - this.#at) throw broken();
                    const array = this.#keep(id, new Array(length));
                    for (let at = 0; at < length; at++) {
                        if (this.#bytes[this.#at] === 0x2d) this.#at++;
                        else array[at] = this.#value();
                    }
                    this.#properties(array, '$');
                    this.#count();
                    return array;
                }
                case 'a': {
                    const array = this.#keep(id, []);
                    array.length = this.#count();
                    this.#properties(array, '@');
                    this.#count();
                    return array;
                }
                case 'D': return this.#keep(id, new Date(this.#double()));
                case 'y': return this.#keep(id, Object(true));
                case 'x': return this.#keep(id, Object(false));
                case 'n': return this.#keep(id, Object(this.#double()));
                case 'z': return this.#keep(id, Object(this.#bigint()));
                case 's': return this.#keep(id, Object(this.#text()));
                case 'R': {
                    const source = this.#text();
                    const bits = this.#count();
                    return this.#keep(id, new RegExp(source, [...FLAGS].filter((letter, at) => bits & (1 << at) && letter !== '\0').join('')));
                }
                case ';': {
                    const map = this.#keep(id, new Map());
                    for (const [key, value] of this.#pairs(':')) map.set(key, value);
                    return map;
                }
                case "'": {
                    const set = this.#keep(id, new Set());
                    for (let next = this.#peek(); next !== ','; next = this.#peek()) set.add(this.#value());
                    this.#tag();
                    if (this.#count() !== set.size) throw broken();
                    return set;
                }
                case 'B': {
                    const bytes = this.#some(this.#count());
                    return this.#keep(id, bytes.buffer);
                }
                case '~': {
                    const [length, most] = [this.#count(), this.#count()];
                    if (most < length || most > 2 ** 30) throw broken();
                    const buffer = this.#keep(id, new ArrayBuffer(length, { maxByteLength: most }));
                    new Uint8Array(buffer).set(this.#some(length));
                    return buffer;
                }
                case 't': {
                    const buffer = this.#moved.get(this.#count());
                    if (!buffer) throw broken();
                    return this.#keep(id, buffer);
                }
                case 'r': return this.#error(id);
                case '\\':
                    if (typeof this._readHostObject !== 'function') throw broken();
                    return this.#keep(id, this._readHostObject());
                default: throw broken();
            }
        }

        #peek() {
            while (this.#bytes[this.#at] === 0) this.#at++;
            if (this.#at >= this.#bytes.length) throw broken();
            return String.fromCharCode(this.#bytes[this.#at]);
        }

        * #pairs(end) {
            let count = 0;
            for (; this.#peek() !== end; count += 2) yield [this.#value(), this.#value()];
            this.#tag();
            if (this.#count() !== count) throw broken();
        }

        #properties(object, end) {
            let count = 0;
            for (; this.#peek() !== end; count++) {
                const key = this.#value();
                if (typeof key !== 'string' && typeof key !== 'number') throw broken();
                Object.defineProperty(object, key, { value: this.#value(), writable: true, enumerable: true, configurable: true });
            }
            this.#tag();
            if (this.#count() !== count) throw broken();
            return object;
        }

        #error(id) {
            let Type = Error;
            const parts = { __proto__: null };
            const error = this.#keep(id, new Error());
            for (let tag = this.#tag(); tag !== '.'; tag = this.#tag()) {
                if (tag in ERRORS) Type = ERRORS[tag];
                else if (tag === 'm') parts.message = this.#text();
                else if (tag === 's') parts.stack = this.#text();
                else if (tag === 'c') parts.cause = this.#value();
                else throw broken();
            }
            Object.setPrototypeOf(error, Type.prototype);
            for (const name of ['stack', 'message', 'cause']) {
                if (name in parts) Object.defineProperty(error, name, { value: parts[name], writable: true, enumerable: false, configurable: true });
            }
            return error;
        }

        readHeader() {
            const refused = () => new Error('Unable to deserialize cloned data due to invalid or unsupported version.');
            if (this.#bytes[this.#at] !== 0xff) throw refused();
            this.#at++;
            this.#version = this.#count();
            if (this.#version > VERSION) throw refused();
            return true;
        }

        readValue() {
            return this.#value();
        }

        getWireFormatVersion() {
            return this.#version;
        }

        transferArrayBuffer(id, buffer) {
            this.#moved.set(id >>> 0, buffer);
        }

        readUint32() {
            return this.#count();
        }

        readUint64() {
            const value = this.#varint();
            return [Number(value >> 32n), Number(value & 0xffffffffn)];
        }

        readDouble() {
            return this.#double();
        }

        _readRawBytes(length) {
            if (length > this.#bytes.length - this.#at) throw new Error('ReadRawBytes() failed');
            const at = this.#at;
            this.#at += length;
            return at;
        }
    }

    complete('serdes', (binding) => { binding.Deserializer = Deserializer; });
})
