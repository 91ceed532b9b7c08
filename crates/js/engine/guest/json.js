// ---- JSON in V8's words --------------------------------------------------------------------------------

replace(JSON, 'parse', function (text, reviver) {
    try {
        return parse(text, reviver);
    } catch (error) {
        if (!(error instanceof nativeErrors.SyntaxError)) throw error;
        const message = complaint(`${text}`);
        throw message === undefined ? error : errorOfJson(error, 'SyntaxError', message, 'parse');
    }
});

replace(JSON, 'stringify', function (value, replacer, space) {
    value = unwatched(value);
    try {
        return stringify(value, replacer, space);
    } catch (error) {
        if (error instanceof nativeErrors.TypeError && error.message === 'circular reference') {
            const circle = circleIn(value, replacer);
            if (circle) throw errorOfJson(error, 'TypeError', circle, 'stringify');
        } else if (error instanceof nativeErrors.TypeError && error.message.startsWith('BigInt are forbidden')) {
            throw errorOfJson(error, 'TypeError', 'Do not know how to serialize a BigInt', 'stringify');
        }
        throw error;
    }
});

// An error as V8 makes it: the first frame is that of the function of JSON.
function errorOfJson(here, name, message, method) {
    const error = errorAt(here, name, message);
    const [, frames = ''] = /^(?: +at (?:(?:Object\.|JSON\.)?(?:parse|stringify)\b|guest:).*(?:\n|$))*([^]*)/.exec(error.stack.match(/^ +at [^]*/m)?.[0] ?? '');
    error.stack = `${name}: ${message}\n    at JSON.${method} (<anonymous>)${frames && '\n'}${frames}`;
    return error;
}

// Why V8 refuses a JSON text; nothing when it would not.
function complaint(text) {
    let at = 0;
    const space = () => { while (at < text.length && ' \t\n\r'.includes(text[at])) at++; };
    const digits = () => { const from = at; while (text[at] >= '0' && text[at] <= '9') at++; return at > from; };
    const fail = (what) => { throw { what }; };
    const found = () => {
        if (at >= text.length) fail('Unexpected end of JSON input');
        if (text[at] === '"') fail('Unexpected string');
        if ('-0123456789'.includes(text[at])) fail('Unexpected number');
        if (['[object Object]', 'NaN', 'Infinity', 'undefined'].includes(text)) fail(`"${text}" is not valid JSON`);
        const cutsBefore = text.length > 20 && at >= 10;
        const cutsBehind = text.length > 20 && at < text.length - 10;
        const context = text.slice(cutsBefore ? at - 10 : 0, cutsBehind ? at + 10 : text.length);
        fail(`Unexpected token '${text[at]}', ${cutsBefore ? '...' : ''}"${context}"${cutsBehind ? '...' : ''} is not valid JSON`);
    };
    const string = () => {
        for (at++; text[at] !== '"'; at++) {
            if (at >= text.length) fail('Unterminated string');
            if (text[at] < ' ') fail('Bad control character in string literal');
            if (text[at] !== '\\') continue;
            if (++at >= text.length) found();
            if (text[at] === 'u') {
                for (let i = 0; i < 4; i++) if (!/[0-9a-fA-F]/.test(text[++at] ?? '')) fail('Bad Unicode escape');
            } else if (!'"\\/bfnrt'.includes(text[at])) fail('Bad escaped character');
        }
        at++;
    };
    const number = () => {
        if (text[at] === '-') { at++; if (!(text[at] >= '0' && text[at] <= '9')) fail('No number after minus sign'); }
        if (text[at] === '0') { at++; if (text[at] >= '0' && text[at] <= '9') fail('Unexpected number'); } else digits();
        if (text[at] === '.') { at++; if (!digits()) fail('Unterminated fractional number'); }
        if (text[at] === 'e' || text[at] === 'E') {
            at++;
            if (text[at] === '+' || text[at] === '-') at++;
            if (!digits()) fail('Exponent part is missing a number');
        }
    };
    const closers = []; // of the arrays and objects around the place
    try {
        for (;;) {
            space();
            const start = text[at];
            if (start === '{' || start === '[') {
                at++;
                space();
                const closer = start === '{' ? '}' : ']';
                if (text[at] !== closer) {
                    closers.push(closer);
                    if (start === '{') name("Expected property name or '}'", "Expected ':' after property name");
                    continue;
                }
                at++;
            } else if (start === '"') string();
            else if (start === '-' || (start >= '0' && start <= '9')) number();
            else {
                const word = { t: 'true', f: 'false', n: 'null' }[start];
                if (!word) found();
                for (const letter of word) { if (text[at] !== letter) found(); at++; }
            }
            // Behind a value: close what it ends, then the next one.
            for (;;) {
                space();
                const closer = closers.at(-1);
                if (closer === undefined) {
                    if (at < text.length) fail('Unexpected non-whitespace character after JSON');
                    return undefined;
                }
                if (text[at] === ',') {
                    at++;
                    space();
                    if (closer === '}') name('Expected double-quoted property name');
                    break;
                }
                if (text[at] !== closer) fail(`Expected ',' or '${closer}' after ${closer === '}' ? 'property value' : 'array element'}`);
                closers.pop();
                at++;
            }
        }
    } catch ({ what }) {
        if (what.endsWith('valid JSON') || what.endsWith('JSON input')) return what;
        const lines = text.slice(0, at).split(/\r\n|\n|\r/);
        return `${what} ${what.endsWith('after JSON') ? '' : 'in JSON '}at position ${at} (line ${lines.length} column ${lines.at(-1).length + 1})`;
    }
    function name(expected, expectedBehind) {
        if (text[at] !== '"') fail(expected);
        string();
        space();
        if (text[at] !== ':') expectedBehind ? fail(expectedBehind) : found();
        at++;
    }
}

// What V8 says of the first circle in a value; nothing when there is none.
function circleIn(value, replacer) {
    const path = []; // [key, object] from the outside in
    const visit = (holder, key) => {
        let inner = holder[key];
        if (typeof inner?.toJSON === 'function') inner = inner.toJSON(`${key}`);
        if (typeof replacer === 'function') inner = apply(replacer, holder, [`${key}`, inner]);
        if (inner === null || typeof inner !== 'object') return undefined;
        const start = path.findIndex(([, object]) => object === inner);
        if (start >= 0) return told(path.slice(start), key);
        path.push([key, inner]);
        const list = isArray(inner) ? [...inner.keys()] : isArray(replacer) ? replacer.filter((name) => hasOwn(inner, name)) : keys(inner);
        for (const name of list) {
            const message = visit(inner, name);
            if (message) return message;
        }
        path.pop();
        return undefined;
    };
    const place = (key) => (typeof key === 'number' ? `index ${key}` : key === '' ? '<anonymous>' : `property '${key}'`);
    const made = (object) => `object with constructor '${object.constructor?.name || 'Object'}'`;
    const told = ([[, first], ...others], last) => {
        const lines = others.map(([key, object]) => `\n    |     ${place(key)} -> ${made(object)}`);
        if (lines.length > 3) lines.splice(2, lines.length - 3, '\n    |     ...');
        return `Converting circular structure to JSON\n    --> starting at ${made(first)}${lines.join('')}\n    --- ${place(last)} closes the circle`;
    };
    return visit({ '': value }, '');
}

