// What the page shows now.

import { batch, computed, signal } from '@preact/signals';
import type { Entry, Place, Report, RunRequest, Source, SourceText, Summary } from './model';
import { changes, rows } from './rows';
import { plural } from './words';

export const source = signal<Source | null>(null);
/** The data of a report; null on the page of a tenant. */
export const report = signal<Report | null>(null);
/** The newest first. */
export const list = signal<Summary[]>([]);
export const connected = signal(true);
export const filter = signal('');
export const selected = signal('');
export const entry = signal<Entry | null>(null);
export const pinned = signal<Entry | null>(null);
/** The login that the generated ones were made of. */
export const origin = signal<Entry | null>(null);
export const texts = signal<SourceText[]>([]);
export const view = signal<string>('Logins');
export const tab = signal('ledger');
export const onlyAction = signal('');
export const row = signal('');
export const lit = signal<Place | null>(null);
export const file = signal('');
export const eventText = signal('');
/** What the editor marks in it. */
export const eventProblems = signal<string[]>([]);
export const problem = signal('');
export const busy = signal(false);
export const lastRunMs = signal(0);
export const why = signal<string[]>([]);
export const dialog = signal<'' | 'user' | 'case' | 'help' | 'token'>('');

export const shown = computed(() => {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return list.value;
  return list.value.filter((it) => {
    const text = `${it.name} ${it.user} ${it.client} ${it.status} ${it.reason} ${it.kind}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
});

export const ledger = computed(() => {
  const all = entry.value ? rows(entry.value) : [];
  return onlyAction.value ? all.filter((it) => it.action === onlyAction.value) : all;
});

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs what may fail: its error is shown. */
export async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  problem.value = '';
  busy.value = true;
  try {
    return await work();
  } catch (error) {
    problem.value = message(error);
    return undefined;
  } finally {
    busy.value = false;
  }
}

export function light(place: Place | null | undefined): void {
  if (!place) return;
  batch(() => {
    lit.value = place;
    file.value = place.file;
  });
}

export function show(it: Entry): void {
  batch(() => {
    entry.value = it;
    selected.value = it.id;
    row.value = '';
    lit.value = null;
    onlyAction.value = '';
    eventText.value = it.event === null ? '' : JSON.stringify(it.event, null, 2);
    // The source of an Action that ran, if nothing names a better one.
    const names = it.explanation?.outcome.usage.actions.map((usage) => usage.action) ?? [];
    const its = texts.value.filter((text) => names.includes(text.action));
    const known = (its.length > 0 ? its : texts.value).some((text) => text.file === file.value);
    const first = it.explanation?.outcome.error?.location ?? it.explanation?.claims[0]?.location;
    if (!known || first) file.value = first?.file ?? its.at(-1)?.file ?? texts.value[0]?.file ?? '';
    if (it.explanation?.outcome.error?.location) lit.value = it.explanation.outcome.error.location;
    const other = partner(it);
    if (other) {
      pinned.value = other;
      tab.value = 'diff';
    } else if (it.kind === 'left' && tab.value === 'diff') {
      tab.value = 'ledger';
    }
  });
}

/** In a report of `compare`, the other side of a login; of a generated login, that which it was made of. */
function partner(it: Entry): Entry | undefined {
  if (it.kind === 'generated') return origin.value ?? undefined;
  const other = it.kind === 'right' ? it.id.replace(/right$/, 'left') : '';
  return report.value?.entries.find((entry) => entry.id === other && entry.kind === 'left');
}

export async function open(id: string): Promise<void> {
  selected.value = id;
  // A source may have been edited since; the tenant says how it is now.
  const found = await attempt(() => Promise.all([source.value?.entry(id), source.value?.sources()]));
  if (found?.[1]) texts.value = found[1];
  const it = found?.[0];
  if (it && selected.value === id) show(it);
}

/** Why the event that is shown does not run here; empty for one of post-login. Other triggers have other events. */
export function otherTrigger(): string {
  const trigger = entry.value?.explanation?.outcome.trigger ?? 'post-login';
  return trigger === 'post-login' ? '' : `Only logins run here, and this is an event of ${trigger}: copy the command, and run it in a shell.`;
}

export async function run(request: RunRequest): Promise<void> {
  problem.value = request.event === undefined ? '' : otherTrigger();
  if (problem.value) return;
  const runner = source.value?.run;
  if (!runner) return;
  const started = performance.now();
  const it = await attempt(() => runner({ why: why.value, ...request }));
  if (!it) return;
  const current = tab.value;
  show(it);
  tab.value = current;
  lastRunMs.value = performance.now() - started;
  list.value = [summary(it), ...list.value];
  texts.value = (await attempt(async () => source.value?.sources())) ?? texts.value;
}

/** The login that is shown, if the tenant knows it: it does not know cases. */
export const known = (): string | undefined => (entry.value?.kind === 'case' ? undefined : entry.value?.id);

/** Runs the cases of the project, and lists them. */
export async function test(): Promise<void> {
  const found = await attempt(async () => source.value?.tests?.());
  if (found) list.value = [...found.entries.map(summary), ...list.value.filter((it) => it.kind !== 'case')];
}

/** The number of generated logins that are tried. */
export const OTHERS = 20;

/** Runs logins with events that were generated from that of the login that is shown, and lists them with what differs. */
export async function tryOthers(): Promise<void> {
  const generate = source.value?.generate;
  const first = entry.value;
  if (!generate || !first) return;
  const event = first.event ?? undefined;
  const seed = Math.floor(Math.random() * 2 ** 32);
  const found = await attempt(() => generate({ login: known(), event, count: OTHERS, seed }));
  if (!found) return;
  const made = found.entries.map((it) => ({ ...summary(it), note: difference(first, it) }));
  batch(() => {
    origin.value = first;
    list.value = [...made, ...list.value.filter((it) => it.kind !== 'generated')];
  });
}

function difference(first: Entry, it: Entry): string {
  const [was, is] = [first, it].map((one) => one.explanation?.outcome.status);
  const count = changes(first, it).length;
  if (was === is && count === 0) return 'same claims';
  return [was === is ? '' : `${was} before`, count > 0 ? plural(count, 'claim differs', 'claims differ') : ''].filter(Boolean).join(', ');
}

/** Runs the login that is shown again, with the event of the editor. */
export async function again(): Promise<void> {
  let event;
  try {
    event = JSON.parse(eventText.value);
  } catch (error) {
    problem.value = `The event is not valid JSON: ${message(error)}`;
    return;
  }
  await run({ login: known(), event, steps: entry.value?.steps ?? undefined });
}

export function summary(it: Entry): Summary {
  const outcome = it.explanation?.outcome;
  const event = it.event as { user?: { user_id?: string } } | null;
  const dropped = it.explanation?.claims.filter((claim) => claim.verdict === 'dropped').length ?? 0;
  return {
    id: it.id, kind: it.kind, name: it.name, user: event?.user?.user_id ?? '', client: it.client, date: it.date,
    status: it.verdict || outcome?.status || 'error', reason: outcome?.reason ?? it.failures[0] ?? '', ms: it.duration_us / 1000, dropped,
  };
}
