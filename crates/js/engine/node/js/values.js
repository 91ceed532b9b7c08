// Bindings about values: `types`, `util`, `symbols`, `messaging`, `task_queue`, `async_wrap`, `errors`.
((node) => {
    'use strict';

    const { native, host, complete } = node;
    const { classOf, proxyDetails, promiseDetails, previewEntries } = native;
    const { ownKeys, getOwnPropertyDescriptor, getPrototypeOf, apply, construct } = Reflect;
    const { isView } = ArrayBuffer;
    const bound = (method) => Function.prototype.call.bind(method);
    const test = bound(RegExp.prototype.exec);
    const errorToString = bound(Error.prototype.toString);

    // Numbers of the engine's classes, from one value of each.
    const classes = (...values) => {
        const numbers = new Set(values.map(classOf));
        const list = [...numbers];
        const [first, second, third] = list;
        return (value) => {
            const found = classOf(value);
            return found !== 0 && (found === first || found === second || found === third);
        };
    };
    const sloppy = native.compile('(function () { return arguments })', 'node:values')(1);
    const strict = (function () { return arguments; })(1);
    const isArgumentsObject = classes(sloppy, strict);
    const isProxy = classes(new Proxy({}, {}));
    const isArrayBuffer = classes(new ArrayBuffer(1));
    const isSharedArrayBuffer = typeof SharedArrayBuffer === 'function' ? classes(new SharedArrayBuffer(1)) : () => false;
    const asyncFunctions = classes(async () => {}, async function* () {});
    const generatorFunctions = classes(function* () {}, async function* () {});
    const types = {
        isArgumentsObject,
        isArrayBuffer,
        isSharedArrayBuffer,
        isAnyArrayBuffer: (value) => isArrayBuffer(value) || isSharedArrayBuffer(value),
        isAsyncFunction: asyncFunctions,
        isGeneratorFunction: generatorFunctions,
        isGeneratorObject: classes((function* () {})(), (async function* () {})()),
        isBigIntObject: classes(Object(1n)),
        isBooleanObject: classes(Object(true)),
        isNumberObject: classes(Object(1)),
        isStringObject: classes(Object('')),
        isSymbolObject: classes(Object(Symbol.iterator)),
        isBoxedPrimitive: (value) => types.isNumberObject(value) || types.isStringObject(value) || types.isBooleanObject(value) || types.isBigIntObject(value) || types.isSymbolObject(value),
        isDataView: classes(new DataView(new ArrayBuffer(1))),
        isDate: classes(new Date(0)),
        isExternal: () => false,
        isMap: classes(new Map()),
        isSet: classes(new Set()),
        isMapIterator: classes(new Map().entries()),
        isSetIterator: classes(new Set().entries()),
        isModuleNamespaceObject: () => false,
        isNativeError: classes(new Error('')),
        isPromise: classes(Promise.resolve()),
        isProxy,
        isRegExp: classes(/./),
        isWeakMap: classes(new WeakMap()),
        isWeakSet: classes(new WeakSet()),
    };
    complete('types', (binding) => {
        for (const name of Object.keys(types)) {
            const { [name]: method } = { [name](value) { return types[name](value); } };
            binding[name] = method;
        }
    });

    const INDEX = /^(?:0|[1-9]\d{0,9})$/;
    const isIndex = (key) => typeof key === 'string' && test(INDEX, key) !== null && +key < 4294967295;

    complete('util', (binding) => {
        const { constants } = binding;
        Object.assign(binding, {
            getOwnNonIndexProperties(object, filter) {
                const isOnlyEnumerable = filter === constants.ONLY_ENUMERABLE;
                const found = [];
                for (const key of ownKeys(object)) {
                    if (isIndex(key)) continue;
                    if (isOnlyEnumerable && !getOwnPropertyDescriptor(object, key)?.enumerable) continue;
                    found[found.length] = key;
                }
                return found;
            },
            getConstructorName(object) {
                for (let at = object; at !== null && at !== undefined; at = getPrototypeOf(at)) {
                    const property = getOwnPropertyDescriptor(at, 'constructor');
                    if (property && typeof property.value === 'function' && typeof property.value.name === 'string' && property.value.name !== '') return property.value.name;
                    if (isProxy(at)) return 'Object';
                }
                return 'Object';
            },
            getPromiseDetails(promise) {
                return promiseDetails(promise);
            },
            getProxyDetails(proxy, isFull = true) {
                const details = proxyDetails(proxy);
                return details === undefined || isFull ? details : details[0];
            },
            getCallerLocation: () => undefined,
            getExternalValue: () => 0n,
            previewEntries(object, isIterator) {
                const preview = previewEntries(object);
                if (preview !== undefined) return isIterator ? preview : preview[0];
                const entries = [];
                if (types.isMap(object)) {
                    for (const [key, value] of apply(Map.prototype.entries, object, [])) entries.push(key, value);
                    return isIterator ? [entries, true] : entries;
                }
                if (types.isSet(object)) for (const value of apply(Set.prototype.values, object, [])) entries.push(value);
                // Those of a WeakMap or WeakSet cannot be listed here.
                return isIterator ? [entries, false] : entries;
            },
            getCallSites: (count) => callSites(count),
            sleep() {},
            isInsideNodeModules: () => false,
            parseEnv,
            arrayBufferViewHasBuffer: () => true,
            guessHandleType: () => 'PIPE',
            isConstructor(value) {
                try {
                    construct(Object, [], value);
                    return true;
                } catch {
                    return false;
                }
            },
            isArrayBufferDetached: (buffer) => types.isArrayBuffer(buffer) && buffer.detached === true,
            toUSVString: (text) => `${text}`.toWellFormed(),
            // As V8's lazy data properties: they have a value, and listing or copying them makes it.
            defineLazyProperties(target, id, keys, isEnumerable = true) {
                for (const key of keys) {
                    let value;
                    let hasValue = false;
                    const { get, set } = {
                        get() {
                            if (!hasValue) {
                                value = node.require(id)[key];
                                hasValue = true;
                            }
                            return value;
                        },
                        set(other) {
                            Object.defineProperty(target, key, { __proto__: null, value: other, writable: true, configurable: true, enumerable: isEnumerable });
                        },
                    };
                    node.lazy.push([target, key, id, isEnumerable]);
                    Object.defineProperty(target, key, { __proto__: null, get, set, configurable: true, enumerable: isEnumerable });
                }
            },
            getSystemErrorName(number) {
                return node.getInternalBinding('uv').getErrorMap().get(number)?.[0];
            },
            getSystemErrorMessage(number) {
                return node.getInternalBinding('uv').getErrorMap().get(number)?.[1];
            },
            WeakReference: class WeakReference {
                #target;
                #count = 0;
                constructor(target) {
                    this.#target = target;
                }
                get() {
                    return this.#target;
                }
                incRef() {
                    return ++this.#count;
                }
                decRef() {
                    return --this.#count;
                }
            },
        });
        // Copied from `types`, as in Node.
        for (const name of ['isArrayBuffer', 'isAsyncFunction', 'isDataView', 'isDate', 'isExternal', 'isMap', 'isMapIterator', 'isNativeError', 'isPromise', 'isRegExp', 'isSet', 'isSetIterator', 'isAnyArrayBuffer']) binding[name] = types[name];
        binding.isArrayBufferView = isView;
        binding.isTypedArray = (value) => isView(value) && !types.isDataView(value);
        binding.isUint8Array = (value) => isView(value) && classOf(value) === uint8Array;
    });
    const uint8Array = classOf(new Uint8Array(1));
    node.lazy = [];
    node.types = types;

    function callSites(count) {
        const { prepareStackTrace, stackTraceLimit } = Error;
        // The first frame is that of the library.
        Error.stackTraceLimit = count + 1;
        Error.prepareStackTrace = (_, sites) => sites;
        const { stack: sites } = new Error();
        Error.prepareStackTrace = prepareStackTrace;
        Error.stackTraceLimit = stackTraceLimit;
        if (!Array.isArray(sites)) return [];
        return sites.slice(1, 1 + count).map((site) => ({
            functionName: site.getFunctionName() ?? '',
            scriptId: '0',
            scriptName: site.getFileName() ?? '',
            lineNumber: site.getLineNumber() ?? 0,
            columnNumber: site.getColumnNumber() ?? 0,
            column: site.getColumnNumber() ?? 0,
        }));
    }

    // `util.parseEnv`: lines of `NAME=value`, values in quotes may be of several lines.
    function parseEnv(content) {
        const found = {};
        const LINE = /^\s*(?:export\s+)?([\w.-]+)\s*=[^\S\n]*('(?:\\'|[^'])*'|"(?:\\"|[^"])*"|`(?:\\`|[^`])*`|[^#\r\n]*)?[^\S\n]*(?:#.*)?$/gm;
        for (const { 1: name, 2: raw = '' } of `${content}`.replace(/\r\n?/g, '\n').matchAll(LINE)) {
            let value = raw.trim();
            const quote = value[0];
            if (value.length > 1 && (quote === '"' || quote === "'" || quote === '`') && value.endsWith(quote)) {
                value = value.slice(1, -1);
                if (quote === '"') value = value.replace(/\\n/g, '\n');
            }
            found[name] = value;
        }
        return found;
    }

    complete('uv', (binding) => {
        const names = Object.keys(binding).filter((name) => name.startsWith('UV_') && typeof binding[name] === 'number');
        const map = new Map(names.map((name) => [binding[name], [name.slice(3), node.shapes.$errors[name.slice(3)] ?? name]]));
        binding.getErrorMap = () => map;
        binding.errname = (number) => map.get(number)?.[0] ?? `Unknown system error ${number}`;
        binding.getErrorMessage = (number) => map.get(number)?.[1] ?? `Unknown system error ${number}`;
    });

    complete('async_context_frame', (binding) => {
        binding.getContinuationPreservedEmbedderData = native.getContinuationData;
        binding.setContinuationPreservedEmbedderData = native.setContinuationData;
    });

    // ---- turns ----

    complete('task_queue', (binding) => {
        const { kPromiseRejectWithNoHandler, kPromiseHandlerAddedAfterReject } = binding.promiseRejectEvents;
        // What a microtask throws is not the rejection of a promise.
        binding.enqueueMicrotask = (callback) => host.enqueue(() => {
            try {
                callback();
            } catch (error) {
                node.fail(error, false);
            }
        });
        binding.runMicrotasks = native.runJobs;
        binding.setTickCallback = (callback) => { node.runTicks = callback; };
        binding.setPromiseRejectCallback = (callback) => {
            node.rejected = (promise, reason, isHandled) => {
                callback(isHandled ? kPromiseHandlerAddedAfterReject : kPromiseRejectWithNoHandler, promise, reason);
            };
        };
    });

    complete('async_wrap', (binding) => {
        const { kExecutionAsyncId, kTriggerAsyncId, kAsyncIdCounter, kDefaultTriggerAsyncId, kStackLength, kCheck } = binding.constants;
        const { async_id_fields: ids, async_hook_fields: fields } = binding;
        fields[kCheck] = 1;
        ids[kAsyncIdCounter] = 1;
        ids[kDefaultTriggerAsyncId] = -1;
        binding.async_ids_stack = new Float64Array(32);
        let resources = [];
        Object.assign(binding, {
            setupHooks() {},
            setCallbackTrampoline() {},
            registerDestroyHook() {},
            queueDestroyAsyncId() {},
            setPromiseHooks() {},
            getPromiseHooks: () => [undefined, undefined, undefined, undefined],
            // The JavaScript side keeps the first sixteen itself.
            pushAsyncContext(asyncId, triggerId) {
                const at = fields[kStackLength];
                resources[at] = [ids[kExecutionAsyncId], ids[kTriggerAsyncId]];
                fields[kStackLength]++;
                ids[kExecutionAsyncId] = asyncId;
                ids[kTriggerAsyncId] = triggerId;
            },
            popAsyncContext() {
                if (fields[kStackLength] === 0) return false;
                const at = --fields[kStackLength];
                [ids[kExecutionAsyncId], ids[kTriggerAsyncId]] = resources[at] ?? [0, 0];
                resources.length = at;
                return at > 0;
            },
            executionAsyncResource: (at) => binding.execution_async_resources[at],
            clearAsyncIdStack() {
                ids[kExecutionAsyncId] = 0;
                ids[kTriggerAsyncId] = 0;
                fields[kStackLength] = 0;
                resources = [];
                binding.execution_async_resources.length = 0;
            },
        });
    });

    complete('errors', (binding) => {
        Object.assign(binding, {
            setPrepareStackTraceCallback(callback) {
                node.prepareStackTrace = callback;
            },
            setGetSourceMapErrorSource() {},
            setSourceMapsEnabled() {},
            setMaybeCacheGeneratedSourceMap() {},
            setEnhanceStackForFatalException() {},
            // Where the first frame of a stack is. A line that nobody knows is empty.
            getErrorSourcePositions(error) {
                const frame = /^ +at (?:.* \()?(.*?):(\d+):(\d+)\)?$/m.exec(`${error.stack}`);
                const [, scriptResourceName, line, column] = frame ?? [];
                const [sourceLine, startColumn] = (frame && host.sourceLine?.(scriptResourceName, +line, +column)) ?? ['', 0];
                return { sourceLine, scriptResourceName, lineNumber: +line, startColumn };
            },
            // Never runs code of the value's.
            noSideEffectsToString(value) {
                if (typeof value === 'string') return value;
                if (typeof value === 'symbol') return `Symbol(${value.description ?? ''})`;
                if (typeof value === 'function') return apply(Function.prototype.toString, value, []);
                if (value === null || typeof value !== 'object') return `${value}`;
                if (isProxy(value)) return '#<Object>';
                if (types.isNativeError(value)) {
                    try {
                        return errorToString(value);
                    } catch {
                        return 'Error';
                    }
                }
                return `#<${node.getInternalBinding('util').getConstructorName(value)}>`;
            },
            triggerUncaughtException(error, isFromPromise) {
                node.fail(error, isFromPromise);
            },
        });
    });

    // DOMException and the rest of Node's per-context files.
    complete('messaging', (binding) => {
        const run = (id) => {
            const exports = {};
            node.compile(id, ['exports', 'primordials', 'privateSymbols', 'perIsolateSymbols'])(exports, node.primordials, node.getInternalBinding('util').privateSymbols, node.getInternalBinding('symbols'));
            return exports;
        };
        const { DOMException } = run('internal/per_context/domexception');
        binding.DOMException = DOMException;
        binding.exposeLazyDOMExceptionProperty = (target) => {
            Object.defineProperty(target, 'DOMException', { __proto__: null, value: DOMException, writable: true, configurable: true, enumerable: false });
        };
        binding.setDeserializerCreateObjectFunction = () => {};
        binding.stopMessagePort = () => {};
        binding.checkMessagePort = () => false;
    });
})
