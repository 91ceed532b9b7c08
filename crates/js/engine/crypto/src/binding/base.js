// The binding that Node's `lib/crypto.js` and `lib/internal/crypto/*` call: the same classes, jobs, functions and errors as
// Node's own, over the primitives of `native`.
'use strict';

const binding = {};
const TypedArrayTag = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get;

// An exception as C++ throws it: the code is a property, and no part of the name.
function coded(Kind, code, message) {
  const error = new Kind(message);
  error.code = code;
  return error;
}

const GET = 0, PEEK = 1, NONE = 2;
// Throws the first of OpenSSL's errors (with PEEK it stays in the stack as well), or `otherwise`.
function fail(otherwise = 'error:00000000:lib(0)::reason(0)', mode = GET) {
  native.throwOpenssl(otherwise, mode);
}

// The bytes of a string, a view or a buffer, not copied.
function bytes(data, encoding) {
  if (typeof data === 'string') {
    const { Buffer } = library.require('buffer');
    return Buffer.from(data, Buffer.isEncoding(encoding) ? encoding : 'utf8');
  }
  if (ArrayBuffer.isView(data)) {
    if (TypedArrayTag.call(data) === 'Uint8Array') return data;
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  return new Uint8Array(data);
}

// A copy of them: the slice of a Buffer would be none.
function copied(data) {
  return new Uint8Array(bytes(data));
}

let FastBuffer;
function toBuffer(array) {
  FastBuffer ??= library.require('internal/buffer').FastBuffer;
  return new FastBuffer(array.buffer, array.byteOffset, array.byteLength);
}

function encoded(array, encoding) {
  const buffer = toBuffer(array);
  if (typeof encoding !== 'string' || encoding === 'buffer') return buffer;
  const { Buffer } = library.require('buffer');
  return Buffer.isEncoding(encoding) ? buffer.toString(encoding) : buffer;
}

function requireDigest(name) {
  if (!native.digestExists(name)) throw coded(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${name}`);
  return name;
}

const kAsync = binding.kCryptoJobAsync = 0;
binding.kCryptoJobSync = 1;

// Work that Node gives to its thread pool. It is done at once here; an asynchronous job reports in a later turn.
class Job {
  #mode;

  constructor(mode) {
    this.#mode = mode;
  }

  run() {
    native.clearErrors();
    let error, result;
    try {
      result = this.compute();
    } catch (thrown) {
      error = this.failed(thrown, this.#mode === kAsync);
    }
    if (this.#mode !== kAsync) return [error, result];
    library.defer(() => this.ondone(error, result));
  }

  failed(error) {
    return error;
  }
}

// A job with OpenSSL's first error, without code, or with the message if there is none.
function jobFailed(message) {
  throw native.errorOfJob(message);
}

// Names the class as its users see it, and hides what only this file calls.
function publish(name, Class) {
  Object.defineProperty(Class, 'name', { value: name });
  binding[name] = Class;
}

function jobClass(name, prepare, compute, failed) {
  publish(name, class extends Job {
    #values;

    constructor(mode, ...args) {
      super(mode);
      native.clearErrors();
      this.#values = prepare(...args);
    }

    compute() {
      return compute(this.#values);
    }

    failed(error, isAsync) {
      return failed ? failed(error, isAsync) : error;
    }
  });
}
