// Takes the place of the bookkeeping of rejections in the runtime's `process.js`, see xtask/src/recipe.rs. It runs when a
// turn ends: callbacks of process.nextTick and promise jobs have run, as in Node's processTicksAndRejections.
function _private(collection) {
    const prototype = Object.getPrototypeOf(collection);
    for (const name of ['add', 'delete', 'forEach', 'get', 'has', 'set']) {
        if (prototype[name]) Object.defineProperty(collection, name, { value: prototype[name] });
    }
    return Object.defineProperty(collection, 'size', { get: Object.getOwnPropertyDescriptor(prototype, 'size').get });
}

const _pendingRejections = _private(new Map());
const _ignoredUnhandledRejections = createPrivateWeakSet();
const _emittedUnhandledRejections = createPrivateWeakSet();
const _pendingRejectionHandled = _private(new Set());
const _requireEsmRejectionScopes = [];
const _sameValue = Object.is;
const _hasOwn = Object.hasOwn;
const _ownString = String;
const _isErrorLike = (value) => typeof value === 'object' && value !== null && _hasOwn(value, 'stack');
const _isNativeError = Error.isError;
let _nextRequireEsmRejectionScope = 0;

class UnhandledPromiseRejection extends Error {
    constructor(reason) {
        let shown;
        try {
            shown = typeof reason === 'object' && reason !== null ? '#<' + (reason.constructor?.name || 'Object') + '>' : _ownString(reason);
        } catch {
            shown = '#<Object>';
        }
        super('This error originated either by throwing inside of an async function without a catch block, or by rejecting a promise ' +
            'which was not handled with .catch(). The promise rejected with the reason "' + shown + '".');
        this.code = 'ERR_UNHANDLED_REJECTION';
        Object.defineProperty(this, 'name', { value: 'UnhandledPromiseRejection', writable: true, configurable: true, enumerable: false });
    }
}

function _isIgnoredUnhandledRejection(promise) {
    return _ignoredUnhandledRejections.has(promise);
}

Object.defineProperty(globalThis, '__wasm_rquickjs_rejection_tracker', { value: function (promise, reason, isHandled) {
    if (_isIgnoredUnhandledRejection(promise)) {
        _pendingRejections.delete(promise);
        _pendingRejectionHandled.delete(promise);
        return;
    }
    if (!isHandled) {
        _pendingRejections.set(promise, { __proto__: null, reason });
        const scope = _requireEsmRejectionScopes[_requireEsmRejectionScopes.length - 1];
        if (scope !== undefined) {
            scope.promises.push(promise);
        }
    } else if (!_pendingRejections.delete(promise) && _emittedUnhandledRejections.has(promise)) {
        _emittedUnhandledRejections.delete(promise);
        _pendingRejectionHandled.add(promise);
    }
} });

Object.defineProperty(globalThis, '__wasm_rquickjs_unhandled_rejection_checkpoint', { value: function () {
    __turnEnded();
    if (_pendingRejectionHandled.size === 0 && _pendingRejections.size === 0) {
        return 0;
    }
    let emitted = 0;
    _pendingRejectionHandled.forEach((promise) => {
        _pendingRejectionHandled.delete(promise);
        if (_isIgnoredUnhandledRejection(promise)) return;
        emitted += 1;
        try {
            process.emit('rejectionHandled', promise);
        } catch (error) {
            __wasm_rquickjs_handleUncaughtError(error);
        }
    });
    // Also those that a listener leaves behind.
    _pendingRejections.forEach((entry, promise) => {
        _pendingRejections.delete(promise);
        if (_isIgnoredUnhandledRejection(promise)) return;
        _emittedUnhandledRejections.add(promise);
        emitted += 1;
        const { reason } = entry;
        try {
            if (process.emit('unhandledRejection', reason, promise)) return;
        } catch (error) {
            __wasm_rquickjs_handleUncaughtError(error);
            return;
        }
        const isError = _isNativeError(reason) || _isErrorLike(reason);
        __wasm_rquickjs_handleUncaughtError(isError ? reason : new UnhandledPromiseRejection(reason), undefined, 'unhandledRejection');
    });
    return emitted;
} });

globalThis.__wasm_rquickjs_ignore_unhandled_rejection = function(promise) {
    _ignoredUnhandledRejections.add(promise);
    _pendingRejections.delete(promise);
    _emittedUnhandledRejections.delete(promise);
    _pendingRejectionHandled.delete(promise);
};

