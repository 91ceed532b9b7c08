// Bindings of what the sandbox lacks: other processes, an inspector, HTTP/2. Modules of Node's over them can be loaded; using them
// fails.
((node) => {
    'use strict';

    const { complete, host } = node;
    const uv = () => node.getInternalBinding('uv');

    complete('process_wrap', (binding) => {
        const { prototype } = binding.Process;
        prototype.spawn = function spawn() { return uv().UV_ENOSYS; };
        prototype.close = function close(callback) { if (callback) host.enqueue(callback); };
        for (const name of ['ref', 'unref']) prototype[name] = { [name]() {} }[name];
    });
    complete('spawn_sync', (binding) => {
        binding.spawn = () => ({ pid: 0, status: null, signal: null, output: null, error: uv().UV_ENOSYS });
    });

    complete('inspector', (binding) => {
        for (const name of Object.keys(binding.console)) binding.console[name] = { [name]() {} }[name];
        Object.assign(binding, { url: () => undefined, isEnabled: () => false, emitProtocolEvent() {} });
    });

    complete('stream_pipe', (binding) => {
        binding.StreamPipe = function StreamPipe() { throw new Error('The runtime of postlogin does not have stream_pipe'); };
    });

    // `settingsBuffer`: seven settings, which of them count, how many others there are, and those as pairs of id and value.
    complete('http2', (binding) => {
        const { settingsBuffer } = binding;
        const FLAGS = 7;
        // What a frame calls the settings, in the order of the buffer and in that of a frame.
        const IDS = [1, 2, 4, 5, 3, 6, 8];
        const ORDER = [0, 1, 4, 2, 3, 5, 6];
        Object.assign(binding, {
            setCallbackFunctions() {},
            refreshDefaultSettings() {
                settingsBuffer.set([4096, 1, 65535, 16384, 0xffffffff, 65535, 0, 0x7f, 0]);
            },
            packSettings() {
                const pairs = ORDER.filter((at) => settingsBuffer[FLAGS] & (1 << at)).map((at) => [IDS[at], settingsBuffer[at]]);
                for (let other = 0; other < settingsBuffer[FLAGS + 1]; other++) pairs.push([...settingsBuffer.subarray(FLAGS + 2 + 2 * other, FLAGS + 4 + 2 * other)]);
                const packed = node.require('buffer').Buffer.alloc(6 * pairs.length);
                pairs.forEach(([id, value], at) => {
                    packed.writeUInt16BE(id, 6 * at);
                    packed.writeUInt32BE(value, 6 * at + 2);
                });
                return packed;
            },
        });
    });
})
