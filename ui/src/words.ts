// Sentences of the page: the words of `postlogin explain`.

import type { Condition, Explanation, Json, Place, Presence, Remedy, Site } from './model';

export const at = (place: Place | null | undefined): string => (place ? `${place.file}:${place.line}` : '');

/** The name of the file and the line; one that many Actions share comes with its folder. */
export function brief(place: Place): string {
  const parts = place.file.split('/');
  const name = parts.slice(parts.at(-1)?.startsWith('code.') ? -2 : -1).join('/');
  return `${name}:${place.line}`;
}

/** JSON on one line, not longer than `most` characters. */
export function short(value: Json | undefined, most = 80): string {
  const text = value === undefined ? '' : JSON.stringify(value);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

const RULES: Record<string, string> = {
  'restricted-name': 'the name is reserved; production ignores it',
  'auth0-namespace': 'production ignores namespaces under auth0.com, webtask.io and webtask.run',
  'scope-filter': 'an OpenID Connect claim whose scope the login did not request',
  'auth0-api-audience': "tokens for Auth0's own APIs accept only claims with a namespace (a URL)",
  'opaque-token': "an opaque token carries no claims; request an API's audience to get a JWT",
  'size-limit': 'the custom claims exceed 100 KB together; production fails the login',
};
export const rule = (name: string | null): string => (name ? RULES[name] ?? name : '');

export function remedy(it: Remedy, name: string): string {
  const namespaced = `https://your.domain/${name}`;
  switch (it.kind) {
    case 'request-scope': return `request the scope ${it.scope ?? ''}`;
    case 'request-audience': return 'request the audience of an API, so that the access token is a JWT';
    case 'use-namespace-or-audience': return `use a name with a namespace (${namespaced}) or request the audience of an API of your own`;
    case 'use-namespace': return `use a name with a namespace (${namespaced})`;
    case 'use-other-namespace': return 'use a namespace of a domain of your own';
    case 'shrink-claims': return `put no more than ${it.limit ?? 0} bytes of custom claims into the token`;
    default: return it.kind;
  }
}

export const TOKENS: Record<string, string> = { id_token: 'ID token', access_token: 'Access token' };

export function presence(it: Presence, explanation: Explanation): string {
  switch (it.state) {
    case 'kept': return 'set by an Action and kept';
    case 'standard': return 'there as a standard claim, without an Action';
    case 'dropped': return `set by an Action and dropped: ${rule(it.rule)}`;
    case 'no-value': return `an Action called for it, but the value was ${it.no_value ?? 'undefined'}: no claim is set`;
    case 'never-set': return it.rule ? `no Action set it, and it would be dropped: ${rule(it.rule)}` : 'no Action set it';
    default:
      if (it.no_token === 'no-openid-scope') return 'none is issued, because the scope openid was not requested';
      return ['denied', 'failed'].includes(explanation.outcome.status)
        ? 'the login ended without tokens'
        : 'the login waits for the user; there are no tokens yet';
  }
}

export function reached(site: Site): string {
  switch (site.reached) {
    case 'yes': return 'was reached';
    case 'no-value': return `was reached, but the value was ${site.no_value ?? 'undefined'}`;
    case 'other-names': return `was reached for other names: ${(site.other_names ?? []).join(', ')}`;
    case 'no': return 'was not reached';
    case 'not-run': return 'did not run: the flow ended before it';
    case 'not-continued': return 'did not run: its handler runs when the user comes back';
    case 'not-loaded': return 'did not run: the Action was not loaded';
    case 'failed': return 'was not reached: the Action failed before it';
    case 'discarded': return 'was reached, but the Action failed after it: nothing that it asked for counts';
    default: return site.reached;
  }
}

/** The conditions that say something: those that the event was read for, else all. */
export function telling(conditions: Condition[]): Condition[] {
  const known = conditions.filter((it) => it.met || it.reads.length > 0);
  return known.length > 0 ? known : conditions;
}

export const condition = (it: Condition): string => {
  if (it.must_be) return `only if ${it.text}`;
  // `not a && b` would read as another condition.
  return `only if not ${/\s/.test(it.text) ? `(${it.text})` : it.text}`;
};

export const MET: Record<string, [string, string]> = {
  yes: ['good', '✓ met'], no: ['bad', '✗ not met'], sometimes: ['warn', '~ met at some times'], 'not-evaluated': ['dim', '– not evaluated'],
};

/** The class and the words of a condition by its state. */
export function mark(it: Condition): [string, string] | undefined {
  if (it.met === 'no' && it.list === 'empty') return ['bad', '✗ the list was empty'];
  if (it.met === 'no' && it.list === 'missing') return ['bad', '✗ there was no list'];
  return it.met === undefined ? undefined : MET[it.met];
}

export const CERTAINTY: Record<string, string> = {
  read: 'from', computed: 'computed, probably from', 'same-value': 'a guess: the same value is in',
};

/** The same before a path in the table; nothing for a value that was read there. */
export const LIKELY: Record<string, string> = { computed: 'probably from', 'same-value': 'same value in' };

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

export function ms(us: number): string {
  if (us <= 0) return '';
  const value = us / 1000;
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}
