// The ledger as a table, and the reason of the chosen row in sentences.

import { Fragment } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Condition, End, Place } from './model';
import type { Row } from './rows';
import * as state from './state';
import { at, brief, CERTAINTY, condition, LIKELY, mark, presence, reached, remedy, rule, short, telling, TOKENS } from './words';

const SIGNS: Record<Row['verdict'], string> = { kept: '✓', dropped: '✗', overwritten: '~', 'no value': '∅', 'not set': '○', 'not issued': '–', standard: '✓' };
const TONES: Record<Row['verdict'], string> = { kept: 'good', dropped: 'bad', overwritten: 'warn', 'no value': 'bad', 'not set': 'warn', 'not issued': 'warn', standard: 'good' };

export function PlaceLink({ place, children }: { place: Place | null | undefined; children?: preact.ComponentChildren }) {
  if (!place) return null;
  return <button class="place" onClick={(event) => { event.stopPropagation(); state.light(place); }} title={at(place)} aria-label={`Show ${at(place)}`}>{children ?? brief(place)}</button>;
}

/** A name or path that breaks between its parts only. */
function Parts({ text }: { text: string }) {
  return <>{text.split(/(?<=[./])(?=[^./])/).map((part, index) => <Fragment key={index}>{index > 0 && <wbr />}{part}</Fragment>)}</>;
}

function choose(it: Row): void {
  state.row.value = it.key;
  state.light(it.place);
}

function Line({ it, index }: { it: Row; index: number }) {
  const chosen = state.row.value === it.key;
  const rows = state.ledger.value;
  const move = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    const next = event.key === 'ArrowDown' ? index + 1 : event.key === 'ArrowUp' ? index - 1 : index;
    if (['Enter', ' '].includes(event.key)) { event.preventDefault(); choose(it); return; }
    const other = rows[next];
    if (next === index || !other) return;
    event.preventDefault();
    choose(other);
    const own = event.currentTarget as HTMLElement;
    const target = event.key === 'ArrowDown' ? own.nextElementSibling : own.previousElementSibling;
    (target as HTMLElement | null)?.focus();
  };
  const tabbable = chosen || (!rows.some((other) => other.key === state.row.value) && index === 0);
  return (
    <tr class={chosen ? 'chosen' : ''} tabIndex={tabbable ? 0 : -1} aria-selected={chosen} data-claim={it.name} onClick={() => choose(it)} onKeyDown={move}
      onMouseEnter={() => { if (it.place && it.place.file === state.file.value && !state.row.value) state.light(it.place); }}>
      <td><span class={`verdict ${TONES[it.verdict]}`}><span aria-hidden="true">{SIGNS[it.verdict]} </span>{it.verdict}</span><small>{it.token ? TOKENS[it.token] : ''}</small></td>
      <td><span class="claim"><Parts text={it.name} /></span><span class="value">{it.before !== undefined && <><del>{short(it.before, 30)}</del> → </>}{it.value === undefined ? '' : short(it.value, 80)}</span></td>
      <td>{it.rule && <span class="rule">{rule(it.rule)}{it.page && <> <a href={it.page} target="_blank" rel="noreferrer noopener" onClick={(event) => event.stopPropagation()}>rule</a></>}</span>}<span class="path">{it.certainty && LIKELY[it.certainty] && <i>{LIKELY[it.certainty]} </i>}<Parts text={it.path} /></span><PlaceLink place={it.place} /></td>
    </tr>
  );
}

export function Ledger() {
  const rows = state.ledger.value;
  if (rows.length === 0) {
    return <p class="empty">{state.onlyAction.value ? `${state.onlyAction.value} set no claim.` : 'No Action set a claim. Call api.idToken.setCustomClaim in one, and it is listed here with its verdict.'}</p>;
  }
  return (
    <table class="ledger claims" role="grid" aria-label="Claims">
      <thead><tr><th scope="col">Verdict</th><th scope="col">Claim and value</th><th scope="col">Rule, source and place</th></tr></thead>
      <tbody>{rows.map((it, index) => <Line key={it.key} it={it} index={index} />)}</tbody>
    </table>
  );
}

function OfClaim({ it }: { it: Row }) {
  const claim = it.claim;
  if (!claim) return null;
  const by = claim.overwritten_by;
  return (
    <>
      {it.verdict === 'not issued' && <p class="warn">No rule removes it, and no {TOKENS[claim.token]} was issued that could carry it.</p>}
      {it.verdict === 'kept' && <p>{it.before === undefined ? 'Kept: no rule removes it.' : 'Kept: the last of several calls wins.'}</p>}
      {claim.verdict === 'dropped' && <p class="bad">Dropped: {rule(claim.rule)}.</p>}
      {claim.verdict === 'overwritten' && <p class="warn">Overwritten by {by?.action ?? 'a later call'} <PlaceLink place={by?.location} /></p>}
      {claim.remedies.length > 0 && <p><b>To keep it:</b> {claim.remedies.map((step) => remedy(step, claim.name)).join(', and ')}.</p>}
      {claim.page && <p><a href={claim.page} target="_blank" rel="noreferrer noopener">The rule in the vendor's documentation</a></p>}
      <p>Set by {claim.action} <PlaceLink place={claim.location} /></p>
      {claim.origins.length === 0 ? <p class="dim">The value is not from the event, as far as can be seen.</p>
        : <ul>{claim.origins.slice(0, 6).map((origin) => <li key={origin.path}>{CERTAINTY[origin.certainty]} <code>{origin.path}</code> <PlaceLink place={origin.location} /></li>)}</ul>}
    </>
  );
}

function Mark({ it }: { it: Condition }) {
  const [kind, words] = mark(it) ?? [];
  return words ? <b class={kind}>{words}</b> : null;
}

function Conditions({ all }: { all: Condition[] }) {
  return (
    <ul>
      {telling(all).slice(0, 10).map((it) => (
        <li key={`${it.location.line}:${it.location.column}`}>
          <code>{condition(it)}</code> <PlaceLink place={it.location} /> <Mark it={it} />
          {it.reads.slice(0, 8).map((read) => <div key={read.path}><code>{read.path}</code> {read.present ? <>is <code>{short(read.value, 60)}</code></> : <b class="warn">is not there</b>}</div>)}
        </li>
      ))}
    </ul>
  );
}

function Early({ end }: { end: End | undefined }) {
  if (!end) return null;
  switch (end.kind) {
    case 'returned': return <p class="warn">The function returned before it, at <PlaceLink place={end.location} /></p>;
    case 'left': return <p class="warn">The jump at <PlaceLink place={end.location} /> left it out</p>;
    case 'thrown': return <p class="warn">The Action failed before it, at <PlaceLink place={end.location} /></p>;
    case 'caught':
  }
  return <p class="warn">An exception was thrown before it, at <PlaceLink place={end.thrown} />, and caught at <PlaceLink place={end.caught} /></p>;
}

function OfExpected({ it }: { it: Row }) {
  const explanation = state.entry.value?.explanation;
  const expected = it.expected;
  if (!expected || !explanation) return null;
  const sites = expected.sites.slice(0, 20);
  return (
    <>
      <p>ID token: {presence(expected.id_token, explanation)}. Access token: {presence(expected.access_token, explanation)}.</p>
      {expected.similar && <p class="warn">Did you mean <code>{expected.similar}</code>?</p>}
      {(expected.not_loaded ?? []).map((one) => <p key={one.action} class="bad">{one.action} was not loaded, and may set it: {one.error}</p>)}
      {sites.length === 0 && <p>No call in the sources of the Actions names it.</p>}
      <ul>
        {sites.map((site) => (
          <li key={`${site.location.line}:${site.location.column}`}>
            <PlaceLink place={site.location} /> {site.certain ? 'sets it' : 'may set it'} ({site.method}) and {reached(site)}
            {(site.routes ?? []).slice(0, 8).map((route, index) => (
              <div key={index}>{route.calls.map((call) => <span key={call.location.line}>{call.function} is called at <PlaceLink place={call.location} /> </span>)}<Conditions all={route.conditions} /><Early end={route.end} /></div>
            ))}
            <Conditions all={site.conditions} /><Early end={site.end} />
          </li>
        ))}
      </ul>
    </>
  );
}

/** Why the claim of the chosen row is, or is not, in the token. */
export function Reason() {
  const it = state.ledger.value.find((row) => row.key === state.row.value);
  const element = useRef<HTMLElement>(null);
  useEffect(() => element.current?.scrollIntoView({ block: 'nearest' }), [it?.key]);
  if (!it) return null;
  return (
    <section ref={element} class="reason" aria-label="Reason" aria-live="polite">
      <h2><span class={TONES[it.verdict]}>{it.verdict}</span> <code>{it.name}</code></h2>
      <OfClaim it={it} />
      <OfExpected it={it} />
    </section>
  );
}

/** Asks why a claim is not in a token. */
export function WhyNot() {
  if (!state.source.value?.run) return null;
  const ask = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const input = form.elements.namedItem('claim') as HTMLInputElement;
    const name = input.value.trim();
    if (!name) return;
    if (!state.why.value.includes(name)) state.why.value = [...state.why.value, name];
    input.value = '';
    void state.again().then(() => {
      const found = state.ledger.value.find((row) => row.name === name);
      if (found) choose(found);
    });
  };
  return (
    <form class="why" onSubmit={ask}>
      <label>Why is this claim not there? <input name="claim" autoComplete="off" placeholder="https://example.com/name" /></label>
      <button>Ask</button>
    </form>
  );
}
