// The rows of the ledger: claims that were set, and claims that the Actions could have set and did not.

import type { Claim, Dict, Entry, Expected, Explanation, Json, Origin, Place, Token } from './model';

export interface Row {
  key: string;
  verdict: 'kept' | 'dropped' | 'overwritten' | 'no value' | 'not set' | 'not issued' | 'standard';
  token: Token | null;
  name: string;
  /** The value of an earlier call, if the claim was set twice. */
  before: Json | undefined;
  value: Json | undefined;
  rule: string | null;
  page: string | null;
  action: string;
  place: Place | null;
  path: string;
  /** How certain it is that the value came from there. */
  certainty: Origin['certainty'] | null;
  claim: Claim | null;
  expected: Expected | null;
}

export function rows(entry: Entry): Row[] {
  const explanation = entry.explanation;
  if (!explanation) return [];
  const earlier = new Map<string, Json>();
  const found: Row[] = explanation.claims.map((claim, index) => {
    const id = `${claim.token} ${claim.name}`;
    const before = earlier.get(id);
    earlier.set(id, claim.value);
    return {
      key: `claim ${index}`, verdict: verdict(claim, explanation), token: claim.token, name: claim.name, before, value: claim.value, rule: claim.rule,
      page: claim.page, action: claim.action, place: claim.location, path: claim.origins[0]?.path ?? '', certainty: claim.origins[0]?.certainty ?? null, claim, expected: null,
    };
  });
  for (const [index, unset] of (explanation.outcome.unset_claims ?? []).entries()) {
    const expected = explanation.expected.find((it) => it.name === unset.name) ?? null;
    found.push({
      key: `unset ${index}`, verdict: 'no value', token: unset.token, name: unset.name, before: undefined, value: undefined, rule: null, page: null,
      action: unset.action, place: unset.location, path: '', certainty: null, claim: null, expected,
    });
  }
  const seen = new Set(found.map((row) => row.name));
  for (const expected of explanation.expected) {
    if (seen.has(expected.name)) continue;
    found.push(missing(expected, explanation));
  }
  return found;
}

/** A claim that no rule removes is in no token if none is issued: the login failed, or waits, or did not ask for it. */
const verdict = (claim: Claim, { outcome }: Explanation): Row['verdict'] =>
  (claim.verdict === 'kept' && !Object.hasOwn(outcome[claim.token].claims, claim.name) ? 'not issued' : claim.verdict);

function missing(expected: Expected, explanation: Explanation): Row {
  const site = expected.sites.find((it) => it.certain) ?? expected.sites[0];
  const standard = expected.id_token.state === 'standard' || expected.access_token.state === 'standard';
  const token: Token | null = site ? (site.method.startsWith('access') || site.method.includes('accessToken') ? 'access_token' : 'id_token') : null;
  const read = site?.conditions.flatMap((it) => it.reads)[0];
  const claims: Dict = explanation.outcome.id_token.claims;
  return {
    key: `missing ${expected.name}`, verdict: standard ? 'standard' : 'not set', token, name: expected.name, before: undefined,
    value: standard ? claims[expected.name] : undefined, rule: expected.id_token.rule, page: expected.id_token.page, action: site?.action ?? '',
    place: (site?.conditions.find((it) => it.met === 'no') ?? site?.conditions[0])?.location ?? site?.location ?? null, path: read?.path ?? '', certainty: null, claim: null, expected,
  };
}

export interface Change { token: string; name: string; before: Json | undefined; after: Json | undefined; was: string; is: string }

/** The difference of two ledgers: every claim of both tokens whose value or verdict is not the same. */
export function changes(one: Entry, other: Entry): Change[] {
  const verdicts = (entry: Entry) => {
    const map = new Map<string, { token: string; name: string; value: Json | undefined; verdict: string }>();
    for (const token of ['id_token', 'access_token'] as const) {
      for (const [name, value] of Object.entries(entry.explanation?.outcome[token].claims ?? {})) {
        if (['iat', 'exp'].includes(name)) continue;
        map.set(`${token} ${name}`, { token, name, value, verdict: 'in the token' });
      }
    }
    for (const claim of entry.explanation?.claims ?? []) {
      if (claim.verdict === 'overwritten') continue;
      map.set(`${claim.token} ${claim.name}`, { token: claim.token, name: claim.name, value: claim.value, verdict: entry.explanation ? verdict(claim, entry.explanation) : claim.verdict });
    }
    return map;
  };
  const [left, right] = [verdicts(one), verdicts(other)];
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  const found: Change[] = [];
  for (const key of keys) {
    const [was, is] = [left.get(key), right.get(key)];
    const some = was ?? is;
    if (!some) continue;
    if (JSON.stringify(was?.value) === JSON.stringify(is?.value) && was?.verdict === is?.verdict) continue;
    found.push({ token: some.token, name: some.name, before: was?.value, after: is?.value, was: was?.verdict ?? 'absent', is: is?.verdict ?? 'absent' });
  }
  return found;
}
