'use strict';

// Adds the matchers to Jest's `expect`: `setupFilesAfterEnv: ['postlogin/jest']`.

const { LONGEST_PREPARATION_MS, prepareAll } = require('./child.js');
const { matchers } = require('./matchers.js');

// Jest gives its functions to every test file; with `injectGlobals: false` they are in `@jest/globals`.
const { beforeAll, expect } = globalThis.expect ? globalThis : require('@jest/globals');
expect.extend(matchers);
beforeAll(() => prepareAll(), LONGEST_PREPARATION_MS);
