import type { TestType, PlaywrightTestArgs, PlaywrightTestOptions, PlaywrightWorkerArgs, PlaywrightWorkerOptions } from '@playwright/test';
import type { ServeOptions, Tenant } from './index.js';

export { expect } from '@playwright/test';

/** `test` with `tenant`: one for each worker, back to its beginning before each test. `test.use({ tenantOptions: { users } })`. */
export const test: TestType<PlaywrightTestArgs & PlaywrightTestOptions & { tenant: Tenant }, PlaywrightWorkerArgs & PlaywrightWorkerOptions & { tenantOptions: ServeOptions; workerTenant: Tenant }>;
