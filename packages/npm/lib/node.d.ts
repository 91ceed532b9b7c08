import type { Outcome } from './index.js';
import type { OutcomeMatchers } from './matchers.js';

/** The matchers as assertions: `expect(outcome).toAllow()` throws an AssertionError when it does not hold. */
export function expect(outcome: Outcome): OutcomeMatchers<void> & { not: OutcomeMatchers<void> };
