'use strict';

// The matchers as assertions, for node:test and anything else: `expect(outcome).toAllow()`.

const { AssertionError } = require('node:assert');
const { check, matchers } = require('./matchers.js');

function assertions(outcome, isNot) {
    return Object.fromEntries(
        Object.keys(matchers).map((name) => {
            const assertion = (...args) => {
                const { pass, message } = check(name, outcome, args);
                // The stack begins at the test's own line.
                if (pass === isNot) throw new AssertionError({ message: message(), operator: name, stackStartFn: assertion });
            };
            return [name, assertion];
        })
    );
}

function expect(outcome) {
    return { ...assertions(outcome, false), not: assertions(outcome, true) };
}

module.exports = { expect };
