// The strip of what ran at a login, in its order: a click shows what one Action did. Where the login waited for its user, the strip
// has a step of its own, and what ran after it comes after it.

import { useEffect, useState } from 'preact/hooks';
import type { Dict, Explanation, Wait } from './model';
import * as state from './state';
import { ms, plural } from './words';

export interface Stage { action: string; us: number; calls: number; logs: number; failed: boolean; continued: boolean; wait: Wait | null; mail?: Dict }

const none = { us: 0, calls: 0, logs: 0, failed: false, continued: false };

/** The handlers that ran, and the waits between them that are over. */
export function stages(explanation: Explanation): Stage[] {
  const { outcome } = explanation;
  const waits = explanation.waits ?? [];
  const found: Stage[] = [];
  let from = { handlers: 0, commands: 0, logs: 0 };
  for (const wait of [...waits, null]) {
    const to = { handlers: wait?.handlers, commands: wait?.commands, logs: wait?.logs };
    const segment: Stage[] = [];
    for (const usage of outcome.usage.actions.slice(from.handlers, to.handlers)) {
      const known = segment.find((it) => it.action === usage.action);
      if (known) known.us += usage.wall_us;
      else segment.push({ ...none, action: usage.action, us: usage.wall_us, continued: found.some((it) => it.action === usage.action), wait: null });
    }
    for (const stage of segment) {
      stage.calls = outcome.commands.slice(from.commands, to.commands).filter((it) => it.action === stage.action).length;
      stage.logs = outcome.logs.slice(from.logs, to.logs).filter((it) => it.action === stage.action).length;
    }
    found.push(...segment);
    if (wait?.answer) found.push({ ...none, action: '', wait });
    if (wait) from = wait;
  }
  const last = found.findLast((it) => it.action !== '' && it.action === outcome.error?.action);
  if (last) last.failed = true;
  return found;
}

const WAITS = { redirect: 'redirect', form: 'form', challenge: 'MFA', enroll: 'MFA enrolment' };
const ANSWERS = { continued: 'the user came back', passed: 'passed', failed: 'not passed' };

function what({ waits_for }: Wait): string {
  switch (waits_for.kind) {
    case 'redirect': return waits_for.url;
    case 'form': return waits_for.id;
    default: return waits_for.factors.join(', ');
  }
}

const ENDS: Record<string, string> = {
  allowed: 'tokens issued', denied: 'denied', failed: 'failed', redirected: 'waits: redirect', prompted: 'waits: form', challenged: 'waits: MFA',
};
/** The triggers after which there are tokens. */
const ISSUES = ['post-login', 'credentials-exchange', 'custom-token-exchange'];

function end({ outcome }: Explanation): string {
  if (outcome.status === 'allowed' && !ISSUES.includes(outcome.trigger)) return 'allowed';
  return ENDS[outcome.status] ?? outcome.status;
}

const isFactor = (wait?: Wait | null) => wait?.waits_for.kind === 'challenge' || wait?.waits_for.kind === 'enroll';

/** The same with the messages that a login has sent: their codes are for the first factor that it waits for. */
export function withMails(stages: Stage[], mails: Dict[]): Stage[] {
  const at = stages.findIndex((it) => isFactor(it.wait));
  return stages.toSpliced(at < 0 ? stages.length : at, 0, ...mails.map((mail) => ({ ...none, action: '', wait: null, mail })));
}

/** The messages of a login, the oldest first. */
function useMails(id: string, explanation: Explanation): Dict[] {
  const [mails, setMails] = useState<Dict[]>([]);
  useEffect(() => {
    setMails([]);
    if (explanation.waits?.some(isFactor)) void state.source.value?.mails?.().then((all) => setMails(all.filter((it) => it.login === id).reverse()), () => {});
  }, [id, explanation]);
  return mails;
}

function Step({ it }: { it: Stage }) {
  if (it.mail) return <span class="stage wait"><b>{it.mail.channel ? 'text' : 'e-mail'}</b><small>{String(it.mail.to)}</small></span>;
  if (it.wait) {
    const { waits_for, answer } = it.wait;
    return <span class={`stage ${answer === 'failed' ? 'bad' : 'wait'}`}><b>{WAITS[waits_for.kind]}</b><small>{[what(it.wait), answer && ANSWERS[answer]].filter(Boolean).join(' · ')}</small></span>;
  }
  return (
    <button class={`stage ${it.failed ? 'bad' : ''}`} aria-pressed={state.onlyAction.value === it.action}
      title={`Show only ${it.action}`} onClick={() => { state.onlyAction.value = state.onlyAction.value === it.action ? '' : it.action; }}>
      <b>{it.action}</b>
      <small>{[it.continued ? 'again' : '', ms(it.us), plural(it.calls, 'call'), it.logs ? plural(it.logs, 'log') : ''].filter(Boolean).join(' · ')}</small>
    </button>
  );
}

export function Pipeline({ id, explanation }: { id: string; explanation: Explanation }) {
  const all = withMails(stages(explanation), useMails(id, explanation));
  const { status, reason } = explanation.outcome;
  const open = explanation.waits?.at(-1);
  return (
    <ol class="pipeline" aria-label="What ran, in order">
      <li><span class="stage start"><b>event</b><small>{explanation.request.protocol || 'run'}</small></span></li>
      {all.map((it, index) => <li key={index}><Step it={it} /></li>)}
      {all.length === 0 && <li><span class="stage"><b>no Action ran</b><small>none is bound</small></span></li>}
      <li><span class={`stage end ${status === 'allowed' ? 'good' : ['denied', 'failed'].includes(status) ? 'bad' : 'warn'}`}><b>{end(explanation)}</b><small>{reason ?? (open && !open.answer ? what(open) : '')}</small></span></li>
    </ol>
  );
}
