// The `fs` and `fs_dir` bindings over a file system that has no files: what takes a path fails with ENOENT, what takes a descriptor
// with EBADF. Only the standard streams can be written to.
((node) => {
    'use strict';

    const { host, complete, HandleWrap } = node;
    const bufferOf = (...given) => node.require('buffer').Buffer.from(...given);
    const ENOENT = -2;
    const EBADF = -9;

    // What libuv's wrapper throws.
    function failed(errno, syscall, path, dest) {
        const [code, message] = node.getInternalBinding('uv').getErrorMap().get(errno);
        const told = [path, dest].filter((part) => typeof part === 'string').map((part) => ` '${part}'`).join(' ->');
        const error = new Error(`${code}: ${message}, ${syscall}${told}`);
        Object.assign(error, { errno, code, syscall });
        if (path !== undefined) error.path = path;
        if (dest !== undefined) error.dest = dest;
        return error;
    }

    const textOf = (path) => (typeof path === 'string' ? path : path === undefined ? undefined : bufferOf(path).toString());

    // Functions of paths, and how many paths each has; then those of descriptors.
    const OF_PATHS = {
        __proto__: null, access: 1, open: 1, openFileHandle: ['open', 1], rename: 2, rmdir: 1, mkdir: 1, readdir: ['scandir', 1], stat: 1, lstat: 1,
        statfs: 1, link: 2, symlink: 2, readlink: 1, unlink: 1, realpath: 1, copyFile: ['copyfile', 2], chmod: 1, chown: 1, lchown: 1, utimes: ['utime', 1],
        lutimes: ['lutime', 1], mkdtemp: 1, cpSyncCheckPaths: ['lstat', 1], cpSyncOverrideFile: ['cp', 2], cpSyncCopyDir: ['cp', 2],
    };
    const OF_DESCRIPTORS = {
        __proto__: null, close: 1, read: 1, readBuffers: ['read'], fdatasync: 1, fsync: 1, ftruncate: 1, fstat: 1, writeBuffers: ['write'], fchmod: 1, fchown: 1, futimes: ['futime'],
    };

    complete('fs', (binding) => {
        binding.statValues ??= new Float64Array(36);
        binding.bigintStatValues ??= new BigInt64Array(36);
        const { kUsePromises } = binding;

        class FSReqCallback extends HandleWrap {
            constructor(isBigInt) {
                super();
                this.isBigInt = isBigInt;
            }
        }
        binding.FSReqCallback = FSReqCallback;
        binding.FileHandle = class FileHandle extends HandleWrap {};
        binding.StatWatcher = class StatWatcher extends HandleWrap {
            start() { return 0; }
            close() {}
            ref() {}
            unref() {}
        };

        // In the way that the caller asked for: a callback's request, a promise, or neither.
        function end(options, error, value) {
            for (const option of options) {
                if (option instanceof FSReqCallback) {
                    host.afterwards(() => (error ? option.oncomplete(error) : option.oncomplete(null, value)));
                    return undefined;
                }
                if (option === kUsePromises) return error ? Promise.reject(error) : Promise.resolve(value);
            }
            if (error) throw error;
            return value;
        }

        const define = (name, method) => { binding[name] = { [name]: method }[name]; };
        for (const name of Object.keys(OF_PATHS)) {
            const entry = OF_PATHS[name];
            const [syscall, count] = Array.isArray(entry) ? entry : [name, entry];
            define(name, (...given) => {
                const [path, dest] = given;
                return end(given, failed(ENOENT, syscall, textOf(path), count === 2 ? textOf(dest) : undefined));
            });
        }
        for (const name of Object.keys(OF_DESCRIPTORS)) {
            const entry = OF_DESCRIPTORS[name];
            const syscall = Array.isArray(entry) ? entry[0] : name;
            define(name, (...given) => end(given, failed(EBADF, syscall)));
        }
        for (const name of ['stat', 'lstat']) {
            const { [name]: fails } = binding;
            define(name, (path, isBigInt, request, throws) => (request === undefined && throws === false ? undefined : fails(path, request)));
        }
        define('mkdtemp', (prefix, encoding, request) => end([request], failed(ENOENT, 'mkdtemp', `${textOf(prefix)}XXXXXX`)));

        const streams = { __proto__: null, 1: 'stdout', 2: 'stderr' };
        // Returns the count of bytes.
        function write(descriptor, bytes, options) {
            const stream = streams[descriptor];
            if (!stream) return end(options, failed(EBADF, 'write'));
            host.write(stream, bufferOf(bytes).toString('utf8'));
            return end(options, undefined, bytes.length);
        }
        define('writeBuffer', (descriptor, bytes, offset = 0, length = bytes.byteLength - offset, _position, ...options) => (
            write(descriptor, new Uint8Array(bytes.buffer, bytes.byteOffset + offset, length), options)));
        define('writeString', (descriptor, text, _position, encoding, ...options) => write(descriptor, bufferOf(text, encoding), options));
        define('writeFileUtf8', (target, text) => {
            if (typeof target === 'number') return write(target, bufferOf(text), []);
            throw failed(ENOENT, 'open', textOf(target));
        });
        define('readFileUtf8', (target) => {
            throw typeof target === 'number' ? failed(EBADF, 'read') : failed(ENOENT, 'open', textOf(target));
        });
        define('existsSync', () => false);
        define('internalModuleStat', () => ENOENT);
        define('getFormatOfExtensionlessFile', () => 0);
        define('legacyMainResolve', (url) => { throw failed(ENOENT, 'access', `${url}`); });
    });

    complete('fs_dir', (binding) => {
        const opendir = (path, _encoding, request) => {
            if (request === undefined) throw failed(ENOENT, 'opendir');
            const error = failed(ENOENT, 'opendir', textOf(path));
            host.afterwards(() => request.oncomplete(error));
            return undefined;
        };
        Object.assign(binding, { opendir, opendirSync: (path) => opendir(path) });
    });

    complete('blob', (binding) => { binding.createBlobFromFilePath = () => undefined; });

    complete('fs_event_wrap', (binding) => {
        binding.FSEvent = class FSEvent extends HandleWrap {
            initialized = false;
            start() { return ENOENT; }
            close() {}
        };
    });
})
