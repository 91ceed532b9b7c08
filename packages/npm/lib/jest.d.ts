import type { OutcomeMatchers } from './matchers.js';

declare global {
    namespace jest {
        interface Matchers<R, T = {}> extends OutcomeMatchers<R> {}
    }
}

declare module '@jest/expect' {
    interface Matchers<R extends void | Promise<void>, T = unknown> extends OutcomeMatchers<R> {}
}
