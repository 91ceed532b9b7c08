// ---- console ---------------------------------------------------------------------------------------

// Production keeps this many bytes of what one execution prints, line ends included, and says nothing of the rest.
const KEPT_LOG_BYTES = 262144;

let level = 'log';
let bytesLeft = KEPT_LOG_BYTES;
const line = { write };
const printer = new Console({ stdout: line, stderr: line, ignoreErrors: false });
const LEVELS = { info: 'info', warn: 'warn', error: 'error', debug: 'debug', trace: 'trace', assert: 'warn' };

function write(chunk) {
    if (bytesLeft <= 0 || exit || run.isDead) return true;
    let text = withoutOwnFrames(chunk.slice(0, 2 * bytesLeft)).toWellFormed();
    let index = 0;
    while (index < text.length && bytesLeft > 0) {
        const point = text.codePointAt(index);
        const bytes = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        bytesLeft -= bytes;
        if (bytesLeft < 0) text = `${text.slice(0, index)}\ufffd`;
        index += bytes === 4 ? 2 : 1;
    }
    text = text.slice(0, index);
    writeLine(level, text.endsWith('\n') ? text.slice(0, -1) : text);
    return true;
}

// Stacks as Node shows them: without the frames of this file, and with the columns of the user's first line.
function withoutOwnFrames(text) {
    if (!text.includes('    at ')) return text;
    return text
        .replace(/\n +at (?:[^\n]* \()?(?:guest|__wasm_rquickjs[^\n]*|node:[^\n]*):\d+:\d+\)?(?=[\n ]|$)|\n +at apply \(native\)(?=\n|$)/g, '')
        .replace(/(\n +at [^\n]*:1:)(\d+)(?=\)?(?:[\n ]|$))/g, (frame, start, column) =>
            start.includes(`${script.name}:1:`) ? `${start}${max(1, column - (script.kind !== 'action' ? script.source.indexOf('return (') + 8 : PREFIX.length))}` : frame);
}

function makeConsole() {
    const console = {};
    for (const name of ['log', 'warn', 'dir', 'time', 'timeEnd', 'timeLog', 'trace', 'assert', 'clear', 'count', 'countReset', 'group',
        'groupEnd', 'table', 'debug', 'info', 'dirxml', 'error', 'groupCollapsed']) {
        const print = name === 'assert' ? assert : printer[name];
        const hasState = /group|count|time/.test(name);
        console[name] = (...args) => {
            if (bytesLeft <= 0 && !hasState) return undefined;
            level = LEVELS[name] ?? 'log';
            return apply(print, printer, args.map(unwatched));
        };
        defineProperty(console[name], 'name', { value: name });
    }
    defineProperty(console, Symbol.toStringTag, { value: 'console', configurable: true });
    return console;
}

function assert(condition, ...args) {
    if (condition) return;
    args[0] = `Assertion failed${args.length === 0 ? '' : `: ${args[0]}`}`;
    apply(printer.warn, printer, args);
}

