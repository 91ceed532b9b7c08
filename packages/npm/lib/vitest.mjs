// Adds the matchers to Vitest's `expect`: `setupFiles: ['postlogin/vitest']`.

import { expect } from 'vitest';
import { matchers } from './matchers.js';

expect.extend(matchers);
