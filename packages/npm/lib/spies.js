'use strict';

// The `api` calls of a login for suites that look at spies.

const { readFileSync } = require('node:fs');
const path = require('node:path');
const { createRunner } = require('./runner.js');
const { untagged } = require('./values.js');

/** The handlers that a login starts with, and their triggers. */
const HANDLERS = {
    onExecutePostLogin: 'post-login',
    onExecuteCredentialsExchange: 'credentials-exchange',
    onExecutePreUserRegistration: 'pre-user-registration',
    onExecutePostUserRegistration: 'post-user-registration',
    onExecutePostChangePassword: 'post-change-password',
    onExecuteSendPhoneMessage: 'send-phone-message',
    onExecutePostChallenge: 'password-reset-post-challenge',
    onExecuteCustomTokenExchange: 'custom-token-exchange',
    onExecuteCustomEmailProvider: 'custom-email-provider',
    onExecuteCustomPhoneProvider: 'custom-phone-provider',
    onExecuteEventStream: 'event-stream',
};

/**
 * Calls the methods of an object as the Action called those of `api`, in its order: spies that a suite has made see what they would have
 * seen. A method that the object does not have is left out, and its name is in the list that comes back.
 */
function replay(outcome, api) {
    const missing = [];
    for (const { method, args } of outcome.commands) {
        const keys = method.split('.');
        const name = keys.pop();
        const owner = keys.reduce((object, key) => object?.[key], api);
        if (typeof owner?.[name] === 'function') owner[name](...args.map(untagged));
        else missing.push(method);
    }
    return missing;
}

/**
 * An `api` object of spies that were called as the Action called it: `spies(outcome, vi.fn).idToken.setCustomClaim`. Methods that were not
 * called are spies, too, wherever the Action's trigger has them by that name.
 *
 * @param create makes a spy: `vi.fn`, `jest.fn`, `() => mock.fn()` of node:test
 */
function spies(outcome, create) {
    const namespace = (known) =>
        new Proxy(known, {
            get(target, key) {
                if (typeof key === 'symbol' || key === 'then' || key === 'toJSON' || key === 'asymmetricMatch') return target[key];
                target[key] ??= known === api ? namespace({}) : create();
                return target[key];
            },
        });
    const api = {};
    const shown = namespace(api);
    for (const { method, args } of outcome.commands) {
        const keys = method.split('.');
        const name = keys.pop();
        keys.reduce((object, key) => object[key], shown)[name](...args.map(untagged));
    }
    return shown;
}

/**
 * An Action's handlers for a suite that calls them with an event and an `api` of spies. They run in the sandbox; the calls reach the spies
 * when the handler is over. What the Action throws is thrown.
 */
function loadAction(file, options = {}) {
    const { run } = loaded(file, options);
    const handler = (steps) => async (event, api) => {
        const { secrets, ...rest } = event ?? {};
        const outcome = await run({ ...steps, event: rest, ...(secrets ? { secrets } : {}) });
        replay(outcome, api ?? {});
        if (outcome.error) throw thrown(outcome.error);
        return outcome;
    };
    return Object.fromEntries(Object.entries(HANDLERS).map(([name, trigger]) => [name, handler({ trigger })]));
}

/**
 * A Rule for a suite that calls it with `user`, `context` and a callback. It runs in the sandbox; when it is over, `user` and `context` are
 * what it made of them, and the callback is called as it called it. What the Rule throws is thrown.
 */
function loadRule(file, { configuration, ...options } = {}) {
    const { run } = loaded(file, options);
    return async (user, context, callback) => {
        const outcome = await run({ event: { user, context: context ?? {} }, ...(configuration ? { secrets: configuration } : {}) });
        if (outcome.error) throw thrown(outcome.error);
        if (outcome.status === 'denied') {
            const isUnauthorized = outcome.notices.some(({ code }) => code === 'rule-unauthorized');
            callback?.(thrown({ name: isUnauthorized ? 'UnauthorizedError' : 'Error', message: outcome.reason }));
            return outcome;
        }
        for (const [given, left] of [[user, outcome.rules?.user], [context, outcome.rules?.context]]) {
            if (typeof given === 'object' && given !== null && left) become(given, left);
        }
        callback?.(null, user, context);
        return outcome;
    };
}

/** Gives an object the members of another one. */
function become(object, other) {
    for (const key of Object.keys(object)) if (!Object.hasOwn(other, key)) delete object[key];
    Object.assign(object, other);
}

function loaded(file, options) {
    const runner = options.runner ?? createRunner(options);
    const actions = file instanceof URL ? file : path.resolve(options.cwd ?? process.cwd(), file);
    // A mistake in the path is told where the file is named.
    readFileSync(actions);
    return { run: (request) => runner.login({ ...request, actions }) };
}

function thrown({ name, message, stack }) {
    const types = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
    const error = new (types[name] ?? Error)(message);
    error.name = name;
    if (stack) error.stack = stack;
    return error;
}

module.exports = { loadAction, loadRule, replay, spies };
