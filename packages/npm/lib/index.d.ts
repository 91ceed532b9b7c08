import type { Case, ContinueRequest, Expect, Location, Outcome as PlainOutcome, PostLoginEvent } from './schema.js';

export type { ActionError, ActionUsage, Case, CaseFile, Command, ContinueRequest, Expect, LedgerEntry, Location, Log, Notice, PostLoginEvent, Redirect } from './schema.js';

/** A request that an Action made, and what came back. A body is the value of its JSON, else a string, else `{ base64 }`. */
export interface RequestRecord {
    /** The Action */
    action: string;
    method: string;
    url: string;
    headers: Record<string, string>;
    body: unknown;
    /** `refused` says why no mock fits, `error` is Node's code of a network that fails. */
    response: { status: number; headers: Record<string, string>; body: unknown; error?: undefined; refused?: undefined } | { error: string; status?: undefined; refused?: undefined } | { refused: string; status?: undefined; error?: undefined };
    /** The place of the call */
    location: Location | null;
}

/** What became of a login. */
export interface Outcome extends PlainOutcome {
    /** The requests of the Actions, in their order. */
    requests: RequestRecord[];
}

type DeepPartial<T> = T extends (infer Item)[] ? Item[] : T extends object ? { [Key in keyof T]?: DeepPartial<T[Key]> | null } : T;

/** What a mocked service answers: one of `json`, `text`, `bytes` (base64), `body` and `error`. */
export interface HttpAnswer {
    /** Default: 200 */
    status?: number;
    headers?: Record<string, string | string[]> | Headers;
    json?: unknown;
    text?: string;
    /** base64 */
    bytes?: string;
    body?: string | Uint8Array | object;
    /** Virtual time until the answer is there: `250ms` */
    delay?: string;
    /** The network fails: `ECONNRESET`, `ENOTFOUND`, `ETIMEDOUT`, … */
    error?: string;
}

/** An exchange of a case file. Every text may hold `*` for any text. */
export interface HttpMock {
    request: { method?: string; url: string; query?: Record<string, unknown>; headers?: Record<string, unknown>; json?: unknown; form?: Record<string, unknown>; text?: string };
    response: Omit<HttpAnswer, 'headers' | 'body'> & { headers?: Record<string, string | string[]> };
    times?: number;
}

/** Answers the requests that no mock answers. Without an answer, the request is refused. */
export type HttpFunction = (request: Pick<RequestRecord, 'method' | 'url' | 'headers' | 'body'>) => HttpAnswer | Response | undefined | null | void | Promise<HttpAnswer | Response | undefined | null | void>;

/** A module in place of another: a file, code of a CommonJS module, or a value. */
export type ModuleMock = string | URL | { code: string } | { json: unknown };

/** One login. What is not given comes from the runner, else from the project. */
export interface LoginRequest extends Omit<Case, 'actions' | 'description' | 'event' | 'user' | 'client' | 'with' | 'secrets' | 'secrets_file' | 'token_response' | 'modules' | 'now' | 'http' | 'matrix' | 'each' | 'snapshot' | 'skip' | 'todo' | 'only'> {
    /** Actions, in order: paths relative to `cwd`, file: URLs, names of the project. Default: the project's binding */
    actions?: string | URL | (string | URL)[];
    /** The event, or its file. Default: the built-in sample */
    event?: string | URL | DeepPartial<PostLoginEvent> | Record<string, unknown>;
    /** Replaces event.user */
    user?: string | URL | Record<string, unknown>;
    /** Replaces event.client */
    client?: string | URL | Record<string, unknown>;
    /** A JSON Merge Patch (RFC 7396) over the event */
    with?: DeepPartial<PostLoginEvent> | Record<string, unknown>;
    /** Secrets of the Actions */
    secrets?: Record<string, string | number | boolean>;
    /** A dotenv file with secrets */
    secretsFile?: string | URL;
    /** What the token endpoint of the connection answered */
    tokenResponse?: Record<string, unknown>;
    /** Modules that take the place of those that Actions, and their packages, require */
    modules?: Record<string, ModuleMock>;
    /** When the login starts: a Date, milliseconds since 1970, RFC 3339. Default: a fixed time */
    now?: Date | number | string;
    /** What the network answers: mocks, the path of a file of them, functions */
    http?: string | HttpFunction | HttpMock | (HttpMock | HttpFunction)[];
    /** The /continue request after a redirect or a form, or a list of them */
    continue?: ContinueRequest | ContinueRequest[];
    /** When given and not met, `login` throws an ExpectationError */
    expect?: Expect;
    /** Whether values of secrets appear in the outcome. Default: true; they are the test's own */
    revealSecrets?: boolean;
}

export interface RunnerOptions extends LoginRequest {
    /** The folder in which paths and the project are looked for. Default: the working folder */
    cwd?: string | URL;
    /** The environment of the process */
    env?: NodeJS.ProcessEnv;
    /** After this time a login is given up, and its process ended. Default: 120000 */
    timeoutMs?: number;
}

export interface Runner extends AsyncDisposable {
    /** Runs one login. Throws a PostloginError for a request that is wrong; an Action that throws is an outcome. */
    login(request?: LoginRequest): Promise<Outcome>;
    /** Gets the process ready for logins, which takes seconds on a machine that never ran one. `postlogin/vitest` and `postlogin/jest` do it before the tests. */
    prepare(): Promise<void>;
    /** Ends the process. Without it, the process ends with Node. */
    close(): Promise<void>;
    /** The id of the process that answers, while there is one. */
    readonly pid: number | undefined;
}

/** Creates a runner; its options are the defaults of its logins. */
export function createRunner(options?: RunnerOptions): Runner;

/** The request was wrong: an unknown key, an Action that is not there or does not compile. */
export class PostloginError extends Error {
    readonly problems: { message: string; hint?: string | null }[];
}

/** What `expect` of a request wanted is not what happened. */
export class ExpectationError extends Error {
    readonly failures: Record<string, unknown>[];
    readonly outcome: Outcome;
}

/** The process died, or could not be started, while a login waited for it. */
export class PostloginProcessError extends Error {
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
}

/** There is no program for this platform, or it cannot be started. */
export class BinaryError extends Error {
    readonly hint?: string;
}

/** The path of the program: POSTLOGIN_BINARY, else that of the platform's package. Throws a BinaryError. */
export function binary(): string;

export interface ServeOptions {
    /** The working folder. Default: this process's */
    cwd?: string | URL;
    env?: NodeJS.ProcessEnv;
    /** The project's folder. Default: `cwd` */
    project?: string | URL;
    /** Users in Auth0's import or export format, or files of them */
    users?: Record<string, unknown>[] | string | URL | (string | URL)[];
    /** Default: any free port */
    port?: number;
    host?: string;
    issuer?: string;
    /** URLs that every application may be called back at */
    callbacks?: string | string[];
    secrets?: Record<string, string | number | boolean>;
    secretsFile?: string | URL;
    /** Mocks, or a file of them */
    http?: HttpMock[] | string | URL;
    /** Keep users, sessions and tokens in the project's .postlogin. Default: false */
    keep?: boolean;
    timeout?: string;
    memory?: string;
    /** How long the start may take. Default: 60000 */
    startMs?: number;
}

/** A local tenant. */
export interface Tenant extends AsyncDisposable {
    /** `http://127.0.0.1:PORT/`, with the slash that tokens have */
    readonly issuer: string;
    /** The same without the slash */
    readonly url: string;
    /** `127.0.0.1:PORT` */
    readonly domain: string;
    readonly port: number;
    readonly pid: number | undefined;
    /** What the server printed, the last 1,000 lines */
    readonly lines: string[];
    /** The token of the control API */
    readonly controlToken: string;
    /** Asks the control API: `tenant.control('POST', 'clock', { advance_s: 3600 })` */
    control(method: string, route: string, body?: unknown): Promise<any>;
    /** The applications, with their secrets */
    clients(): Promise<{ name: string; client_id: string; client_secret?: string; callbacks?: string[]; [key: string]: unknown }[]>;
    /** The e-mails that were sent */
    emails(): Promise<Record<string, unknown>[]>;
    /** What happened: each login with its outcome */
    log(): Promise<Record<string, unknown>[]>;
    /** Back to the beginning: no sessions, tokens, changes, e-mails */
    reset(): Promise<void>;
    close(): Promise<void>;
}

/** Starts a local tenant; the promise is there when it answers. */
export function serve(options?: ServeOptions): Promise<Tenant>;

/** Calls the methods of an object as the Action called those of `api`; returns the names of methods that the object does not have. */
export function replay(outcome: Outcome, api: object): string[];

/** An `api` object of spies that were called as the Action called it: `spies(outcome, vi.fn).idToken.setCustomClaim`. */
export function spies<Spy>(outcome: Outcome, create: () => Spy): Record<string, Record<string, Spy>>;

type HandlerName = `onExecute${'PostLogin' | 'CredentialsExchange' | 'PreUserRegistration' | 'PostUserRegistration' | 'PostChangePassword' | 'SendPhoneMessage' | 'PostChallenge' | 'CustomTokenExchange' | 'CustomEmailProvider' | 'CustomPhoneProvider' | 'EventStream'}`;

/** The handlers of an Action that a login starts with. */
export type LoadedAction = Record<HandlerName, (event: object, api?: object) => Promise<Outcome>>;

export type LoadedRule = (user: object, context?: object, callback?: (error: Error | null, user?: object, context?: object) => void) => Promise<Outcome>;

/**
 * A Rule for a suite that calls it with a user, a context and a callback. Afterwards both objects are what the Rule made of them. What it
 * throws is thrown. `configuration` has its settings.
 */
export function loadRule(file: string | URL, options?: RunnerOptions & { runner?: Runner; configuration?: Record<string, string> }): LoadedRule;

/** An Action's handlers for a suite that calls them with an event and an `api` of spies. What the Action throws is thrown. */
export function loadAction(file: string | URL, options?: RunnerOptions & { runner?: Runner }): LoadedAction;
