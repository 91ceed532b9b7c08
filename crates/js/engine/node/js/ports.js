// MessageChannel, MessagePort and the handles of BroadcastChannel. All ends are in the same thread.
((node) => {
    'use strict';

    const { host } = node;
    const { apply } = Reflect;
    const { create } = Object;
    const states = new WeakMap(); // port → its state
    const channels = new Map(); // name → states of the BroadcastChannels with that name

    const symbols = () => node.getInternalBinding('symbols');
    const coded = (Type, code, message) => {
        const error = new Type(message);
        error.code = code;
        return error;
    };

    const stateOf = (port) => (port !== null && typeof port === 'object' ? states.get(port) : undefined);

    // One end of a channel; the port object that represents it can change.
    const makeState = () => ({ __proto__: null, port: undefined, others: new Set(), queue: [], isReceiving: false, isClosed: false, isReferenced: false, isScheduled: false, channel: undefined });

    let makesPort = false;

    class HandleWrap {
        close() {
            const state = stateOf(this);
            if (state) closeState(state);
        }

        hasRef() {
            const state = stateOf(this);
            if (!state) throw new TypeError('Illegal invocation');
            return state.isClosed ? undefined : state.isReferenced;
        }

        ref() {
            const state = stateOf(this);
            if (state) state.isReferenced = true;
        }

        unref() {
            const state = stateOf(this);
            if (state) state.isReferenced = false;
        }
    }

    function MessagePort() {
        if (!makesPort) throw coded(TypeError, 'ERR_CONSTRUCT_CALL_INVALID', 'Constructor cannot be called');
    }

    // Creates a port object and runs Node's initialization on it.
    function makePort(state) {
        makesPort = true;
        const port = new MessagePort();
        makesPort = false;
        state.port = port;
        states.set(port, state);
        const { [symbols().oninit]: init } = port;
        if (typeof init === 'function') apply(init, port, []);
        return port;
    }

    function isOption(options) {
        if (options === undefined || options === null) return [];
        if (typeof options !== 'object') throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', 'Optional transferList argument must be an iterable');
        if (typeof options[Symbol.iterator] === 'function') return [...options];
        const { transfer } = options;
        if (transfer === undefined || transfer === null) return [];
        if (typeof transfer !== 'object' || typeof transfer[Symbol.iterator] !== 'function') {
            throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', 'Optional options.transfer argument must be an iterable');
        }
        return [...transfer];
    }

    MessagePort.prototype = create(HandleWrap.prototype, {
        constructor: { value: MessagePort, writable: true, configurable: true },
        postMessage: {
            value: function postMessage(message, options) {
                if (arguments.length === 0) throw coded(TypeError, 'ERR_MISSING_ARGS', 'Not enough arguments to MessagePort.postMessage');
                const transfer = isOption(options);
                const state = stateOf(this);
                if (transfer.includes(this)) throw new (node.getInternalBinding('messaging').DOMException)('Transfer list contains source port', 'DataCloneError');
                if (!state || state.isClosed) {
                    node.copyMessage(message, transfer);
                    return undefined;
                }
                for (const other of state.others) {
                    // Each receiver of a broadcast gets its own copy.
                    const [data, ports] = node.copyMessage(message, transfer);
                    other.queue.push({ __proto__: null, data, ports });
                    schedule(other);
                }
                if (state.others.size === 0) node.copyMessage(message, transfer);
                return true;
            },
            writable: true, configurable: true, enumerable: true,
        },
        start: {
            value: function start() {
                const state = stateOf(this);
                if (!state || state.isClosed) return;
                state.isReceiving = true;
                schedule(state);
            },
            writable: true, configurable: true, enumerable: true,
        },
    });

    function schedule(state) {
        if (state.isScheduled || state.queue.length === 0 || !(state.isReceiving || state.queue.some(({ isClose }) => isClose))) return;
        state.isScheduled = true;
        host.afterwards(() => {
            state.isScheduled = false;
            deliver(state);
        });
    }

    // Delivers the queued messages in one turn; ticks and jobs run after each of them.
    function deliver(state) {
        for (let left = state.queue.length; left > 0 && !state.isClosed && state.queue.length > 0; left--) {
            if (!state.isReceiving || state.queue[0].isClose) break;
            const { data, ports } = state.queue.shift();
            try {
                apply(emitMessage, state.port, [data, ports, 'message']);
            } catch (error) {
                node.fail(error, false);
            }
            node.endTurn();
        }
        // Messages that are not read do not keep an end open.
        if (state.queue[0]?.isClose || (!state.isReceiving && state.queue.some(({ isClose }) => isClose))) finish(state);
        else schedule(state);
    }

    let emitMessage;

    function closeState(state) {
        if (state.isClosed || state.isClosing) return;
        state.isClosing = true;
        host.afterwards(() => finish(state));
        for (const other of state.others) {
            other.others.delete(state);
            if (!state.channel) {
                other.queue.push({ __proto__: null, isClose: true });
                schedule(other);
            }
        }
        if (state.channel) channels.get(state.channel)?.delete(state);
    }

    function finish(state) {
        if (state.isClosed) return;
        state.isClosed = state.isClosing = true;
        state.queue.length = 0;
        for (const other of state.others) other.others.delete(state);
        const { port } = state;
        const { [symbols().handle_onclose]: close } = port;
        if (typeof close === 'function') apply(close, port, []);
    }

    function connect(one, other) {
        one.others.add(other);
        other.others.add(one);
    }

    node.ports = {
        isPort: (value) => stateOf(value) !== undefined,
        isClosed: (port) => stateOf(port).isClosed || stateOf(port).isClosing === true,
        // Moves the end to a new port object and closes the old one.
        move(port) {
            const state = stateOf(port);
            const dead = makeState();
            dead.port = port;
            dead.isClosed = true;
            states.set(port, dead);
            state.isReceiving = false;
            return makePort(state);
        },
        createObject: () => { throw new Error('messages have no objects yet'); },
    };

    node.complete('messaging', (binding) => {
        const exports = {};
        node.compile('internal/per_context/messageport', ['exports', 'primordials', 'privateSymbols', 'perIsolateSymbols'])(exports, node.primordials, undefined, symbols());
        ({ emitMessage } = exports);
        Object.assign(binding, {
            MessagePort,
            MessageChannel: function MessageChannel() {
                if (!new.target) throw coded(TypeError, 'ERR_CONSTRUCT_CALL_REQUIRED', 'Cannot call constructor without `new`');
                const [one, other] = [makeState(), makeState()];
                connect(one, other);
                this.port1 = makePort(one);
                this.port2 = makePort(other);
            },
            setDeserializerCreateObjectFunction: (callback) => { node.ports.createObject = callback; },
            stopMessagePort(port) {
                const state = stateOf(port);
                if (state) state.isReceiving = false;
            },
            drainMessagePort(port) {
                const state = stateOf(port);
                if (state) while (!state.isClosed && state.queue.length > 0 && state.isReceiving) deliver(state);
            },
            checkMessagePort: (port) => stateOf(port) !== undefined,
            receiveMessageOnPort(port) {
                const state = stateOf(port);
                if (!state) throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "port" argument must be a MessagePort instance');
                if (state.isClosed || state.queue.length === 0 || state.queue[0].isClose) return symbols().no_message_symbol;
                return state.queue.shift().data;
            },
            moveMessagePortToContext(port) {
                if (!stateOf(port)) throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "port" argument must be a MessagePort instance');
                return port;
            },
            broadcastChannel(name) {
                const state = makeState();
                state.channel = name;
                const group = channels.get(name) ?? new Set();
                channels.set(name, group);
                for (const other of group) connect(state, other);
                group.add(state);
                return makePort(state);
            },
        });
    });
})
