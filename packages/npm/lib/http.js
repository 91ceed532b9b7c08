'use strict';

// Answers that a function of a test gives, as the mocks that the process reads.

/** The mock's pattern for one request: this one, by method and URL. Those before it have used up theirs. */
function patternOf(request) {
    return { method: request.method, url: request.url };
}

/** @param {Response | { status?: number, headers?: object, json?: unknown, text?: string, body?: string, bytes?: string, error?: string, delay?: string }} reply */
async function answerOf(reply) {
    if (typeof Response === 'function' && reply instanceof Response) {
        const bytes = Buffer.from(await reply.arrayBuffer());
        const answer = { status: reply.status, headers: headersOf(reply.headers) };
        if (bytes.length > 0) answer.bytes = bytes.toString('base64');
        return answer;
    }
    if (typeof reply !== 'object' || Array.isArray(reply) || reply instanceof Uint8Array) {
        throw new TypeError(`a function of \`http\` returned ${described(reply)}; it returns a Response, an object such as { json: … }, or undefined`);
    }
    const { body, headers, bytes, ...rest } = reply;
    const answer = { ...rest };
    if (bytes !== undefined) answer.bytes = bytes instanceof Uint8Array ? Buffer.from(bytes).toString('base64') : bytes;
    if (headers !== undefined) answer.headers = headersOf(headers);
    if (typeof body === 'string') answer.text = body;
    else if (body instanceof Uint8Array) answer.bytes = Buffer.from(body).toString('base64');
    else if (body !== undefined) answer.json = body;
    return answer;
}

/** A value in a message: `the number 42`, `an array`. */
function described(value) {
    if (Array.isArray(value)) return 'an array';
    if (value instanceof Uint8Array) return 'bytes';
    return `the ${typeof value} ${typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : String(value)}`;
}

function headersOf(headers) {
    if (typeof headers.entries !== 'function') return headers;
    const joined = {};
    for (const [name, value] of headers.entries()) (joined[name] ??= []).push(value);
    return joined;
}

module.exports = { answerOf, patternOf };
