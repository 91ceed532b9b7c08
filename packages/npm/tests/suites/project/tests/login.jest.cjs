// The library under Jest.

const { createRunner, serve, spies } = require('postlogin');

const runner = createRunner({ actions: 'actions/greet/code.js' });

test('matchers', async () => {
    const outcome = await runner.login({ with: { user: { user_metadata: { hobby: 'surfing' } } } });
    expect(outcome).toAllow();
    expect(outcome).toKeepClaim('https://example.com/hobby', expect.stringContaining('surf'));
    expect(outcome).toDropClaim('iss', 'restricted-name');
    expect(outcome).toSetMetadata('app_metadata.count', 1);
    expect(outcome).not.toDeny();
    expect(() => expect(outcome).toKeepClaim('iss')).toThrow(/dropped: restricted-name {2}at actions\/greet\/code\.js:10:21/);
    const { idToken } = spies(outcome, jest.fn);
    expect(idToken.setCustomClaim).toHaveBeenCalledWith('https://example.com/hobby', 'surfing');
});

test('modules, functions and the clock', async () => {
    jest.useFakeTimers({ now: new Date('2031-01-01T00:00:00Z'), doNotFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'nextTick', 'queueMicrotask'] });
    const score = jest.fn(() => ({ json: { score: 3 } }));
    const outcome = await runner.login({ actions: 'actions/score/code.js', modules: { auth0: 'fake-auth0.mjs' }, http: score, secrets: { TOKEN: 't' }, now: new Date() });
    jest.useRealTimers();
    expect(outcome).toKeepClaim('https://example.com/score', 3);
    expect(outcome.id_token.claims.iat).toBe(Date.parse('2031-01-01T00:00:00Z') / 1000);
    expect(score).toHaveBeenCalledTimes(2);
});

test('SIGKILL fails only what waits', async () => {
    await runner.login();
    const waiting = runner.login({ actions: 'endless.cjs', timeout: '30s' });
    setTimeout(() => process.kill(runner.pid, 'SIGKILL'), 200);
    await expect(waiting).rejects.toThrow(/SIGKILL while this login waited/);
    expect(await runner.login()).toAllow();
});

test('a tenant', async () => {
    const tenant = await serve();
    expect((await fetch(`${tenant.url}/.well-known/jwks.json`)).status).toBe(200);
    await tenant.close();
});
