//! `fetch` and the clients of `http` and `https`: what they send, and what comes of an answer, a failure or a time-out. The expected texts
//! are Node 22's, from the same code against a server on this machine.

use crate::http::run;

#[track_caller]
fn check(body: &str, mocks: &str, expected: &[&str]) {
    let (logs, _) = run(
        &format!(
            "const http = require('http');
             const tell = async (name, promise) => {{
               const told = await promise().catch(({{ name, message, code }}) => `${{name}}: ${{message}}${{code === undefined ? '' : ` [${{code}}]`}}`);
               console.log(`${{name}}: ${{typeof told === 'string' ? told : JSON.stringify(told)}}`);
             }};
             {body}"
        ),
        mocks,
        "",
    );
    assert_eq!(logs, expected);
}

const SLOW: &str = "
- request: { url: 'http://slow.example/*' }
  response: { text: late, delay: 600ms }
";

#[test]
fn time_outs_of_requests_fire() {
    check(
        "const U = 'http://slow.example/';
         const wait = (start) => new Promise((done, fail) => start(done).on('error', fail));
         await tell('event', () => wait((done) => http.get(U, { timeout: 80 }).on('timeout', () => done('timeout'))));
         await tell('destroyed', () => wait(() => { const q = http.get(U, { timeout: 80 }); return q.on('timeout', () => q.destroy(new Error('mine'))); }));
         await tell('setTimeout', () => wait(() => { const q = http.get(U); return q.setTimeout(80, () => q.destroy(new Error('mine'))); }));
         await tell('abort', () => wait(() => { const q = http.get(U, { timeout: 80 }); return q.on('timeout', () => q.abort()); }));
         await tell('signal', () => wait(() => http.get(U, { signal: AbortSignal.timeout(80) })));
         await tell('early', () => wait(() => { const q = http.request(U, { method: 'POST' }); q.destroy(new Error('early')); return q; }));
         await tell('of the agent', () => wait((done) => http.get(U, { agent: new http.Agent({ timeout: 40 }) }).on('timeout', () => done('timeout'))));
         await tell('post', () => wait(() => {
           const q = http.request(U, { method: 'POST', timeout: 80 });
           q.on('timeout', () => q.destroy(new Error('mine')));
           q.write('x'); q.end();
           return q;
         }));
         await tell('late', () => wait((done) => {
           const seen = [];
           return http.get(U, { timeout: 80 }, (answer) => { answer.resume(); answer.on('end', () => done([...seen, 'answer'])); }).on('timeout', () => seen.push('timeout'));
         }));
         await tell('fetch', () => fetch(U, { signal: AbortSignal.timeout(80) }));",
        SLOW,
        &[
            "event: timeout",
            "destroyed: Error: mine",
            "setTimeout: Error: mine",
            "abort: Error: socket hang up [ECONNRESET]",
            "signal: AbortError: The operation was aborted [ABORT_ERR]",
            "early: Error: early",
            "of the agent: timeout",
            "post: Error: mine",
            r#"late: ["timeout","answer"]"#,
            "fetch: TimeoutError: The operation was aborted due to timeout [23]",
        ],
    );
}

#[test]
fn bodies_bring_their_type() {
    check(
        "const send = async (body, headers) => (await fetch('https://api.example.com/', { method: 'POST', body, headers })).text();
         await tell('text', () => send('x'));
         await tell('parameters', () => send(new URLSearchParams({ a: '1 2' })));
         await tell('blob', () => send(new Blob(['x'], { type: 'text/x-y' })));
         await tell('own', () => send('{}', { 'Content-Type': 'application/json' }));
         const form = new FormData(); form.append('a', '1');
         await tell('form', () => send(form));
         await tell('bytes', () => send(new Uint8Array([120])));
         await tell('stream', () => fetch('https://api.example.com/', { method: 'POST', duplex: 'half', body: new ReadableStream({ start(c) { c.enqueue(Buffer.from('x')); c.close(); } }) }).then((answer) => answer.text()));",
        "
- { request: { url: '*', headers: { content-type: 'text/plain;charset=UTF-8', accept: '*/*', user-agent: node }, text: x }, response: { text: a text } }
- { request: { url: '*', headers: { content-type: 'application/x-www-form-urlencoded;charset=UTF-8' }, text: a=1+2 }, response: { text: parameters } }
- { request: { url: '*', headers: { content-type: text/x-y }, text: x }, response: { text: a blob } }
- { request: { url: '*', headers: { content-type: application/json }, text: '{}' }, response: { text: JSON } }
- { request: { url: '*', headers: { content-type: 'multipart/form-data; boundary=----formdata-undici-*' } }, response: { text: a form } }
- { request: { url: '*', text: x }, response: { text: no type } }
",
        &[
            "text: a text",
            "parameters: parameters",
            "blob: a blob",
            "own: JSON",
            "form: a form",
            "bytes: no type",
            "stream: no type",
        ],
    );
}

#[test]
fn what_production_refuses_is_refused() {
    check(
        "const U = 'https://api.example.com/';
         await tell('body', () => fetch(U, { body: 'x' }));
         await tell('header', () => fetch(U, { headers: { 'in valid': 'x' } }));
         await tell('twice', async () => { const answer = await fetch(U); await answer.text(); return answer.text(); });
         await tell('redirect', () => fetch('https://api.example.com/old', { redirect: 'error' }));
         await tell('its cause', () => fetch('https://api.example.com/old', { redirect: 'error' }).catch((error) => error.cause.message));
         await tell('aborted', () => fetch(U, { signal: AbortSignal.abort() }));
         await tell('reason', () => fetch(U, { signal: AbortSignal.abort(new Error('mine')) }));
         await tell('http', async () => http.get('http://api.example.com/', { path: '/a b' }));",
        "
- { request: { url: 'https://api.example.com/' }, response: { text: x } }
- { request: { url: 'https://api.example.com/old' }, response: { status: 302, headers: { location: / } } }
",
        &[
            "body: TypeError: Request with GET/HEAD method cannot have body.",
            r#"header: TypeError: Headers.append: "in valid" is an invalid header name."#,
            "twice: TypeError: Body is unusable: Body has already been read",
            "redirect: TypeError: fetch failed",
            "its cause: unexpected redirect",
            "aborted: AbortError: This operation was aborted [20]",
            "reason: Error: mine",
            "http: TypeError: Request path contains unescaped characters [ERR_UNESCAPED_CHARACTERS]",
        ],
    );
}

#[test]
fn redirects_and_requests_are_nodes() {
    check(
        "const answer = await fetch('https://api.example.com/old', { method: 'POST', body: 'x' });
         console.log(answer.status, answer.redirected, answer.url, await answer.text());
         const request = new Request('https://api.example.com/', { method: 'POST', body: 'q', headers: { a: '1' } });
         console.log(await (await fetch(request, { headers: { b: '2' } })).text());
         const data = await fetch('data:text/plain;base64,aGk=');
         console.log(data.status, data.headers.get('content-type'), await data.text());",
        "
- { request: { method: POST, url: '*/old', text: x }, response: { status: 302, headers: { location: /new } } }
- { request: { method: GET, url: '*/new' }, response: { text: by GET } }
- { request: { method: POST, url: '*', headers: { b: '2' }, text: q }, response: { text: by the second headers } }
",
        &[
            "200 true https://api.example.com/new by GET",
            "by the second headers",
            "200 text/plain hi",
        ],
    );
}

#[test]
fn a_socket_tells_what_tls_has_judged() {
    check(
        "const { socket, ...seen } = await new Promise((done, fail) => {
           const events = [];
           https.get('https://api.example.com/', (answer) => {
             answer.resume();
             const { socket } = answer;
             const { authorized, encrypted, servername } = socket;
             answer.on('end', () => done({ events, authorized, encrypted, servername, protocol: socket.getProtocol(), of: socket.getPeerCertificate().subject.CN, socket }));
           }).on('error', fail).on('socket', (socket) => socket.on('secureConnect', () => events.push('secureConnect')).on('connect', () => events.push('connect')));
         });
         console.log(JSON.stringify(seen));
         const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
         const get = (number) => new Promise((done, fail) => {
           const request = http.get(`http://api.example.com/${number}`, { agent }, (answer) => { answer.resume(); answer.on('end', () => setImmediate(done, request.reusedSocket)); }).on('error', fail);
         });
         console.log(await get(1), await get(2), Object.keys(agent.freeSockets).length);
         await tell('expect', () => new Promise((done, fail) => {
           const request = http.request('http://api.example.com/', { method: 'POST', headers: { Expect: '100-continue', 'content-length': 3 } }, (answer) => { answer.resume(); answer.on('end', () => done(answer.statusCode)); });
           request.on('continue', () => request.end('abc')).on('error', fail);
           request.flushHeaders();
         }));",
        "
- { request: { method: POST, url: '*', text: abc }, response: { status: 201 } }
- { request: { url: '*' }, response: { text: x } }
",
        &[
            r#"{"events":["connect","secureConnect"],"authorized":true,"encrypted":true,"servername":"api.example.com","protocol":"TLSv1.3","of":"api.example.com"}"#,
            "false true 1",
            "expect: 201",
        ],
    );
}

#[test]
fn refused_connections_and_lookups_fail_as_in_node() {
    check(
        "const U = 'http://refused.example/';
         const events = await new Promise((done) => {
           const events = [];
           const request = http.get(U).on('error', ({ code, syscall, errno }) => events.push(code, syscall, errno)).on('close', () => setImmediate(done, events));
           request.on('socket', (socket) => socket.on('close', (hadError) => events.push(`closed ${hadError}`)));
         });
         console.log(events.join(' '));
         const net = require('net');
         await tell('net', () => new Promise((done, fail) => net.connect(6379, 'redis.example', done).on('error', fail)));
         await tell('tls', () => new Promise((done, fail) => require('tls').connect(443, 'a.example', done).on('error', fail)));
         await tell('listen', () => new Promise((done, fail) => net.createServer().listen(8080, '127.0.0.1', done).on('error', fail)));
         await tell('look-up', () => require('dns').promises.lookup('a.example'));
         await tell('local', () => require('dns').promises.lookup('localhost', 4));",
        "[]",
        &[
            "ECONNREFUSED connect -111 closed true",
            "net: Error: connect ECONNREFUSED redis.example: postlogin refused this request [ECONNREFUSED]",
            "tls: Error: connect ECONNREFUSED a.example: postlogin refused this request [ECONNREFUSED]",
            "listen: Error: listen EACCES: permission denied 127.0.0.1:8080 [EACCES]",
            "look-up: Error: getaddrinfo EAI_AGAIN a.example [EAI_AGAIN]",
            r#"local: {"address":"127.0.0.1","family":4}"#,
        ],
    );
}
