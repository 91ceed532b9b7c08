'use strict';
// Renders Liquid templates with LiquidJS, inside the sandbox. The other side is crates/js/src/liquid.

const { Liquid } = require('liquidjs');

// A sandbox has no channel for text but its questions to the host: `require.resolve` passes each piece on.
const PIECE = 2000;

function send(kind, text) {
    const whole = `${text}`.toWellFormed();
    for (let at = 0; at < whole.length;) {
        let end = Math.min(at + PIECE, whole.length);
        const last = whole.charCodeAt(end - 1);
        // Half of a surrogate pair is not a character.
        if (end < whole.length && last >= 0xd800 && last <= 0xdbff) end -= 1;
        require.resolve(`${kind}:${whole.slice(at, end)}`);
        at = end;
    }
}

class OutputTooLong extends Error {}

// Refuses to grow any text that is written, the result or what a tag captures, beyond `most` characters.
function limitOutput(liquid, most) {
    let emitters;
    liquid.registerTag('postlogin_emitter', {
        parse() {},
        render(context, emitter) {
            emitters = Object.getPrototypeOf(emitter);
        },
    });
    liquid.parseAndRenderSync('{% postlogin_emitter %}');
    delete liquid.tags.postlogin_emitter;
    const { write } = emitters;
    emitters.write = function (html) {
        write.call(this, html);
        if (this.buffer.length > most) throw new OutputTooLong('the output is too long');
    };
}

// The vendor's own tag: it prints the variables. What it looks like is not documented.
const debug = {
    parse() {},
    render(context, emitter) {
        const names = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' };
        const text = JSON.stringify(context.environments, null, 2);
        emitter.write(`<pre>${text.replace(/[&<>"']/g, (mark) => names[mark])}</pre>`);
    },
};

// Names and forms of dates as Node has them in `en-US` and UTC: the engine's own Intl differs in some.
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function useEnglishDates() {
    const name = (all, index, form) => (form === 'short' ? all[index].slice(0, 3) : all[index]);
    Intl.DateTimeFormat = (locale, { month, weekday } = {}) => ({
        format: (date) => (month ? name(MONTHS, date.getMonth(), month) : name(WEEKDAYS, date.getDay(), weekday)),
        resolvedOptions: () => ({ locale: 'en-US', timeZone: 'UTC' }),
    });
    const two = (number) => `${number}`.padStart(2, '0');
    const day = (date) => `${date.getMonth() + 1}/${date.getDate()}/${date.getFullYear()}`;
    const time = (date) => `${date.getHours() % 12 || 12}:${two(date.getMinutes())}:${two(date.getSeconds())} ${date.getHours() < 12 ? 'AM' : 'PM'}`;
    const { toLocaleString } = Date.prototype;
    Object.assign(Date.prototype, {
        toLocaleDateString() {
            return day(this);
        },
        toLocaleTimeString() {
            return time(this);
        },
        // LiquidJS finds out the offset of a time zone by this.
        toLocaleString(locale, options) {
            return options?.timeZone ? toLocaleString.call(this, locale, options) : `${day(this)}, ${time(this)}`;
        },
    });
}

function placeOf(error) {
    try {
        return error.token.getPosition();
    } catch {
        return [null, null];
    }
}

function described(error) {
    const cause = error?.originalError ?? error;
    const [line, column] = placeOf(error);
    // LiquidJS appends the place to the message.
    const words = cause instanceof URIError ? 'URI malformed' : `${cause?.message ?? cause}`;
    const message = words.replace(/(?:, file:[^\n]*)?, line:\d+, col:\d+$/, '');
    let limit = null;
    if (cause instanceof OutputTooLong) limit = 'output';
    else if (cause instanceof RangeError && /call stack/.test(message)) limit = 'depth';
    else if (message === 'memory alloc limit exceeded') limit = 'memory';
    else if (message === 'parse length limit exceeded') limit = 'length';
    return { line, column, message, limit };
}

module.exports = ({ templates, variables, limits }) => {
    useEnglishDates();
    // No option but limits: which ones the vendor sets is not documented. `templates`: there are no files to include.
    const liquid = new Liquid({ templates: {}, parseLimit: limits.length, memoryLimit: limits.memory });
    liquid.registerTag('debug', debug);
    limitOutput(liquid, limits.output);
    for (const template of templates) {
        require.resolve('begin:');
        try {
            // Each template has variables of its own: `increment` changes them.
            send('text', liquid.renderSync(liquid.parse(template), JSON.parse(variables)));
        } catch (error) {
            send('error', JSON.stringify(described(error)));
            return;
        }
    }
    require.resolve('end:');
};
