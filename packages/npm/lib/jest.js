'use strict';

// Adds the matchers to Jest's `expect`: `setupFilesAfterEnv: ['postlogin/jest']`.

const { matchers } = require('./matchers.js');

// Jest gives `expect` to every test file; with `injectGlobals: false` it is in `@jest/globals`.
const target = globalThis.expect ?? require('@jest/globals').expect;
target.extend(matchers);
