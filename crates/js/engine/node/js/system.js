// Bindings about the process and the world around it. Values of a machine are fixed: an Action sees none of the host's.
//
// `host` has
//   now()                     milliseconds of the monotonic clock
//   arm(milliseconds)         calls `turn` of the loader after that time, instead of earlier requests
//   enqueue(callback)         a job behind the running one
//   write(stream, text)       `stdout` or `stderr`
//   uncaught(error, origin)   what nothing handles: `uncaughtException` or `unhandledRejection`
//   exit(code)                process.exit
//   random(bytes)             fills a Uint8Array
//   unwatched(value)          what is behind a Proxy of the host; optional
// and `afterwards(callback)` is added here: it runs in a later turn, which keeps the process alive.
((node) => {
    'use strict';

    const { native, host, complete, shapes } = node;
    const { ceil, floor, max, trunc } = Math;

    complete('config', (binding) => {
        binding.hasInspector = false;
        binding.getDefaultLocale = () => 'en-US';
    });

    complete('options', (binding) => {
        const values = { ...shapes.$options };
        Object.assign(values, {
            '--experimental-async-context-frame': true, '--expose-internals': false, '--warnings': true, '--no-warnings': false,
        });
        binding.getCLIOptionsValues = () => values;
        binding.getCLIOptionsInfo = () => ({ options: new Map(), aliases: new Map() });
        binding.getEmbedderOptions = () => ({ shouldNotRegisterESMLoader: true, noGlobalSearchPaths: false, noBrowserGlobals: false, hasEmbedderPreload: false });
        binding.getEnvOptionsInputType = () => new Map();
    });

    complete('builtins', (binding) => {
        Object.assign(binding, {
            builtinIds: shapes.$ids,
            natives: {},
            config: native.librarySource('config'),
            compileFunction: (id) => {
                const exports = own[id]?.();
                if (exports !== undefined) return (_exports, _require, module) => { module.exports = exports; };
                const compiled = node.compile(id, ['exports', 'require', 'module', 'process', 'internalBinding', 'primordials']);
                if (id !== 'inspector') return compiled;
                // Nothing else of the library is to look for an inspector.
                return (exports, require, module, process, internalBinding, primordials) => {
                    const withInspector = (name) => (name === 'config' ? { ...internalBinding(name), hasInspector: true } : internalBinding(name));
                    return compiled(exports, require, module, process, withInspector, primordials);
                };
            },
            setInternalLoaders(internalBinding, require) {
                node.internalBinding = internalBinding;
                node.require = require;
            },
            hasCachedBuiltins: () => true,
            builtinCategories: { canBeRequired: shapes.$ids, cannotBeRequired: [] },
        });
    });

    // Modules about loading users' files, which the guest does.
    const own = {
        __proto__: null,
        'internal/modules/typescript': () => ({ stripTypeScriptModuleTypes: (source) => source }),
        'internal/source_map/source_map_cache': () => ({
            getSourceMapsSupport: () => ({ __proto__: null, enabled: false, nodeModules: false, generatedCode: false }),
            setSourceMapsSupport() {},
            maybeCacheGeneratedSourceMap() {},
            findSourceMap() {},
        }),
        // There are no snapshots of this engine's heap.
        'internal/heap_utils': () => ({
            HeapSnapshotStream: class HeapSnapshotStream {},
            getHeapSnapshotOptions: () => new Uint8Array(2),
            queryObjects: () => [],
        }),
        // Asked for a realm of its own, whose regular expressions no user has changed.
        vm: () => (node.bindings.postlogin_vm ? undefined : { runInNewContext: () => native.otherGlobal() }),
        // There in name only.
        repl: () => node.shaped(shapes.$modules.repl, 'repl'),
        sqlite: () => node.shaped(shapes.$modules.sqlite, 'sqlite'),
        // The tokens that a message of `assert` needs: names, texts, numbers, and signs one by one.
        'internal/deps/acorn/acorn/dist/acorn': () => ({ Parser: { tokenizer: tokens } }),
        wasi: () => ({
            WASI: class WASI {
                constructor() {
                    throw new Error('postlogin has no WASI: WebAssembly does not run inside of its sandbox');
                }
            },
        }),
        // Nothing matches in a file system without files.
        'internal/fs/glob': () => ({
            Glob: class Glob {
                globSync() { return []; }
                async *glob() {}
            },
            matchGlobPattern: (path, pattern) => patternOf(pattern).test(path),
        }),
        'internal/deps/minimatch/index': () => ({ minimatch: (path, pattern) => patternOf(pattern).test(path) }),
        test: testModule,
        'test/reporters': () => {
            const found = {};
            for (const name of ['dot', 'junit', 'spec', 'tap', 'lcov']) {
                const { [name]: reporter } = { [name]: function () { throw noTests(); } };
                Object.defineProperty(found, name, { value: reporter, enumerable: true, configurable: true, writable: true });
            }
            return found;
        },
        'internal/modules/helpers': () => ({
            getBuiltinModule(id) {
                node.require('internal/validators').validateString(id, 'id');
                const { BuiltinModule } = node.require('internal/bootstrap/realm');
                const name = BuiltinModule.normalizeRequirableId(id);
                return name === undefined ? undefined : (host.builtin ?? node.require)(name);
            },
        }),
    };

    // A glob, for whole paths: `*`, `**`, `?`, `[…]` and `{…,…}`.
    function patternOf(glob) {
        let text = '';
        let depth = 0;
        for (let at = 0; at < glob.length; at++) {
            const letter = glob[at];
            const closing = letter === '[' ? glob.indexOf(']', at + 2) : -1;
            if (letter === '*' && glob[at + 1] === '*') {
                const isFolder = glob[at + 2] === '/';
                text += isFolder ? '(?:(?!\\.)[^/]+/)*' : '(?:(?!\\.)[^/]*(?:/(?!\\.)[^/]*)*)';
                at += isFolder ? 2 : 1;
            } else if (letter === '*') {
                text += at === 0 || glob[at - 1] === '/' ? '(?!\\.)[^/]*' : '[^/]*';
            } else if (letter === '?') {
                text += '[^/]';
            } else if (closing > 0) {
                text += `[${glob.slice(at + 1, closing).replace(/^!/, '^').replace(/\\/g, '\\\\')}]`;
                at = closing;
            } else if (letter === '{') {
                depth++;
                text += '(?:';
            } else if (letter === '}' && depth > 0) {
                depth--;
                text += ')';
            } else if (letter === ',' && depth > 0) {
                text += '|';
            } else {
                text += letter.replace(/[\\^$.|+(){}[\]]/, '\\$&');
            }
        }
        return new RegExp(`^${text}$`);
    }

    const noTests = () => new Error('postlogin has no test runner of Node inside of an Action');

    // `node:test` has its names; whatever of it runs is refused.
    function testModule() {
        const refused = (name) => ({ [name]() { throw noTests(); } })[name];
        const test = refused('test');
        for (const name of ['after', 'afterEach', 'before', 'beforeEach', 'describe', 'it', 'run', 'suite']) test[name] = refused(name);
        test.test = test;
        for (const name of ['skip', 'todo', 'only']) test[name] = refused(name);
        for (const name of ['mock', 'snapshot', 'assert']) Object.defineProperty(test, name, { get: () => { throw noTests(); }, enumerable: true, configurable: true });
        return test;
    }

    const TOKEN = /\s+|\/\/.*|\/\*[^]*?\*\/|([\p{ID_Start}$_#][\p{ID_Continue}$\u200c\u200d]*)|("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)|(`(?:\\.|[^`\\])*`?)|(\d[\w.]*)|(\?\.|=>|\.\.\.|[^])/uy;

    function* tokens(code) {
        TOKEN.lastIndex = 0;
        for (;;) {
            const { lastIndex: start } = TOKEN;
            const found = start < code.length ? TOKEN.exec(code) : null;
            if (found === null) return;
            const { lastIndex } = TOKEN;
            const [, name, string, template, number, sign] = found;
            const label = name !== undefined ? 'name' : string !== undefined ? 'string' : template !== undefined ? 'template' : number !== undefined ? 'num' : sign;
            if (label !== undefined) yield { type: { label }, start, end: lastIndex, value: found[0] };
            TOKEN.lastIndex = lastIndex;
        }
    }

    complete('sea', (binding) => {
        Object.assign(binding, { isSea: () => false, isExperimentalSeaWarningNeeded: () => false });
    });

    complete('mksnapshot', (binding) => {
        binding.isBuildingSnapshotBuffer = new Uint8Array(1);
        binding.setSerializeCallback = () => {};
        binding.setDeserializeCallback = () => {};
        binding.setDeserializeMainFunction = () => {};
        binding.runEmbedderPreload = () => {};
    });

    complete('trace_events', (binding) => {
        Object.assign(binding, {
            getEnabledCategories: () => undefined, setTraceCategoryStateUpdateHandler() {}, getCategoryEnabledBuffer: () => new Uint8Array(1),
            isTraceCategoryEnabled: () => false, trace() {},
        });
    });

    complete('permission', (binding) => { binding.has = () => true; });
    complete('wasm_web_api', (binding) => { binding.setImplementation = () => {}; });
    complete('report', (binding) => {
        const property = (get, set, value) => {
            binding[get] = () => value;
            binding[set] = (other) => { value = other; };
        };
        for (const name of ['Compact', 'ExcludeNetwork', 'ExcludeEnv']) property(`get${name}`, `set${name}`, false);
        for (const name of ['Directory', 'Filename']) property(`get${name}`, `set${name}`, '');
        property('getSignal', 'setSignal', 'SIGUSR2');
        for (const name of ['OnFatalError', 'OnSignal', 'OnUncaughtException']) property(`shouldReport${name}`, `setReport${name}`, false);
    });
    complete('worker', (binding) => {
        binding.getEnvMessagePort = () => undefined;
        Object.assign(binding, { isMainThread: true, isInternalThread: false, ownsProcessState: true, threadId: 0 });
    });
    complete('module_wrap', (binding) => {
        binding.setImportModuleDynamicallyCallback = () => {};
        binding.setInitializeImportMetaObjectCallback = () => {};
    });

    complete('credentials', (binding) => {
        Object.assign(binding, {
            safeGetenv: (name) => node.process.env[name], getTempDir: () => '/tmp', implementsPosixCredentials: true,
            getuid: () => 1000, geteuid: () => 1000, getgid: () => 1000, getegid: () => 1000, getgroups: () => [1000],
        });
    });

    complete('os', (binding) => {
        Object.assign(binding, {
            getHostname: () => 'localhost', getLoadAvg: (values) => values.fill(0), getUptime: () => floor(host.now() / 1000), getTotalMem: () => 1073741824,
            getFreeMem: () => 536870912, getCPUs: () => ['cpu', 0, 0, 0, 0, 0, 0], getInterfaceAddresses: () => [], getHomeDirectory: () => '/home/action',
            getUserInfo(options) {
                const text = (value) => (options?.encoding === 'buffer' ? node.require('buffer').Buffer.from(value) : value);
                return { uid: 1000, gid: 1000, username: text('action'), homedir: text('/home/action'), shell: null };
            }, setPriority: () => 0, getPriority: () => 0,
            getAvailableParallelism: () => 1, getOSInformation: () => ['Linux', '#1 SMP', '6.1.0', 'x86_64'],
        });
        binding.isBigEndian = false;
    });

    complete('process_methods', (binding) => {
        const buffer = (binding.hrtimeBuffer = new Uint32Array(3));
        const whole = new BigUint64Array(buffer.buffer, 0, 1);
        Object.assign(binding, {
            hrtime() {
                const time = host.now();
                const seconds = floor(time / 1000);
                buffer[0] = floor(seconds / 4294967296);
                buffer[1] = seconds >>> 0;
                buffer[2] = floor((time - seconds * 1000) * 1e6);
            },
            hrtimeBigInt() {
                whole[0] = BigInt(floor(host.now() * 1e6));
            },
            cwd: () => '/', loadEnvFile(path = './.env') {
                throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { errno: -2, code: 'ENOENT', syscall: 'open', path });
            },
            umask: () => 0o22, uptime: () => (host.now() - node.origin) / 1000 + 0.03,
            memoryUsage(values) {
                for (const [at, value] of [50331648, 6291456, 4718592, 1572864, 16384].entries()) values[at] = value;
            },
            constrainedMemory: () => 0, availableMemory: () => 536870912, rss: () => 50331648,
            cpuUsage(values) {
                values[0] = floor((host.now() - node.origin) * 1000);
                values[1] = 0;
            },
            threadCpuUsage(values) {
                values[0] = floor((host.now() - node.origin) * 1000);
                values[1] = 0;
            },
            resourceUsage: (values) => values.fill(0),
            _getActiveRequests: () => [], _getActiveHandles: () => [], getActiveResourcesInfo: () => node.activeResources(),
            _kill: () => -1, _rawDebug: (text) => (host.warn ? host.warn(text) : host.write('stderr', `${text}\n`)), reallyExit: (code) => host.exit(code), abort: () => host.exit(134),
            patchProcessObject() {}, setEmitWarningSync() {}, dlopen(...given) {
                if (given.length < 2) throw node.coded(TypeError, 'ERR_MISSING_ARGS', 'process.dlopen needs at least 2 arguments');
                throw Object.assign(new Error('dlopen is not available'), { code: 'ERR_DLOPEN_FAILED' });
            },
        });
    });

    complete('performance', (binding) => {
        const { constants } = binding;
        const milestones = (binding.milestones = new Float64Array(16));
        binding.observerCounts = new Uint32Array(16);
        node.setOrigin = () => {
            node.origin = host.now();
            milestones.fill(node.origin * 1e6);
            milestones[constants.NODE_PERFORMANCE_MILESTONE_TIME_ORIGIN_TIMESTAMP] = Date.now() * 1e3;
        };
        // No time is read before the engine is frozen.
        node.origin = 0;
        Object.assign(binding, {
            now: () => host.now() - node.origin, setupObservers() {}, installGarbageCollectionTracking() {}, removeGarbageCollectionTracking() {}, notify() {},
            loopIdleTime: () => 0, markBootstrapComplete() {}, uvMetricsInfo: () => [0, 0, 0],
        });
        node.completeHistograms?.(binding);
    });

    complete('v8', (binding) => {
        Object.assign(binding, {
            updateHeapStatisticsBuffer() {
                binding.heapStatisticsBuffer.set([6291456, 262144, 6291456, 2197815296, 4718592, 2197815296, 262144, 589824, 0, 1, 0, 8192, 2112, 1572864]);
            },
            updateHeapCodeStatisticsBuffer() {}, updateHeapSpaceStatisticsBuffer() {}, setHeapSnapshotNearHeapLimit() {}, setFlagsFromString() {}, cachedDataVersionTag: () => 0,
            isStringOneByteRepresentation: (text) => !/[^\0-\xff]/.test(text),
        });
    });

    // ---- timers: the loop ----

    const waiting = []; // callbacks of `afterwards`
    let firstWaiting = 0;
    let dueAt = Infinity; // of the first timer, on the loop's clock
    let armedFor = Infinity;
    let isRunning = false;

    const loopNow = () => trunc(host.now());

    function arm(isAwaited = false) {
        if (isRunning) return;
        const { immediateInfo } = node.getInternalBinding('timers');
        // An immediate announces itself before it is counted.
        const isDue = isAwaited || firstWaiting < waiting.length || immediateInfo[0] > 0 || immediateInfo[1] > 0 || immediateInfo[2] > 0;
        const due = isDue ? 0 : dueAt;
        if (due >= armedFor) return;
        armedFor = due;
        host.arm(isDue ? 0 : max(0, ceil(due - host.now())));
    }

    // In the asynchronous context of the call.
    host.afterwards = (callback) => {
        const frame = native.getContinuationData();
        waiting[waiting.length] = frame === undefined ? callback : () => {
            const before = native.getContinuationData();
            native.setContinuationData(frame);
            try {
                callback();
            } finally {
                native.setContinuationData(before);
            }
        };
        arm();
    };

    complete('timers', (binding) => {
        Object.assign(binding, {
            setupTimers(processImmediate, processTimers) {
                node.processImmediate = processImmediate;
                node.processTimers = processTimers;
            },
            getLibuvNow: loopNow,
            scheduleTimer(milliseconds) {
                dueAt = loopNow() + max(1, milliseconds);
                arm();
            },
            toggleTimerRef() {},
            toggleImmediateRef(isReferenced) {
                // The immediate is counted after this call.
                if (isReferenced) arm(true);
            },
        });
    });

    const { immediateInfo, timeoutInfo } = node.getInternalBinding('timers');
    const { tickInfo } = node.getInternalBinding('task_queue');

    // What is thrown out of a callback goes to the process, and the rest still runs.
    function guarded(run, argument) {
        for (;;) {
            try {
                return run(argument);
            } catch (error) {
                node.fail(error, false);
            }
        }
    }

    const tick = () => {
        if (tickInfo[0] === 0 && tickInfo[1] === 0) native.runJobs();
        if (tickInfo[0] !== 0 || tickInfo[1] !== 0) node.runTicks();
    };

    Object.assign(node, {
        // Runs what waits for the end of a turn: ticks, jobs, rejections. Returns whether there was any.
        endTurn() {
            const hadWork = tickInfo[0] !== 0 || tickInfo[1] !== 0;
            guarded(tick);
            return hadWork;
        },
        // One turn of the loop. The host calls it at the time for which it was armed.
        turn() {
            armedFor = Infinity;
            isRunning = true;
            try {
                if (dueAt <= loopNow()) {
                    const next = guarded(node.processTimers, loopNow());
                    dueAt = next === 0 ? Infinity : next < 0 ? -next : next;
                    guarded(tick);
                }
                // A callback may forget those behind it.
                for (let left = waiting.length - firstWaiting; left > 0 && firstWaiting < waiting.length; left--) {
                    const callback = waiting[firstWaiting++];
                    try {
                        callback();
                    } catch (error) {
                        node.fail(error, false);
                    }
                    guarded(tick);
                }
                if (firstWaiting === waiting.length) waiting.length = firstWaiting = 0;
                if (immediateInfo[0] > 0 || immediateInfo[2] > 0) {
                    guarded(node.processImmediate);
                    guarded(tick);
                }
            } finally {
                isRunning = false;
            }
            arm();
        },
        // What keeps the process alive: timers, immediates and pending work.
        pendingCount: () => timeoutInfo[0] + immediateInfo[1] + waiting.length - firstWaiting,
        // Forgets what waits for a turn; timers are cleared before.
        forget() {
            waiting.length = firstWaiting = 0;
            node.processTimers(0);
            dueAt = armedFor = Infinity;
        },
        // Whether nothing waits for a turn, nor has since all was forgotten.
        isIdle: () => dueAt === Infinity && armedFor === Infinity && timeoutInfo[0] === 0 && immediateInfo[0] === 0
            && immediateInfo[1] === 0 && immediateInfo[2] === 0 && firstWaiting === waiting.length,
        // Without the work of the library itself, such as that of a socket.
        timerCount: () => timeoutInfo[0] + immediateInfo[1],
        activeResources: () => [...Array(timeoutInfo[0]).fill('Timeout'), ...Array(immediateInfo[1]).fill('Immediate')],
        // An error that nothing catches.
        fail(error, isFromPromise) {
            let origin = isFromPromise ? 'unhandledRejection' : 'uncaughtException';
            try {
                if (node.process._fatalException(error, isFromPromise)) return;
            } catch (other) {
                error = other;
                origin = 'uncaughtException';
            }
            node.process._exiting = false;
            node.process.exitCode = undefined;
            host.uncaught(error, origin);
        },
    });
})
