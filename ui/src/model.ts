// The data of the page, as `crates/page/src/model.rs` and the formats `postlogin.explanation/1` and `postlogin.outcome/1` have it.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Dict = { [key: string]: Json };

export interface Place { file: string; line: number; column: number }
export type Token = 'id_token' | 'access_token';
export interface Remedy { kind: string; scope?: string; limit?: number }
export interface Origin { path: string; certainty: 'read' | 'computed' | 'same-value'; location: Place | null }

export interface Claim {
  token: Token; name: string; value: Json; verdict: 'kept' | 'dropped' | 'overwritten'; rule: string | null; page: string | null;
  action: string; location: Place | null; overwritten_by: { action: string; location: Place | null } | null;
  origins: Origin[]; remedies: Remedy[];
}

export interface Presence { state: string; no_value?: string; no_token?: string; rule: string | null; page: string | null; remedies: Remedy[] }
export interface Condition { text: string; must_be: boolean; met?: string; list?: string; location: Place; reads: { path: string; present: boolean; value: Json }[] }
export type End = { kind: 'caught'; thrown: Place; caught: Place } | { kind: 'returned' | 'left' | 'thrown'; location: Place };
export interface Route { calls: { function: string; location: Place }[]; certain: boolean; conditions: Condition[]; end?: End }
export interface Site {
  action: string; method: string; location: Place; certain: boolean; reached: string; no_value?: string; other_names?: string[]; conditions: Condition[]; routes?: Route[]; end?: End;
}
export interface Expected { name: string; id_token: Presence; access_token: Presence; similar: string | null; sites: Site[]; not_loaded?: { action: string; error: string }[] }

export interface Outcome {
  trigger: string; status: string; reason: string | null;
  id_token: { claims: Dict; jwt?: string };
  access_token: { claims: Dict; opaque: boolean; jwt?: string; scopes?: string[]; expires_in?: number | null };
  userinfo: Dict;
  user: { user_metadata: Dict; app_metadata: Dict };
  ledger: { token: Token; name: string; value: Json; verdict: string }[];
  unset_claims?: { token: Token; name: string; value: string; action: string; location: Place | null }[];
  commands: { action: string; method: string; args: Json[] }[];
  logs: { action: string; level: string; message: string }[];
  notices: { code: string; message: string; source: string | null }[];
  error: { action: string; name: string; message: string; stack: string; location: Place | null } | null;
  redirect: { url: string } | null;
  usage: { actions: { action: string; wall_us: number; memory_bytes: number; virtual_ms: number }[] };
}

export interface Read { action: string; run: number; path: string; present: boolean; value: Json; location: Place | null }
export type WaitsFor = { kind: 'redirect'; url: string } | { kind: 'form'; id: string } | { kind: 'challenge' | 'enroll'; factors: string[] };
/** A wait for the user, and how many handlers, calls and prints came before it. */
export interface Wait { handlers: number; commands: number; logs: number; waits_for: WaitsFor; answer: 'continued' | 'passed' | 'failed' | null }

export interface Explanation {
  outcome: Outcome;
  request: { protocol: string; scopes: string[]; audience: string | null; opaque: boolean };
  claims: Claim[]; expected: Expected[]; reads: Read[];
  limits: { subject: string; value: number; limit: number; unit: string; reach: string }[];
  /** The waits for the user, in order; absent when there are none. */
  waits?: Wait[];
}

export interface LineCount { file: string; lines: [number, number][]; functions?: [number, number][] }

/** A request of an Action; see `RequestEntry` of the model in Rust. */
export interface HttpRequest {
  action: string; method: string; url: string; headers: [string, string][]; body: string;
  /** `mock 1`, `recording 2`, `network`, or `nothing` for one that was refused. */
  answered_by: string; status: number | null; error: string | null; response_headers: [string, string][]; response_body: string; ms: number;
}

export interface Entry {
  id: string; kind: 'login' | 'run' | 'case' | 'left' | 'right' | 'generated'; name: string; date: string; client: string; verdict: string;
  failures: string[]; duration_us: number; event: Json; explanation: Explanation | null;
  coverage?: LineCount[]; requests?: HttpRequest[]; frozen: string; steps: Json;
  /** The seed in decimal, and the arguments after `postlogin` with which it runs again; empty when they are unknown. */
  seed?: string; arguments?: string[];
}

export interface SourceText { action: string; trigger: string | null; file: string; text: string }
export interface Report { format: string; command: string; title: string; entries: Entry[]; sources: SourceText[] }

/** A row of the list: what is known of a login before it is opened. */
export interface Summary {
  id: string; kind: Entry['kind']; name: string; user: string; client: string; date: string;
  /** `allowed`, `denied`, …, or `passed`, `failed`, `skipped` for a case, or `error`. */
  status: string; reason: string; ms: number; dropped: number;
  /** What it differs in from the login that it was made of. */
  note?: string;
}

/** What a run asks for; see `POST /_postlogin/runs`. */
export interface RunRequest { login?: string; event?: Json; user_id?: string; why?: string[]; steps?: Json }

/** A place of an event that the trigger never sends so. */
export interface EventProblem { path: (string | number)[]; message: string; hint: string; unknown: boolean }

/** Where the page gets its data from. */
export interface Source {
  readonly live: boolean;
  readonly title: string;
  entry(id: string): Promise<Entry>;
  sources(): Promise<SourceText[]>;
  run?(request: RunRequest): Promise<Entry>;
  users?(): Promise<{ user_id: string; name: string; email: string }[]>;
  mails?(): Promise<Dict[]>;
  list?(path: string): Promise<Dict[]>;
  schema?(): Promise<Json>;
  problems?(event: Json): Promise<EventProblem[]>;
  tests?(): Promise<Report>;
  generate?(request: { login?: string; event?: Json; count: number; seed?: number }): Promise<{ seed: string; entries: Entry[] }>;
  endSession?(id: string): Promise<void>;
  caseText?(request: { id: string; name: string }): Promise<{ file: string; text: string }>;
  saveCase?(request: { id: string; name: string }): Promise<{ file: string; text: string }>;
}
