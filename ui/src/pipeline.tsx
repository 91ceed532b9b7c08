// The strip of what ran at a login, in its order: a click shows what one Action did.

import type { Explanation } from './model';
import * as state from './state';
import { ms, plural } from './words';

interface Stage { action: string; us: number; calls: number; logs: number; failed: boolean; reads: number }

function stages(explanation: Explanation): Stage[] {
  const { outcome } = explanation;
  const found: Stage[] = [];
  for (const usage of outcome.usage.actions) {
    const known = found.find((it) => it.action === usage.action);
    if (known) known.us += usage.wall_us;
    else found.push({ action: usage.action, us: usage.wall_us, calls: 0, logs: 0, failed: outcome.error?.action === usage.action, reads: 0 });
  }
  for (const stage of found) {
    stage.calls = outcome.commands.filter((it) => it.action === stage.action).length;
    stage.logs = outcome.logs.filter((it) => it.action === stage.action).length;
    stage.reads = explanation.reads.filter((it) => it.action === stage.action).length;
  }
  return found;
}

const ENDS: Record<string, string> = {
  allowed: 'tokens issued', denied: 'denied', failed: 'failed', redirected: 'waits: redirect', prompted: 'waits: form', challenged: 'waits: MFA',
};

export function Pipeline({ explanation }: { explanation: Explanation }) {
  const all = stages(explanation);
  const { status, reason } = explanation.outcome;
  return (
    <ol class="pipeline" aria-label="What ran, in order">
      <li><span class="stage start"><b>event</b><small>{explanation.request.protocol || 'run'}</small></span></li>
      {all.map((it) => (
        <li key={it.action}>
          <button class={`stage ${it.failed ? 'bad' : ''}`} aria-pressed={state.onlyAction.value === it.action}
            title={`Show only ${it.action}`} onClick={() => { state.onlyAction.value = state.onlyAction.value === it.action ? '' : it.action; }}>
            <b>{it.action}</b>
            <small>{[ms(it.us), plural(it.calls, 'call'), it.logs ? plural(it.logs, 'log') : ''].filter(Boolean).join(' · ')}</small>
          </button>
        </li>
      ))}
      {all.length === 0 && <li><span class="stage"><b>no Action ran</b><small>none is bound</small></span></li>}
      <li><span class={`stage end ${status === 'allowed' ? 'good' : ['denied', 'failed'].includes(status) ? 'bad' : 'warn'}`}><b>{ENDS[status] ?? status}</b><small>{reason ?? ''}</small></span></li>
    </ol>
  );
}
