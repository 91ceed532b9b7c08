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
    const message = `${cause?.message ?? cause}`.replace(/(?:, file:[^\n]*)?, line:\d+, col:\d+$/, '');
    let limit = null;
    if (cause instanceof OutputTooLong) limit = 'output';
    else if (cause instanceof RangeError && /call stack/.test(message)) limit = 'depth';
    else if (message === 'memory alloc limit exceeded') limit = 'memory';
    else if (message === 'parse length limit exceeded') limit = 'length';
    return { line, column, message, limit };
}

module.exports = ({ templates, variables, limits }) => {
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
