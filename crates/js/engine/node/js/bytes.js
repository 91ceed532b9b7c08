// Bindings about bytes and texts: `buffer`, `encoding_binding`, `icu`, `string_decoder`, `blob`, `url`, `zlib`.
((node) => {
    'use strict';

    const { native, host, complete, types } = node;
    const { apply } = Reflect;
    const { isView } = ArrayBuffer;
    const getter = (prototype, name) => Function.prototype.call.bind(Object.getOwnPropertyDescriptor(prototype, name).get);
    const TypedArray = Object.getPrototypeOf(Uint8Array.prototype);
    const [bufferOf, offsetOf, lengthOf] = ['buffer', 'byteOffset', 'byteLength'].map((name) => getter(TypedArray, name));
    const [viewBuffer, viewOffset, viewLength] = ['buffer', 'byteOffset', 'byteLength'].map((name) => getter(DataView.prototype, name));
    const byteLength = getter(ArrayBuffer.prototype, 'byteLength');
    const uint8Array = native.classOf(new Uint8Array(1));
    const Bytes = Uint8Array;

    // Any view or buffer as a Uint8Array over the same memory.
    function bytes(value) {
        if (native.classOf(value) === uint8Array) return value;
        if (types.isDataView(value)) return new Bytes(viewBuffer(value), viewOffset(value), viewLength(value));
        if (isView(value)) return new Bytes(bufferOf(value), offsetOf(value), lengthOf(value));
        return new Bytes(value);
    }
    node.bytes = bytes;

    // An error as Node's C++ throws it: the code is a property, and no part of the name.
    function coded(type, code, message) {
        const error = new type(message);
        error.code = code;
        return error;
    }
    node.coded = coded;

    // What decoders take; Node's words.
    function decodable(value) {
        if (isView(value) || types.isAnyArrayBuffer(value)) return bytes(value);
        throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "list" argument must be an instance of SharedArrayBuffer, ArrayBuffer or ArrayBufferView.');
    }

    const notValid = (encoding) => coded(TypeError, 'ERR_ENCODING_INVALID_ENCODED_DATA', `The encoded data was not valid for encoding ${encoding}`);
    const sizeOf = (value) => (types.isAnyArrayBuffer(value) ? value.byteLength : types.isDataView(value) ? viewLength(value) : lengthOf(value));

    // As `string_decoder.encodings` numbers them.
    const [ASCII, UTF8, BASE64, UTF16, LATIN1, HEX, BUFFER, BASE64URL] = [0, 1, 2, 3, 4, 5, 6, 7];
    const BY_NAME = { __proto__: null, ascii: ASCII, utf8: UTF8, 'utf-8': UTF8, base64: BASE64, base64url: BASE64URL, latin1: LATIN1, binary: LATIN1, hex: HEX, ucs2: UTF16, 'ucs-2': UTF16, utf16le: UTF16, 'utf-16le': UTF16 };
    const numberOf = (encoding) => BY_NAME[`${encoding}`.toLowerCase()] ?? UTF8;

    const tooLong = () => {
        throw coded(Error, 'ERR_STRING_TOO_LONG', 'Cannot create a string longer than 0x1fffffe8 characters');
    };
    const outOfRange = (what) => {
        const { ERR_OUT_OF_RANGE, ERR_BUFFER_OUT_OF_BOUNDS } = node.require('internal/errors').codes;
        throw what ? new ERR_OUT_OF_RANGE('Index', '>= 0', what) : new ERR_BUFFER_OUT_OF_BOUNDS();
    };
    const index = (value, otherwise) => (value === undefined ? otherwise : Math.trunc(+value) || 0);

    const slicer = (name, encoding, perByte) => ({ [name](start, end) {
        const { length } = bytes(this);
        const from = index(start, 0);
        const to = index(end, length);
        if (from < 0 || to < 0) throw new RangeError('Index out of range');
        if (Math.min(to, length) - from > 536870888 / perByte) tooLong();
        return native.slice(bytes(this), encoding, from, to);
    } })[name];
    const writer = (name, encoding) => ({ [name](text, offset, length) {
        if (typeof text !== 'string') throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', 'argument must be a string');
        const target = bytes(this);
        const at = index(offset, 0);
        if (at < 0 || at > target.length) throw coded(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', '"offset" is outside of buffer bounds');
        return native.write(target, text, encoding, at, index(length, target.length - at));
    } })[name];
    const staticWriter = (name, encoding) => ({ [name](target, text, offset, length) {
        if (typeof text !== 'string') throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', 'argument must be a string');
        const into = bytes(target);
        const at = index(offset, 0);
        if (at < 0 || at > into.length) throw coded(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', '"offset" is outside of buffer bounds');
        return native.write(into, text, encoding, at, index(length, into.length - at));
    } })[name];

    complete('buffer', (binding) => {
        Object.assign(binding, {
            setBufferPrototype(prototype) {
                node.bufferPrototype = prototype;
            },
            getZeroFillToggle: () => undefined,
            createUnsafeArrayBuffer: (size) => new ArrayBuffer(size),
            byteLengthUtf8: (text) => native.byteLengthUtf8(text),
            atob: (text) => native.atob(text),
            btoa(text) {
                for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 255) return -1;
                return native.slice(native.encode(text, LATIN1), BASE64, 0, text.length);
            },
            compare: (left, right) => native.compare(bytes(left), bytes(right)),
            compareOffset(source, target, targetStart, sourceStart, targetEnd, sourceEnd) {
                source = bytes(source);
                target = bytes(target);
                if (sourceStart > source.length) outOfRange();
                if (targetStart > target.length) outOfRange();
                return native.compare(source.subarray(sourceStart, sourceEnd), target.subarray(targetStart, targetEnd));
            },
            copy: (source, target, targetStart, sourceStart, count) => native.copy(bytes(source), bytes(target), targetStart, sourceStart, count),
            copyArrayBuffer(target, targetOffset, source, sourceOffset, count) {
                native.copy(new Bytes(source), new Bytes(target), targetOffset, sourceOffset, count);
            },
            fill(buffer, value, start, end, encoding) {
                const target = bytes(buffer);
                if (start < 0 || end > target.length) return -2;
                if (start >= end) return undefined;
                let pattern;
                if (typeof value === 'string') {
                    pattern = native.encode(value, numberOf(encoding));
                } else if (isView(value) || types.isAnyArrayBuffer(value)) {
                    pattern = bytes(value);
                } else {
                    target.fill(value & 255, start, end);
                    return undefined;
                }
                if (pattern.length === 0) return -1;
                native.fill(target, pattern, start, end);
                return undefined;
            },
            indexOfString(buffer, text, offset, encoding, isForward) {
                const number = typeof encoding === 'number' ? ENCODINGS[encoding] ?? UTF8 : numberOf(encoding);
                return native.indexOf(bytes(buffer), native.encode(text, number), offset, number === UTF16 ? 2 : 1, isForward);
            },
            indexOfBuffer(buffer, needle, offset, encoding, isForward) {
                return native.indexOf(bytes(buffer), bytes(needle), offset, (ENCODINGS[encoding] ?? UTF8) === UTF16 ? 2 : 1, isForward);
            },
            indexOfNumber(buffer, number, offset, isForward) {
                return native.indexOf(bytes(buffer), new Bytes([number & 255]), offset, 1, isForward);
            },
            swap16: (buffer) => (native.swap(bytes(buffer), 2), buffer),
            swap32: (buffer) => (native.swap(bytes(buffer), 4), buffer),
            swap64: (buffer) => (native.swap(bytes(buffer), 8), buffer),
            isUtf8: (value) => native.isUtf8(attached(value)),
            isAscii: (value) => native.isAscii(attached(value)),
            asciiSlice: slicer('asciiSlice', ASCII, 1),
            base64Slice: slicer('base64Slice', BASE64, 4 / 3),
            base64urlSlice: slicer('base64urlSlice', BASE64URL, 4 / 3),
            latin1Slice: slicer('latin1Slice', LATIN1, 1),
            hexSlice: slicer('hexSlice', HEX, 2),
            ucs2Slice: slicer('ucs2Slice', UTF16, 0.5),
            utf8Slice: slicer('utf8Slice', UTF8, 1),
            base64Write: writer('base64Write', BASE64),
            base64urlWrite: writer('base64urlWrite', BASE64URL),
            hexWrite: writer('hexWrite', HEX),
            ucs2Write: writer('ucs2Write', UTF16),
            asciiWriteStatic: staticWriter('asciiWriteStatic', LATIN1),
            latin1WriteStatic: staticWriter('latin1WriteStatic', LATIN1),
            utf8WriteStatic: staticWriter('utf8WriteStatic', UTF8),
        });
    });

    function attached(value) {
        const buffer = isView(value) ? bytes(value).buffer : value;
        if (buffer.detached) {
            throw coded(Error, 'ERR_INVALID_STATE', 'Cannot validate on a detached buffer');
        }
        return bytes(value);
    }

    // `internal/util` numbers encodings by `encodings` of the binding.
    const ENCODINGS = node.shapes.string_decoder.encodings.map((name) => (name === 'buffer' ? BUFFER : BY_NAME[name]));

    complete('encoding_binding', (binding) => {
        const results = (binding.encodeIntoResults = new Uint32Array(2));
        Object.assign(binding, {
            encodeUtf8String: (text) => native.bytesFromText(text),
            encodeInto(text, target) {
                [results[0], results[1]] = native.encodeInto(text, bytes(target));
            },
            decodeUTF8(input, ignoresMark, isFatal) {
                const text = native.decodeUtf8(decodable(input), ignoresMark, isFatal);
                if (text === undefined) throw notValid('utf-8');
                return text;
            },
            decodeWindows1252: (input, ignoresMark, isFatal) => {
                const decoder = native.newDecoder('windows-1252', ignoresMark, isFatal);
                return native.decode(decoder, decodable(input), true);
            },
            toASCII: (domain) => native.domainToAscii(domain),
            toUnicode: (domain) => native.domainToUnicode(domain),
        });
    });

    complete('icu', (binding) => {
        const FLUSH = 1;
        const FATAL = 2;
        const IGNORE_BOM = 4;
        Object.assign(binding, {
            getStringWidth: (text) => native.stringWidth(text),
            hasConverter: (name) => native.hasDecoder(name),
            icuErrName: () => 'U_ILLEGAL_ARGUMENT_ERROR',
            getConverter: (name, flags) => (name === 'x-user-defined' ? undefined : native.newDecoder(name, (flags & IGNORE_BOM) !== 0, (flags & FATAL) !== 0)),
            decode(converter, input, flags, name) {
                const text = native.decode(converter, decodable(input), (flags & FLUSH) !== 0);
                if (text === undefined) throw notValid(name);
                return text;
            },
            transcode(source, from, to) {
                const [input, output] = [TRANSCODED[from], TRANSCODED[to]];
                if (input === undefined || output === undefined) return -1;
                const text = native.slice(bytes(source), input, 0, source.length);
                const isNarrow = output === ASCII || output === LATIN1;
                const shown = isNarrow ? text.replace(output === ASCII ? /[^\0-\x7f]/gu : /[^\0-\xff]/gu, '?') : text;
                const { Buffer } = node.require('buffer');
                return Buffer.from(shown, to);
            },
        });
    });
    const TRANSCODED = { __proto__: null, ascii: ASCII, latin1: LATIN1, binary: LATIN1, utf8: UTF8, ucs2: UTF16, utf16le: UTF16 };

    // ---- StringDecoder: the bytes of a character that is not whole stay in the state ----

    complete('string_decoder', (binding) => {
        const { kMissingBytes, kBufferedBytes, kEncodingField, kIncompleteCharactersStart: start } = binding;
        const kept = (state) => state.subarray(start, start + state[kBufferedBytes]);
        const decoded = (state, data) => native.slice(data, ENCODINGS[state[kEncodingField]], 0, data.length);
        const keep = (state, rest, missing) => {
            for (let at = 0; at < rest.length; at++) state[start + at] = rest[at];
            state[kBufferedBytes] = rest.length;
            state[kMissingBytes] = missing;
        };
        // How many bytes of the end belong to a character that is not whole, and how many it lacks.
        const openEnd = (encoding, data) => {
            const { length } = data;
            switch (encoding) {
                case UTF8: return openUtf8(data);
                case UTF16: {
                    if (length % 2 === 1) return [1, 1];
                    return length > 1 && (data[length - 1] & 0xfc) === 0xd8 ? [2, 2] : [0, 0];
                }
                case BASE64:
                case BASE64URL: return [length % 3, length % 3 === 0 ? 0 : 3 - length % 3];
                default: return [0, 0];
            }
        };
        binding.decode = (state, input) => {
            if (typeof input === 'string') return input;
            if (!isView(input)) {
                const { ERR_INVALID_ARG_TYPE } = node.require('internal/errors').codes;
                throw new ERR_INVALID_ARG_TYPE('buf', ['Buffer', 'TypedArray', 'DataView'], input);
            }
            const encoding = ENCODINGS[state[kEncodingField]];
            let data = bytes(input);
            if (state[kBufferedBytes] > 0) {
                const before = kept(state);
                const whole = new Bytes(before.length + data.length);
                whole.set(before);
                whole.set(data, before.length);
                data = whole;
            }
            const [open, missing] = openEnd(encoding, data);
            keep(state, data.subarray(data.length - open), missing);
            return decoded(state, data.subarray(0, data.length - open));
        };
        binding.flush = (state) => {
            let rest = kept(state);
            if (ENCODINGS[state[kEncodingField]] === UTF16 && rest.length % 2 === 1) rest = rest.subarray(0, rest.length - 1);
            const text = rest.length > 0 ? decoded(state, rest) : '';
            state[kBufferedBytes] = state[kMissingBytes] = 0;
            return text;
        };
    });

    function openUtf8(data) {
        const { length } = data;
        for (let back = 1; back <= 3 && back <= length; back++) {
            const byte = data[length - back];
            if ((byte & 0xc0) === 0x80) continue;
            const needed = byte >= 0xf0 && byte < 0xf5 ? 4 : byte >= 0xe0 && byte < 0xf0 ? 3 : byte >= 0xc2 && byte < 0xe0 ? 2 : 1;
            if (needed <= back) return [0, 0];
            // The second byte may show that the character can never be whole.
            if (back > 1) {
                const second = data[length - back + 1];
                const [low, high] = byte === 0xe0 ? [0xa0, 0xbf] : byte === 0xed ? [0x80, 0x9f] : byte === 0xf0 ? [0x90, 0xbf] : byte === 0xf4 ? [0x80, 0x8f] : [0x80, 0xbf];
                if (second < low || second > high) return [0, 0];
            }
            return [back, needed - back];
        }
        return [0, 0];
    }

    // ---- Blob ----

    // Parts of a Blob, which never change. A reader returns them one by one.
    class BlobHandle {
        constructor(parts) {
            this.parts = parts;
        }

        getReader() {
            let at = 0;
            const { parts } = this;
            return {
                // (status, buffer, whether the value is the last): 0 the end, 1 a part follows.
                pull(callback) {
                    if (at >= parts.length) return callback(0, undefined, undefined);
                    return callback(1, parts[at++].slice().buffer, undefined);
                },
            };
        }

        slice(start, end) {
            const parts = [];
            let before = 0;
            for (const part of this.parts) {
                const inside = part.subarray(Math.max(0, start - before), Math.max(0, end - before));
                if (inside.length > 0) parts.push(inside);
                before += part.length;
            }
            return new BlobHandle(parts);
        }
    }

    complete('blob', (binding) => {
        const urls = new Map();
        const partsOf = (sources) => sources.flatMap((source) => (source instanceof BlobHandle ? source.parts : [bytes(source)])).filter((part) => part.length > 0);
        const flat = (sources) => {
            const parts = partsOf(sources);
            const whole = new Bytes(parts.reduce((size, part) => size + part.length, 0));
            let at = 0;
            for (const part of parts) {
                whole.set(part, at);
                at += part.length;
            }
            return whole;
        };
        Object.assign(binding, {
            createBlob: (sources) => new BlobHandle(partsOf(sources)),
            concat: (views) => flat(views).buffer,
            createBlobFromFilePath: () => undefined,
            storeDataObject(id, handle, size, type) {
                urls.set(id, [handle, size, type]);
            },
            getDataObject: (id) => urls.get(id),
            revokeObjectURL(url) {
                urls.delete(`${url}`.replace(/^blob:nodedata:/, ''));
            },
        });
    });

    // ---- URL ----

    complete('url', (binding) => {
        const parts = (binding.urlComponents = new Uint32Array(9));
        const places = new Bytes(parts.buffer);
        const invalid = (input, base) => {
            const error = coded(TypeError, 'ERR_INVALID_URL', 'Invalid URL');
            error.input = input;
            if (base !== undefined) error.base = base;
            throw error;
        };
        Object.assign(binding, {
            parse(input, base, raises) {
                const href = native.parseUrl(input, base, places);
                if (href === undefined && raises) invalid(input, base);
                return href;
            },
            canParse: (input, base) => native.parseUrl(input, base, new Bytes(36)) !== undefined,
            update: (href, action, value) => native.updateUrl(href, action, value, places),
            format: (href, hasFragment, isUnicode, hasSearch, hasAuth) => native.formatUrl(href, hasFragment, isUnicode, hasSearch, hasAuth),
            getOrigin(url) {
                const origin = native.originOfUrl(url);
                if (origin === undefined) invalid(url);
                return origin;
            },
            domainToASCII: (domain) => native.domainToAscii(domain),
            domainToUnicode: (domain) => native.domainToUnicode(domain),
            pathToFileURL(path, isWindows, base) {
                const escaped = path.replace(/%/g, '%25').replace(/\\/g, '%5C').replace(/\n/g, '%0A').replace(/\r/g, '%0D').replace(/\t/g, '%09').replace(/\?/g, '%3F').replace(/#/g, '%23');
                return native.parseUrl(`file://${escaped}`, undefined, places);
            },
        });
    });

    // ---- zlib: what Node gives to its threads is done at once, and told in a later turn ----

    complete('zlib', (binding) => {
        class Handle {
            #write(isAsync, places) {
                const [flush, input, inOffset, inLength, output, outOffset, outLength] = places;
                const step = () => {
                    const [room, rest, message, number, code] = this._run(input ?? new Bytes(0), output, [flush, inOffset, input ? inLength : 0, outOffset, outLength]);
                    if (message !== undefined) {
                        this.onerror(message, number, code);
                        return false;
                    }
                    this._state[0] = room;
                    this._state[1] = rest;
                    return true;
                };
                if (!isAsync) return void step();
                this._isBusy = true;
                host.afterwards(() => {
                    this._isBusy = false;
                    if (this._isClosed) return;
                    if (step()) apply(this._done, this, []);
                });
            }

            write(...places) {
                this.#write(true, places);
            }

            writeSync(...places) {
                this.#write(false, places);
            }

            close() {
                this._isClosed = true;
                this._stream = undefined;
            }

            getAsyncId() {
                return 0;
            }
        }

        binding.Zlib = class Zlib extends Handle {
            constructor(mode) {
                super();
                this._mode = mode;
            }

            init(windowBits, level, memLevel, strategy, state, done, dictionary) {
                this._state = state;
                this._done = done;
                this._stream = native.newZlib(this._mode, windowBits, level, memLevel, strategy, dictionary === undefined ? undefined : bytes(dictionary));
            }

            params(level, strategy) {
                const fault = native.setZlibParams(this._stream, level, strategy);
                if (fault) this.onerror(fault[2], fault[3], fault[4]);
            }

            reset() {
                const fault = native.resetZlib(this._stream);
                if (fault) this.onerror(fault[2], fault[3], fault[4]);
            }

            _run(input, output, places) {
                return native.runZlib(this._stream, bytes(input), bytes(output), places);
            }
        };

        const brotli = (name, encodes) => ({ [name]: class extends Handle {
            init(params, state, done) {
                this._params = [...params].map((value) => (value === 4294967295 ? -1 : value));
                this._state = state;
                this._done = done;
                this._stream = native.newBrotli(encodes, this._params);
                return true;
            }

            params() {}

            reset() {
                this._stream = native.newBrotli(encodes, this._params);
            }

            _run(input, output, places) {
                return native.runBrotli(this._stream, bytes(input), bytes(output), places);
            }
        } })[name];
        binding.BrotliEncoder = brotli('BrotliEncoder', true);
        binding.BrotliDecoder = brotli('BrotliDecoder', false);
        const zstd = (name, encodes) => ({ [name]: class extends Handle {
            init(params, size, state, done, dictionary) {
                this._state = state;
                this._done = done;
                this._given = [encodes, [...params].map((value) => (value === 4294967295 ? -1 : value)), size ?? -1, dictionary === undefined ? undefined : bytes(dictionary)];
                this.reset();
                if (this._stream === undefined) throw node.coded(Error, 'ERR_ZLIB_INITIALIZATION_FAILED', 'Initialization failed');
            }

            params() {}

            reset() {
                this._stream = native.newZstd(...this._given);
            }

            _run(input, output, places) {
                return native.runZstd(this._stream, bytes(input), bytes(output), places);
            }
        } })[name];
        binding.ZstdCompress = zstd('ZstdCompress', true);
        binding.ZstdDecompress = zstd('ZstdDecompress', false);
        binding.crc32 = (data, seed) => native.crc32(typeof data === 'string' ? native.bytesFromText(data) : bytes(data), seed) >>> 0;
    });
})
