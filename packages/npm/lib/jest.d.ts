import type { OutcomeMatchers } from './matchers.js';

declare global {
    namespace jest {
        interface Matchers<R, T = {}> extends OutcomeMatchers<R> {}
    }
}
