'use strict';

// What a test can expect of an outcome. Each check returns { pass, message }, the form of Jest and Vitest; `node.js` makes assertions
// of them. A failure shows the line of the ledger with the place in the Action's source.

const { isDeepStrictEqual } = require('node:util');
const { untagged } = require('./values.js');

const TOKENS = { id_token: 'ID token', access_token: 'access token' };
const RULES = ['restricted-name', 'auth0-namespace', 'scope-filter', 'auth0-api-audience', 'opaque-token', 'size-limit'];

/** So many entries of a list are shown in a message. */
const MOST_SHOWN = 20;

function checkOutcome(outcome, name) {
    if (outcome?.format?.startsWith?.('postlogin.outcome/') !== true) {
        throw new TypeError(`${name} needs an outcome of \`await runner.login(…)\`${typeof outcome?.then === 'function' ? '; this is a promise: await it' : ''}`);
    }
    return outcome;
}

const shown = (value) => {
    const text = JSON.stringify(value);
    if (text === undefined) return String(value);
    return text.length > 300 ? `${text.slice(0, 300)}…` : text;
};
const place = (location) => (location ? `${location.file}:${location.line}:${location.column}` : '');

/** Where a call is in the Action's source; the Action, where no place is known. */
const whence = ({ action, location }) => (location ? `at ${place(location)}` : `by ${action}`);

/** `✗ ID token roles = ["admin"]  dropped: restricted-name  at actions/a/code.js:4:9  ← event.user.app_metadata.roles` */
function ledgerLine({ token, name, value, verdict, rule, action, location, sources }) {
    const why = rule ? `${verdict}: ${rule}` : verdict;
    const where = whence({ action, location });
    const from = sources.length > 0 ? `  ← ${sources.join(', ')}` : '';
    return `  ${verdict === 'kept' ? '✓' : '✗'} ${TOKENS[token]} ${name} = ${shown(value)}  ${why}  ${where}${from}`;
}

function list(lines, none) {
    if (lines.length === 0) return none;
    const more = lines.length > MOST_SHOWN ? [`  … and ${lines.length - MOST_SHOWN} more`] : [];
    return [...lines.slice(0, MOST_SHOWN), ...more].join('\n');
}

const ledger = (outcome) => list(outcome.ledger.map(ledgerLine), '  no Action set a claim');

/** How the login ended, with the place of the error or of the call that ended it, and the requests that nothing answered. */
function ending(outcome) {
    const { status, reason, error, redirect } = outcome;
    if (error) return `the login failed: ${error.name}: ${error.message}${error.location ? `\n    at ${place(error.location)}` : ''}${refused(outcome)}`;
    const ended = outcome.commands.findLast(({ method }) => ENDS[status]?.test(method));
    const where = ended ? `\n    ${ended.method} ${whence(ended)}` : '';
    if (redirect) return `the login was ${status}: ${redirect.url}${where}`;
    return `the login was ${status}${reason ? `: ${reason}` : ''}${where}`;
}

/** The calls that end a login so. */
const ENDS = {
    denied: /^(access|validation)\./,
    redirected: /^redirect\.sendUserTo$/,
    prompted: /^prompt\.render$/,
    challenged: /^(authentication\.(challenge|enroll)|multifactor\.enable)/,
};

/** Requests to which no mock fits, each with the reason and the mock that would answer it. */
function refused(outcome) {
    const lines = outcome.requests.filter(({ response }) => response.refused !== undefined).map(({ response }) => `  ${response.refused.trimEnd().replaceAll('\n', '\n  ')}`);
    return lines.length > 0 ? `\n${list([...new Set(lines)], '')}` : '';
}

/** What came back for a request. */
function came({ status, error, refused }) {
    if (refused !== undefined) return 'refused: no mock fits';
    return error === undefined ? `${status}` : error;
}

/** An argument of a matcher that makes no sense is an error, above all under `not`, where it would pass. */
function usage(is, message) {
    if (!is) throw new TypeError(message);
}

function checkName(name, matcher) {
    usage(typeof name === 'string' && name !== '', `${matcher} needs the name of a claim, not ${shown(name)}`);
}

function checkToken(token, matcher) {
    usage(token === undefined || Object.hasOwn(TOKENS, token), `${matcher}: the option token is 'id_token' or 'access_token', not ${shown(token)}`);
}

/** Whether a value is the expected one; a regular expression fits strings. */
const valueFits = (actual, expected, equals) => (expected instanceof RegExp ? fits(actual, expected, equals) : equals(actual, expected));

/** Whether a text is the expected one, matches the expression, or is accepted by the asymmetric matcher of a test runner. */
function fits(actual, expected, equals) {
    if (expected instanceof RegExp) return typeof actual === 'string' && expected.test(actual);
    return equals(actual, expected);
}

const optional = (value, what) => (value === undefined ? '' : ` ${what} ${value instanceof RegExp ? value : shown(value)}`);

/** @type {Record<string, (outcome: any, args: any[], equals: (a: unknown, b: unknown) => boolean) => { pass: boolean, expected: string, actual: string }>} */
const checks = {
    toAllow: (outcome) => ({ pass: outcome.status === 'allowed', expected: 'the login to be allowed', actual: ending(outcome) }),

    toDeny: (outcome, [reason], equals) => ({
        pass: outcome.status === 'denied' && (reason === undefined || fits(outcome.reason, reason, equals)),
        expected: `the login to be denied${optional(reason, 'with')}`,
        actual: ending(outcome),
    }),

    toFail: (outcome, [message], equals) => ({
        pass: outcome.status === 'failed' && (message === undefined || fits(outcome.error?.message, message, equals)),
        expected: `the login to fail${optional(message, 'with')}`,
        actual: ending(outcome),
    }),

    toRedirectTo: (outcome, [url], equals) => ({
        pass: outcome.status === 'redirected' && (url === undefined || fits(outcome.redirect?.url, url, equals) || isPage(outcome.redirect?.url, url)),
        expected: `the login to be redirected${optional(url, 'to')}`,
        actual: ending(outcome),
    }),

    toChallenge: (outcome) => ({ pass: outcome.status === 'challenged', expected: 'the login to stop at a challenge', actual: ending(outcome) }),

    toKeepClaim: (outcome, args, equals) => {
        const [name, value, { token } = {}] = args;
        checkName(name, 'toKeepClaim');
        checkToken(token, 'toKeepClaim');
        const is = (entry) => entry.verdict === 'kept' && of(entry, name, token) && (args.length < 2 || value === undefined || valueFits(entry.value, value, equals));
        return {
            pass: outcome.ledger.some(is),
            expected: `the claim ${name}${optional(value, '=')} to be kept${token ? ` in the ${TOKENS[token]}` : ''}`,
            actual: claim(outcome, name, token),
        };
    },

    toDropClaim: (outcome, [name, rule, { token } = {}], equals) => {
        checkName(name, 'toDropClaim');
        checkToken(token, 'toDropClaim');
        usage(typeof rule !== 'string' || RULES.includes(rule), `toDropClaim: there is no rule ${shown(rule)}; the rules are ${RULES.join(', ')}`);
        return {
            pass: outcome.ledger.some((entry) => entry.verdict === 'dropped' && of(entry, name, token) && (rule === undefined || equals(entry.rule, rule))),
            expected: `the claim ${name} to be dropped${optional(rule, 'by the rule')}${token ? ` in the ${TOKENS[token]}` : ''}`,
            actual: claim(outcome, name, token),
        };
    },

    toSetMetadata: (outcome, args, equals) => {
        const [at, value] = args;
        usage(/^(user|app)_metadata\.[^]/.test(at), `toSetMetadata needs a path such as user_metadata.hobby or app_metadata.roles, not ${shown(at)}`);
        const writes = outcome.commands.flatMap(metadataWrite);
        const line = ([path, written, command]) => `  ${path} = ${shown(written)}  ${whence(command)}`;
        const is = ([path, written]) => {
            // A path below a key that was written: user_metadata.address.city.
            const rest = path === at ? [] : at.startsWith(`${path}.`) ? at.slice(path.length + 1).split('.') : null;
            if (rest === null) return false;
            const found = rest.reduce((object, key) => object?.[key], written);
            return args.length < 2 ? found !== undefined : valueFits(found, value, equals);
        };
        // Of several writes of one key, the last is stored.
        const last = writes.filter(([path], index) => writes.findLastIndex(([other]) => other === path) === index);
        return {
            pass: last.some(is),
            expected: `${at}${args.length < 2 ? '' : ` = ${value instanceof RegExp ? value : shown(value)}`} to be set`,
            actual: `metadata that was set:\n${list(last.map(line), '  none')}${outcome.status === 'allowed' ? '' : `\n${ending(outcome)}`}`,
        };
    },

    toCall: (outcome, [method, ...args], equals) => {
        usage(/^[a-zA-Z]+(\.[a-zA-Z]+)+$/.test(method), `toCall needs a method of api such as access.deny, not ${shown(method)}`);
        const line = (command) => `  ${command.method}(${command.args.map(shown).join(', ')})  ${whence(command)}`;
        const is = (command) => command.method === method && (args.length === 0 || equals(command.args.map(untagged), args));
        return {
            pass: outcome.commands.some(is),
            expected: `api.${method}${args.length > 0 ? `(${args.map(shown).join(', ')})` : ''} to be called`,
            actual: `calls:\n${list(outcome.commands.map(line), '  none')}`,
        };
    },

    toRequest: (outcome, [method, url, body], equals) => {
        usage(typeof method === 'string' || typeof method?.asymmetricMatch === 'function', `toRequest needs a method such as GET, not ${shown(method)}`);
        const line = (request) => `  ${request.method} ${request.url}${request.body === null ? '' : ` ${shown(request.body)}`}  → ${came(request.response)}`;
        const is = (request) =>
            equals(request.method, typeof method === 'string' ? method.toUpperCase() : method) && (url === undefined || fits(request.url, url, equals)) && (body === undefined || equals(request.body, body));
        return {
            pass: outcome.requests.some(is),
            expected: `the request ${method}${url === undefined ? '' : ` ${url}`}${optional(body, 'with')}`,
            actual: `requests:\n${list(outcome.requests.map(line), '  none')}`,
        };
    },

    toLog: (outcome, [message], equals) => {
        usage(message !== undefined && message !== '', 'toLog needs a text or a regular expression');
        const is = (log) => fits(log.message, message, equals) || (typeof message === 'string' && log.message.includes(message));
        return {
            pass: outcome.logs.some(is),
            expected: `the line ${message instanceof RegExp ? message : shown(message)} to be printed`,
            actual: `printed lines:\n${list(outcome.logs.map((log) => `  ${log.level} ${log.message}`), '  none')}`,
        };
    },
};

const of = (entry, name, token) => entry.name === name && (token === undefined || entry.token === token);

/** What became of one claim; without an entry, all claims that were set. */
function claim(outcome, name, token) {
    const own = outcome.ledger.filter((entry) => of(entry, name, token));
    const end = outcome.status === 'allowed' ? '' : `\n${ending(outcome)}`;
    if (own.length > 0) return `${own.map(ledgerLine).join('\n')}${end}`;
    return `no Action set this claim${token ? ` on the ${TOKENS[token]}` : ''}; claims that were set:\n${ledger(outcome)}${end}`;
}

/** Whether a URL is the page `expected`, whatever its query is. */
function isPage(actual, expected) {
    if (typeof expected !== 'string' || typeof actual !== 'string' || expected.includes('?')) return false;
    return actual.split(/[?#]/, 1)[0] === expected;
}

/** A call that writes metadata, as [path, value, the call]. */
function metadataWrite(command) {
    const { method, args } = command;
    const name = { 'user.setUserMetadata': 'user_metadata', 'user.setAppMetadata': 'app_metadata' }[method];
    return name === undefined ? [] : [[`${name}.${args[0]}`, untagged(args[1]), command]];
}

/** Runs a check by its name. */
function check(name, outcome, args, equals = isDeepStrictEqual) {
    const { pass, expected, actual } = checks[name](checkOutcome(outcome, name), args, equals);
    return { pass, message: () => `expected ${pass ? `not: ${expected}` : expected}\n${actual}` };
}

/** The matchers for `expect.extend` of Jest and Vitest. */
const matchers = Object.fromEntries(
    Object.keys(checks).map((name) => [
        name,
        function (outcome, ...args) {
            // `expect.any(String)` and its like are known to the runner's own comparison alone.
            return check(name, outcome, args, this?.equals ? (a, b) => this.equals(a, b) : undefined);
        },
    ])
);

module.exports = { check, matchers };
