// Adds the matchers to Vitest's `expect`: `setupFiles: ['postlogin/vitest']`.

import { beforeAll, expect } from 'vitest';
import { LONGEST_PREPARATION_MS, prepareAll } from './child.js';
import { matchers } from './matchers.js';

expect.extend(matchers);
beforeAll(prepareAll, LONGEST_PREPARATION_MS);
