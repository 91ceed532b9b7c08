// The library under Vitest, in threads and in forks.

import { createRunner, serve, spies } from 'postlogin';
import { expect, test, vi } from 'vitest';

const runner = createRunner({ actions: 'actions/greet/code.js' });

test('matchers', async () => {
    const outcome = await runner.login({ with: { user: { user_metadata: { hobby: 'surfing', address: { city: 'Ghent' } } } } });
    expect(outcome).toAllow();
    expect(outcome).toKeepClaim('https://example.com/hobby', expect.stringMatching(/^surf/));
    expect(outcome).toDropClaim('iss', 'restricted-name');
    expect(outcome).toSetMetadata('user_metadata.greeted.city', 'Ghent');
    expect(outcome).toSetMetadata('user_metadata.greeted', { at: expect.any(String), city: 'Ghent' });
    expect(outcome).not.toDeny();
    expect(() => expect(outcome).toKeepClaim('iss')).toThrow(/dropped: restricted-name {2}at actions\/greet\/code\.js:10:21/);
    expect(() => expect(outcome).not.toAllow()).toThrow(/expected not: the login to be allowed/);
    const { idToken } = spies(outcome, () => vi.fn());
    expect(idToken.setCustomClaim).toHaveBeenCalledWith('https://example.com/hobby', 'surfing');
});

test('the clock of fake timers', async () => {
    vi.useFakeTimers({ now: new Date('2031-01-01T00:00:00Z'), toFake: ['Date'] });
    const outcome = await runner.login({ now: new Date() });
    vi.useRealTimers();
    expect(outcome).toSetMetadata('user_metadata.greeted.at', '2031-01-01T00:00:00.000Z');
});

test('a module and a function answer', async () => {
    const score = vi.fn(() => ({ json: { score: 3 } }));
    const outcome = await runner.login({ actions: 'actions/score/code.js', modules: { auth0: 'fake-auth0.mjs' }, http: score, secrets: { TOKEN: 't' } });
    expect(outcome).toKeepClaim('https://example.com/score', 3);
    expect(score).toHaveBeenCalledTimes(2);
});

test('a tenant ends with its block', async () => {
    let url = '';
    {
        await using tenant = await serve({ users: [] });
        url = tenant.url;
        expect((await fetch(`${url}/.well-known/jwks.json`)).status).toBe(200);
    }
    await expect(fetch(`${url}/.well-known/jwks.json`)).rejects.toThrow();
});

test('SIGKILL fails only what waits', async () => {
    await runner.login();
    const waiting = runner.login({ actions: 'endless.cjs', timeout: '30s' });
    setTimeout(() => process.kill(runner.pid!, 'SIGKILL'), 200);
    await expect(waiting).rejects.toThrow(/SIGKILL while this login waited/);
    expect(await runner.login()).toAllow();
});
