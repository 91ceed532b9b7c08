// Compiled only: what the types accept and what they refuse.

import { createRunner, serve, spies, type LoginRequest, type Outcome } from 'postlogin';
import { expect } from 'postlogin/node';

const runner = createRunner({ actions: ['a.js', new URL('file:///b.js')], secrets: { KEY: 1 }, modules: { auth0: './fake.js', other: { json: 1 } } });

export async function typed(): Promise<Outcome> {
    const outcome = await runner.login({
        with: { user: { email_verified: true, user_metadata: { hobby: null } } },
        continue: { query: { a: 1 } },
        challenge: 'succeed',
        now: new Date(),
        seed: 1,
        http: [{ request: { url: '*' }, response: { status: 200 } }, (request) => (request.url === '' ? undefined : { json: request.body })],
    });
    const status: 'allowed' | 'denied' | 'redirected' | 'prompted' | 'challenged' | 'failed' = outcome.status;
    const line: number | undefined = outcome.ledger[0]?.location?.line;
    const sent: string = outcome.requests[0].headers.authorization;
    expect(outcome).toDropClaim('roles', 'restricted-name');
    expect(outcome).not.toSetMetadata('user_metadata.a', status);
    const { idToken } = spies(outcome, () => (...args: unknown[]) => [line, sent, ...args]);
    idToken.setCustomClaim();
    await using tenant = await serve({ users: [{ email: 'a@example.com' }] });
    await tenant.control('POST', 'reset');
    return outcome;
}

// @ts-expect-error an unknown key
export const unknown: LoginRequest = { wiht: {} };
// @ts-expect-error not a rule
export const rule = (outcome: Outcome) => expect(outcome).toDropClaim('roles', 'no-rule');
// @ts-expect-error neither kind of metadata
export const path = (outcome: Outcome) => expect(outcome).toSetMetadata('metadata.a');
// @ts-expect-error what the user cannot do
export const challenge: LoginRequest = { challenge: 'pass' };
