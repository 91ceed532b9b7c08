// The requests of the Actions: what was asked, and what answered.

import { ran } from './gutter';
import { PlaceLink } from './ledger';
import type { Entry, HttpRequest } from './model';
import { placesOf } from './places';
import * as state from './state';

const ANSWERED: Record<string, string> = { mock: 'a mock', recording: 'a recording', network: 'the network', nothing: 'nothing: refused' };

function by(it: HttpRequest): string {
  const [kind = '', number] = it.answered_by.split(' ');
  return `${ANSWERED[kind] ?? kind}${number ? ` (number ${number})` : ''}`;
}

function Headers({ title, headers, body }: { title: string; headers: [string, string][]; body: string }) {
  return (
    <>
      <h2>{title}</h2>
      {headers.length > 0 && <table class="plain"><tbody>{headers.map(([name, value], index) => <tr key={index}><th scope="row">{name}</th><td><code>{value}</code></td></tr>)}</tbody></table>}
      {body ? <pre class="body">{body}</pre> : <p class="dim">without a body</p>}
    </>
  );
}

function Places({ entry, it }: { entry: Entry; it: HttpRequest }) {
  const known = new Map<string, Map<number, boolean>>();
  for (const counted of entry.coverage ?? []) {
    const text = state.texts.value.find((source) => source.file === counted.file)?.text;
    if (text !== undefined) known.set(counted.file, ran(text, counted));
  }
  const places = placesOf(it, state.texts.value, (file, line) => known.get(file)?.get(line));
  if (places.length === 0) return null;
  return <small>{places.length > 1 && <span class="dim">one of </span>}{places.slice(0, 4).map((place) => <span key={`${place.line}:${place.column}`}><PlaceLink place={place} /> </span>)}</small>;
}

export function Requests({ entry }: { entry: Entry }) {
  const only = state.onlyAction.value;
  if (!entry.requests) {
    return <p class="empty">The requests of this login are not known: it ended in another way when it was run once more to list them. Run it again, and the requests of that run are listed here.</p>;
  }
  const found = entry.requests.filter((it) => !only || it.action === only);
  if (found.length === 0) return <p class="empty">{only ? `${only} made no request.` : 'No Action made a request. What fetch, axios or another client asks for appears here, with what answered.'}</p>;
  return (
    <>
      {found.map((it, index) => (
        <div key={index} class="request">
          <details>
            <summary>
              <span class={it.status === null ? 'bad' : it.status < 400 ? 'good' : 'warn'}>{it.status ?? (it.answered_by === 'nothing' ? 'refused' : it.error)}</span> <b>{it.method}</b> <code>{it.url}</code>
              <small>{[`${it.ms} ms`, `answered by ${by(it)}`, it.action].filter(Boolean).join(' · ')}</small>
            </summary>
            {it.error && <pre class="bad">{it.error}</pre>}
            <Headers title="Request" headers={it.headers} body={it.body} />
            {it.status !== null && <Headers title="Response" headers={it.response_headers} body={it.response_body} />}
          </details>
          <Places entry={entry} it={it} />
        </div>
      ))}
    </>
  );
}
