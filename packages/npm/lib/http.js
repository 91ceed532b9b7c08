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
        return { status: reply.status, headers: headersOf(reply.headers), bytes: bytes.toString('base64') };
    }
    const { body, headers, ...rest } = reply;
    const answer = { ...rest };
    if (headers !== undefined) answer.headers = headersOf(headers);
    if (typeof body === 'string') answer.text = body;
    else if (body instanceof Uint8Array) answer.bytes = Buffer.from(body).toString('base64');
    else if (body !== undefined) answer.json = body;
    return answer;
}

function headersOf(headers) {
    if (typeof headers.entries !== 'function') return headers;
    const joined = {};
    for (const [name, value] of headers.entries()) (joined[name] ??= []).push(value);
    return joined;
}

module.exports = { answerOf, patternOf };
