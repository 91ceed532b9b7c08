// The library under node:test.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, mock, test } from 'node:test';
import { BinaryError, ExpectationError, PostloginError, PostloginProcessError, binary, createRunner, loadAction, loadRule, replay, serve, spies } from 'postlogin';
import { expect } from 'postlogin/node';

const runner = createRunner({ actions: 'actions/greet/code.js' });
const hobby = (hobby, more) => runner.login({ with: { user: { user_metadata: { hobby } } }, ...more });
const fails = (assertion, ...texts) => {
    assert.throws(assertion, (error) => {
        assert.equal(error.name, 'AssertionError');
        for (const text of texts) assert.match(error.message, text);
        return true;
    });
};

after(() => runner.close());

test('a login is allowed, with claims, metadata and lines', async () => {
    const outcome = await hobby('surfing');
    expect(outcome).toAllow();
    expect(outcome).not.toDeny();
    expect(outcome).toKeepClaim('https://example.com/hobby', 'surfing');
    expect(outcome).toKeepClaim('https://example.com/hobby', 'surfing', { token: 'id_token' });
    expect(outcome).not.toKeepClaim('https://example.com/hobby', 'surfing', { token: 'access_token' });
    expect(outcome).toDropClaim('iss', 'restricted-name');
    expect(outcome).toSetMetadata('app_metadata.count', 1);
    expect(outcome).toSetMetadata('user_metadata.greeted');
    expect(outcome).not.toSetMetadata('user_metadata.greeted.city');
    expect(outcome).not.toSetMetadata('user_metadata.count');
    expect(outcome).toCall('idToken.setCustomClaim', 'roles', ['admin']);
    expect(outcome).toLog('greeted surfing');
    expect(outcome).toLog(/^greeted/);
    assert.deepEqual(outcome.requests, []);
});

test('a failure shows the line of the ledger with its place', async () => {
    const outcome = await hobby('surfing');
    fails(() => expect(outcome).toKeepClaim('iss', 'me'), /the claim iss = "me" to be kept/, /✗ access token iss = "me"  dropped: restricted-name  at actions\/greet\/code\.js:10:21/);
    fails(() => expect(outcome).toDropClaim('https://example.com/hobby'), /✓ ID token https:\/\/example\.com\/hobby = "surfing"  kept  at actions\/greet\/code\.js:8:17  ← event\.user\.user_metadata\.hobby/);
    fails(() => expect(outcome).toKeepClaim('missing'), /no Action set this claim/, /code\.js:9:17/);
    fails(() => expect(outcome).toDeny('no spam'), /to be denied with "no spam"/, /the login was allowed/);
    fails(() => expect(outcome).toCall('access.deny'), /user\.setAppMetadata\("count", 1\) {2}at actions\/greet\/code\.js:12:14/);
    fails(() => expect(outcome).not.toAllow(), /expected not: the login to be allowed/);
    fails(() => expect(outcome).toSetMetadata('user_metadata.name', 'x'), /app_metadata\.count = 1 {2}at actions\/greet\/code\.js:12:14/);
    const failed = await hobby('crash', { secrets: { KEY: 42 } });
    fails(() => expect(failed).toAllow(), /the login failed: TypeError: no hobby 42/, /at actions\/greet\/code\.js:5:34/);
    assert.throws(() => expect(hobby('surfing')).toAllow(), /this is a promise: await it/);
    assert.throws(() => expect({}).toAllow(), /needs an outcome/);
});

test('an argument that makes no sense is an error, under not as well', async () => {
    const outcome = await hobby('surfing');
    for (const [name, args, message] of [
        ['toKeepClaim', [], /needs the name of a claim/],
        ['toKeepClaim', ['https://example.com/hobby', 'surfing', { token: 'access' }], /'id_token' or 'access_token', not "access"/],
        ['toDropClaim', ['iss', 'banana'], /there is no rule "banana"/],
        ['toDropClaim', ['iss', undefined, { token: 'id' }], /'id_token' or 'access_token'/],
        ['toSetMetadata', ['seen'], /user_metadata\.hobby/],
        ['toCall', ['deny'], /access\.deny, not "deny"/],
        ['toRequest', [], /needs a method/],
        ['toLog', [], /needs a text/],
    ]) {
        assert.throws(() => expect(outcome)[name](...args), { name: 'TypeError', message });
        assert.throws(() => expect(outcome).not[name](...args), { name: 'TypeError', message });
    }
    expect(outcome).toKeepClaim('https://example.com/hobby', /^surf/);
    expect(outcome).not.toKeepClaim('https://example.com/hobby', /^ski/);
    expect(outcome).toSetMetadata('user_metadata.greeted.at', /Z$/);
});

test('what JSON cannot carry is refused', async () => {
    const user = (user_metadata) => runner.login({ with: { user: { user_metadata } } });
    await assert.rejects(user({ a: NaN }), /with\.user\.user_metadata\.a is NaN/);
    await assert.rejects(user({ a: [1, () => 1] }), /with\.user\.user_metadata\.a\.1 is a function/);
    await assert.rejects(user({ a: new Map() }), /is a Map/);
    await assert.rejects(user({ a: '\ud800' }), /half of a surrogate pair/);
    await assert.rejects(runner.login(null), /a request is an object/);
    await assert.rejects(runner.login({ secrets: null }), /`secrets` is an object/);
    assert.throws(() => createRunner({ timeoutMs: 'x' }), /number of milliseconds/);
    await assert.rejects(user({ a: 'a'.repeat(17 << 20) }), { name: 'PostloginError', message: /^the request: the line has more than 16 MiB/ });
    await assert.rejects(runner.login({ withh: {} }), (error) => /^unknown key `withh` in a request/.test(error.message) && !/<stdin|matrix|secrets_file/.test(error.message));
    await assert.rejects(runner.login({ user: 'none.json' }), { message: /^no file `none\.json` in `cwd`/ });
});

test('denials, redirects and challenges', async () => {
    const denied = await hobby('spam');
    fails(() => expect(denied).toAllow(), /the login was denied: no spam\n {4}access\.deny at actions\/greet\/code\.js:4:45/);
    expect(denied).toDeny('no spam');
    expect(denied).toDeny(/spam/);
    expect(denied).not.toDeny('other');
    const away = await hobby('away');
    expect(away).toRedirectTo('https://example.com/consent');
    expect(away).toRedirectTo(/lang=en/);
    expect(away).not.toRedirectTo('https://example.com/');
    const back = await hobby('away', { continue: { query: { consent: 'yes' } } });
    expect(back).toAllow();
    expect(back).toKeepClaim('https://example.com/consent', 'yes');
    const challenged = await hobby('mfa', { challenge: 'fail' });
    expect(challenged).not.toAllow();
    expect(await hobby('mfa', { challenge: 'succeed' })).toAllow();
    expect(await hobby('crash', { secrets: { KEY: 'x' } })).toFail(/no hobby x/);
});

test('the clock and the seed decide', async () => {
    const now = new Date('2030-05-06T07:08:09Z');
    const outcome = await hobby('surfing', { now, seed: 7 });
    expect(outcome).toSetMetadata('user_metadata.greeted.at', now.toISOString());
    mock.timers.enable({ apis: ['Date'], now });
    try {
        expect(await hobby('surfing', { now: new Date() })).toSetMetadata('user_metadata.greeted.at', now.toISOString());
    } finally {
        mock.timers.reset();
    }
    assert.equal((await hobby('surfing', { now: now.getTime() })).id_token.claims.iat, now.getTime() / 1000);
    await assert.rejects(hobby('x', { now: new Date(NaN) }), /not a valid time/);
});

const scored = createRunner({ actions: 'actions/score/code.js', secrets: { TOKEN: 'sesame' }, modules: { auth0: new URL('../fake-auth0.mjs', import.meta.url) } });

test('modules, mocks and functions answer', async () => {
    const seen = [];
    const http = [
        { request: { url: 'https://api.example.com/last' }, response: { text: 'first' } },
        async (request) => {
            seen.push(request);
            return Response.json({ score: 12 }, { status: 200 });
        },
    ];
    const outcome = await scored.login({ http, seed: 1 });
    expect(outcome).toAllow();
    expect(outcome).toKeepClaim('https://example.com/score', 12);
    expect(outcome).toKeepClaim('https://example.com/last', 'first');
    assert.equal(seen.length, 1);
    assert.equal(seen[0].headers.authorization, 'Bearer sesame');
    expect(outcome).toRequest('POST', 'https://api.example.com/score?plan=gold', { user: outcome.id_token.claims.sub });
    expect(outcome).toRequest('get', /last$/);
    expect(outcome).not.toRequest('DELETE');
    assert.equal(outcome.requests.length, 2);
    const again = await scored.login({ http, seed: 1 });
    assert.deepEqual(again.id_token, outcome.id_token);
    expect(await scored.login({ http: (request) => (request.method === 'POST' ? { status: 503 } : undefined) })).toDeny('score: 503');
    const broken = await scored.login({ http: () => ({ error: 'ECONNRESET' }) });
    expect(broken).toFail(/fetch failed/);
    const inline = { auth0: { code: 'exports.ManagementClient = class { getUser() { return { plan: "x y" }; } };' } };
    const wide = await scored.login({ modules: inline, http: () => ({ json: { score: 1 } }) });
    expect(wide).toRequest('POST', /plan=x%20y/);
    expect(await scored.login({ http: () => new Response(null, { status: 204 }) })).toFail(/JSON/);
    expect(await scored.login({ http: () => ({ bytes: new TextEncoder().encode('{"score":3}') }) })).toKeepClaim('https://example.com/score', 3);
    await assert.rejects(scored.login({ http: () => 42 }), /returned the number 42/);
    // Nothing answers: the failure shows the mock to add.
    const alone = await scored.login({});
    fails(() => expect(alone).toAllow(), /fetch failed/, /POST https:\/\/api\.example\.com\/score\?plan=gold was refused/, /response:/);
    fails(() => expect(alone).toRequest('GET'), /POST https:\/\/api\.example\.com\/score\?plan=gold .* → refused: no mock fits/);
    assert.equal(alone.requests[0].action, 'score');
    // A function that throws is the test's own mistake.
    await assert.rejects(scored.login({ http: () => { throw new RangeError('mine'); } }), /mine/);
    const hidden = await scored.login({ revealSecrets: false, http: () => ({ json: {} }) });
    assert.ok(!JSON.stringify(hidden).includes('sesame'));
});

test('a wrong request says what is wrong, and nothing else fails', async () => {
    const [wrong, good, missing] = await Promise.allSettled([runner.login({ wiht: {} }), hobby('chess'), runner.login({ actions: 'actions/gret/code.js' })]);
    assert.ok(wrong.reason instanceof PostloginError);
    assert.match(wrong.reason.message, /unknown key `wiht`.*\n\s+hint: did you mean `with`\?/);
    expect(good.value).toAllow();
    assert.match(missing.reason.message, /actions\/gret/);
    writeFileSync('broken.cjs', 'exports.onExecutePostLogin = async ( => {');
    await assert.rejects(runner.login({ actions: 'broken.cjs' }), /broken\.cjs:1/);
    await assert.rejects(runner.login({ modules: { fs: { code: '' } } }), /it is a module of Node itself/);
    await assert.rejects(hobby('chess', { expect: { status: 'denied' } }), (error) => error instanceof ExpectationError && /status: expected "denied", got "allowed"/.test(error.message));
    expect(await hobby('chess', { expect: { status: 'allowed' } })).toAllow();
});

test('an edit counts from the next login on', async () => {
    writeFileSync('edited.cjs', "exports.onExecutePostLogin = async () => { console.log('one'); };");
    expect(await runner.login({ actions: 'edited.cjs' })).toLog('one');
    writeFileSync('edited.cjs', "exports.onExecutePostLogin = async () => { console.log('second'); };");
    expect(await runner.login({ actions: 'edited.cjs' })).toLog('second');
});

test('SIGKILL of the process fails only what waits', async () => {
    writeFileSync('slow.cjs', 'exports.onExecutePostLogin = async () => { for (;;); };');
    expect(await hobby('surfing')).toAllow();
    const { pid } = runner;
    const waiting = runner.login({ actions: 'slow.cjs', timeout: '30s' });
    setTimeout(() => process.kill(pid, 'SIGKILL'), 200);
    await assert.rejects(waiting, (error) => error instanceof PostloginProcessError && error.signal === 'SIGKILL' && /was ended by SIGKILL while this login waited/.test(error.message));
    expect(await hobby('surfing')).toAllow();
    assert.notEqual(runner.pid, pid);
    // Killed while nothing waits: nobody notices.
    process.kill(runner.pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await hobby('surfing')).toAllow();
});

test('a login that takes too long is given up', async () => {
    writeFileSync('slow.cjs', 'exports.onExecutePostLogin = async () => { for (;;); };');
    const impatient = createRunner({ actions: 'slow.cjs', timeoutMs: 500, env: { ...process.env, OWN: '1' } });
    await assert.rejects(impatient.login({ timeout: '30s' }), /did not answer within 0.5 s/);
    expect(await impatient.login({ actions: 'actions/greet/code.js' })).toAllow();
    await impatient.close();
});

test('spies see what the Action called', async () => {
    const outcome = await hobby('surfing');
    const api = spies(outcome, () => mock.fn());
    assert.deepEqual(api.idToken.setCustomClaim.mock.calls.map((call) => call.arguments), [['https://example.com/hobby', 'surfing'], ['roles', ['admin']]]);
    assert.equal(api.access.deny.mock.callCount(), 0);
    const own = { idToken: { setCustomClaim: mock.fn() } };
    assert.deepEqual(replay(outcome, own), ['accessToken.setCustomClaim', 'user.setUserMetadata', 'user.setAppMetadata']);
    assert.equal(own.idToken.setCustomClaim.mock.callCount(), 2);
    const { onExecutePostLogin } = loadAction('actions/greet/code.js', { runner });
    const deny = mock.fn();
    const event = JSON.parse(execFileSync(binary(), ['schema', 'event'], { encoding: 'utf8' })).properties ? { user: { user_id: 'auth0|1', user_metadata: { hobby: 'spam' }, app_metadata: {} }, secrets: { KEY: 'k' } } : {};
    await onExecutePostLogin(event, { access: { deny } });
    assert.deepEqual(deny.mock.calls[0].arguments, ['no spam']);
    event.user.user_metadata.hobby = 'crash';
    await assert.rejects(onExecutePostLogin(event, {}), (error) => error instanceof TypeError && error.message === 'no hobby k');
    assert.throws(() => loadAction('actions/nope.js'), /ENOENT/);
});

test('a login begins with entries of the cache, and a site gives a signed token back', async () => {
    writeFileSync('cached.cjs', "exports.onExecutePostLogin = async (event, api) => { const [a, b] = ['a', 'b'].map((key) => api.cache.get(key)?.value ?? null); api.idToken.setCustomClaim('https://example.com/cached', [a, b]); if (!a) api.redirect.sendUserTo('https://site.example/'); };\nexports.onContinuePostLogin = async (event, api) => { api.idToken.setCustomClaim('https://example.com/age', api.redirect.validateToken({ secret: 'shared' }).age); };");
    const cached = createRunner({ actions: 'cached.cjs', cache: { a: 'one' } });
    expect(await cached.login({ cache: { b: { value: 'two', ttl: '60s' } } })).toKeepClaim('https://example.com/cached', ['one', 'two']);
    expect(await createRunner({ actions: 'cached.cjs' }).login({ continue: { token: { secret: 'shared', payload: { age: 7 } } } })).toKeepClaim('https://example.com/age', 7);
});

test('a Rule runs for a suite that calls it', async () => {
    writeFileSync('rule.cjs', "function (user, context, callback) { if (user.blocked) return callback(new UnauthorizedError('blocked')); if (user.broken) throw new TypeError('broken'); user.seen = true; delete user.gone; context.idToken[configuration.NS + 'roles'] = ['a']; callback(null, user, context); }");
    const rule = loadRule('rule.cjs', { configuration: { NS: 'https://example.com/' } });
    const callback = mock.fn();
    const user = { user_id: 'auth0|1', gone: 1 };
    const context = { clientName: 'app' };
    await rule(user, context, callback);
    assert.deepEqual([user.seen, 'gone' in user, context.clientName], [true, false, 'app']);
    assert.deepEqual(context.idToken, { 'https://example.com/roles': ['a'] });
    const [error, ...given] = callback.mock.calls[0].arguments;
    assert.deepEqual([error, given[0] === user, given[1] === context], [null, true, true]);
    await rule({ user_id: 'auth0|1', blocked: true }, {}, callback);
    assert.deepEqual([callback.mock.calls[1].arguments[0].name, callback.mock.calls[1].arguments[0].message], ['UnauthorizedError', 'blocked']);
    await assert.rejects(rule({ user_id: 'auth0|1', broken: true }, {}, callback), (thrown) => thrown instanceof TypeError && thrown.message === 'broken');
    assert.equal(callback.mock.callCount(), 2);
    writeFileSync('before.cjs', "exports.onExecutePreUserRegistration = async (event, api) => { api.access.deny('spam', 'No.'); };");
    const deny = mock.fn();
    await loadAction('before.cjs').onExecutePreUserRegistration({ user: { email: 'a@spam.example' } }, { access: { deny } });
    assert.deepEqual(deny.mock.calls[0].arguments, ['spam', 'No.']);
});

test('what JSON lacks comes back', async () => {
    writeFileSync('tags.cjs', "exports.onExecutePostLogin = async (event, api) => { api.user.setUserMetadata('a', { d: new Date(0), $: 'x' }); api.user.setUserMetadata('b', undefined); };");
    const outcome = await runner.login({ actions: 'tags.cjs' });
    expect(outcome).toCall('user.setUserMetadata', 'b', undefined);
    const [, value] = spies(outcome, () => mock.fn()).user.setUserMetadata.mock.calls[0].arguments;
    assert.deepEqual(value, { d: new Date(0), $: 'x' });
});

test('a fake clock ends no process', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
        const outcome = runner.login();
        mock.timers.tick(1_000_000);
        expect(await outcome).toAllow();
    } finally {
        mock.timers.reset();
    }
});

test('a tenant for end-to-end tests', async () => {
    const secret = `a"b\n$c'\\`;
    writeFileSync('kept.env', 'KEPT=1\n');
    const tenant = await serve({
        users: [{ email: 'jane@example.com', password: 'Jane-secret-1', email_verified: true }],
        callbacks: ['http://localhost:9999/callback'],
        secrets: { KEY: secret },
        secretsFile: 'kept.env',
    });
    try {
        const configuration = await (await fetch(`${tenant.url}/.well-known/openid-configuration`)).json();
        assert.equal(configuration.issuer, tenant.issuer);
        const clients = await tenant.clients();
        const application = clients.find(({ callbacks }) => callbacks);
        const answer = await fetch(`${tenant.url}/oauth/token`, {
            method: 'POST',
            body: new URLSearchParams({ grant_type: 'password', username: 'jane@example.com', password: 'Jane-secret-1', client_id: application.client_id, scope: 'openid' }),
        });
        const { id_token } = await answer.json();
        const [, payload] = id_token.split('.');
        assert.equal(JSON.parse(Buffer.from(payload, 'base64url')).iss, tenant.issuer);
        assert.ok((await tenant.log()).length > 0);
        assert.deepEqual(await tenant.emails(), []);
        await tenant.reset();
        assert.deepEqual(await tenant.log(), []);
        await assert.rejects(tenant.control('POST', 'clock', { freeze: 5 }), /400/);
    } finally {
        await tenant[Symbol.asyncDispose]();
    }
    await assert.rejects(fetch(`${tenant.url}/.well-known/openid-configuration`));
    await assert.rejects(tenant.clients(), (error) => error instanceof PostloginProcessError && /^the tenant ended with exit code 0/.test(error.message));
    await assert.rejects(serve({ users: [{ email: 1 }] }), /the tenant did not start: exit code 2\n[^]*users\.json/);
});

test('a program that is missing or cannot start is named in one sentence', async () => {
    const { binary: where } = await import('../node_modules/postlogin/lib/binary.js').then((module) => module.default);
    const none = () => {
        throw new Error('MODULE_NOT_FOUND');
    };
    assert.throws(() => where({ env: {}, platform: 'freebsd-x64' }), (error) => error instanceof BinaryError && /no program for freebsd-x64; it has one for/.test(error.message));
    assert.throws(() => where({ env: {}, platform: 'linux-arm64', resolve: none }), /the package @postlogin\/linux-arm64, which has the program for this platform, is not installed/);
    assert.throws(() => where({ env: { POSTLOGIN_BINARY: '/nowhere' } }), /POSTLOGIN_BINARY names \/nowhere, which is not a file/);
    await assert.rejects(createRunner({ cwd: 'nowhere' }).login(), /nowhere is not a folder, so nothing can be started in it\nhint: set `cwd`/);
    await assert.rejects(serve({ cwd: 'nowhere' }), /nowhere is not a folder/);
    await assert.rejects(serve({ project: 'nowhere' }), /`project`: \S*nowhere is not a folder/);
    await assert.rejects(serve({ user: [] }), /unknown option 'user' of `serve`\n {2}hint: did you mean 'users'\?/);
    await assert.rejects(serve({ actions: 'x.js' }), /unknown option 'actions' of `serve`\n {2}hint: a tenant runs the binding/);
    await assert.rejects(serve({ callback: 'http://a' }), /did you mean 'callbacks'/);
    await assert.rejects(serve({ http: () => ({ json: 1 }) }), /not a function\n {2}hint: createRunner/);
    await assert.rejects(serve(null), /the options of `serve` are an object/);
    const folder = mkdtempSync(path.join(tmpdir(), 'postlogin-test-'));
    try {
        const plain = path.join(folder, 'plain');
        copyFileSync(process.execPath, plain);
        chmodSync(plain, 0o644);
        const text = path.join(folder, 'text');
        writeFileSync(text, '#!/nowhere/loader\n', { mode: 0o755 });
        const shim = path.join(path.dirname(readPackage()), 'bin/postlogin.js');
        for (const [program, message, hint] of [
            ['/nowhere', /^error: POSTLOGIN_BINARY names \/nowhere, which is not a file$/m, /^hint: set it to the path/m],
            [plain, /^error: .*plain is not executable$/m, /^hint: chmod \+x /m],
            [text, /^error: .*text cannot be started: it is not a program of this system$/m, /^hint: /m],
        ]) {
            const env = { ...process.env, POSTLOGIN_BINARY: program };
            const done = spawnSync(process.execPath, [shim, '--version'], { env, encoding: 'utf8' });
            assert.equal(done.status, 127, program);
            assert.equal(done.stdout, '');
            assert.match(done.stderr, message);
            assert.match(done.stderr, hint);
            assert.equal(done.stderr.trim().split('\n').length, 2, done.stderr);
            await assert.rejects(createRunner({ env }).login(), (error) => (error instanceof BinaryError || error instanceof PostloginProcessError) && error.message !== '');
            await assert.rejects(serve({ env }), (error) => error instanceof BinaryError || error instanceof PostloginProcessError);
        }
    } finally {
        rmSync(folder, { recursive: true });
    }
});

function readPackage() {
    const file = path.resolve('node_modules/postlogin/package.json');
    assert.equal(JSON.parse(readFileSync(file, 'utf8')).scripts, undefined, 'nothing runs when it is installed');
    return file;
}
