'use strict';

// A tenant for each worker of Playwright: `import { test, expect } from 'postlogin/playwright'`.

const { expect, test: base } = require('@playwright/test');
const { serve } = require('./serve.js');

const test = base.extend({
    tenantOptions: [{}, { option: true, scope: 'worker' }],
    workerTenant: [
        async ({ tenantOptions }, use) => {
            const tenant = await serve(tenantOptions);
            await use(tenant);
            await tenant.close();
        },
        { scope: 'worker' },
    ],
    // Each test begins with the users as they were given.
    tenant: async ({ workerTenant }, use) => {
        await workerTenant.reset();
        await use(workerTenant);
    },
});

module.exports = { expect, test };
