import type { LedgerEntry } from './schema.js';

type Token = 'id_token' | 'access_token';
type Text = string | RegExp;

/** What a test can expect of an outcome. */
export interface OutcomeMatchers<R = void> {
    /** Tokens are issued. */
    toAllow(): R;
    /** An Action denied the login. */
    toDeny(reason?: Text): R;
    /** An Action threw, or ran out of time or memory. */
    toFail(message?: Text): R;
    /** The login waits for a redirect; a URL without a query is that page with any query. */
    toRedirectTo(url?: Text): R;
    /** The login stopped at an MFA challenge or enrolment. */
    toChallenge(): R;
    /** A custom claim is in a token. */
    toKeepClaim(name: string, value?: unknown, where?: { token?: Token }): R;
    /** A custom claim was set and dropped. */
    toDropClaim(name: string, rule?: NonNullable<LedgerEntry['rule']>, where?: { token?: Token }): R;
    /** Metadata was set: `user_metadata.hobby`, `app_metadata.roles`. */
    toSetMetadata(path: `user_metadata.${string}` | `app_metadata.${string}`, value?: unknown): R;
    /** A method of `api` was called; without arguments, with any. */
    toCall(method: string, ...args: unknown[]): R;
    /** A request was made. */
    toRequest(method: string, url?: Text, body?: unknown): R;
    /** A line was printed that matches, or contains the text. */
    toLog(message: Text): R;
}

/** For `expect.extend`. */
export const matchers: Record<keyof OutcomeMatchers, (this: unknown, outcome: any, ...args: any[]) => { pass: boolean; message(): string }>;

/** One check by its name. */
export function check(name: keyof OutcomeMatchers, outcome: any, args: unknown[], equals?: (a: unknown, b: unknown) => boolean): { pass: boolean; message(): string };
