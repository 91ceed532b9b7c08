import 'vitest';
import type { OutcomeMatchers } from './matchers.js';

declare module 'vitest' {
    interface Assertion<T = any> extends OutcomeMatchers<void> {}
    interface AsymmetricMatchersContaining extends OutcomeMatchers<any> {}
}
