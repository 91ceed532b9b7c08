// The fixture under Playwright; no browser is needed for it.

import { expect, test } from 'postlogin/playwright';

test.use({ tenantOptions: { users: [{ email: 'jane@example.com', password: 'Jane-secret-1' }] } });

for (const number of [1, 2]) {
    test(`each test begins anew ${number}`, async ({ tenant, request }) => {
        expect(await tenant.log()).toEqual([]);
        const [{ client_id }] = await tenant.clients();
        const form = { grant_type: 'password', username: 'jane@example.com', password: 'Jane-secret-1', client_id, scope: 'openid' };
        const answer = await request.post(`${tenant.url}/oauth/token`, { form });
        expect(answer.ok()).toBe(true);
        expect((await tenant.log()).length).toBeGreaterThan(0);
    });
}
