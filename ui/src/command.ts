// A login as the commands of a shell that run it again: the same event, clock, seed and steps give the same outcome.

import type { Dict, Entry } from './model';

const plain = (text: string): boolean => /^[\w@%+=:,./-]+$/.test(text);
const quoted = (text: string): string => (plain(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** The value of a secret is not on the page: it comes from a variable of the shell, which must be set. */
function argument(text: string, index: number, all: string[]): string {
  if (all[index - 1] !== '--secret') return quoted(text);
  const [name = '', value = ''] = text.split('=$');
  return value ? `"${name}=\${${value}:?}"` : quoted(text);
}

const heredoc = (text: string): string => `<<'END'\n${text}\nEND\n`;

export function command(entry: Entry, event: string): string {
  const given = entry.arguments?.length ? entry.arguments : ['explain'];
  const words = ['postlogin', ...given.map(argument)];
  // A case has its event, clock, seed and steps in its file.
  if (given[0] === 'test') return `${words.join(' ')}\n`;
  let before = '';
  const add = (name: string, value: string) => words.push(name, quoted(value));
  if (entry.date) add('--now', entry.date);
  if (entry.seed) add('--seed', entry.seed);
  for (const [index, step] of ((Array.isArray(entry.steps) ? entry.steps : []) as Dict[]).entries()) {
    if (typeof step.challenge === 'string') add('--challenge', step.challenge);
    else {
      before += `step${index + 1}=$(mktemp)\ncat > "$step${index + 1}" ${heredoc(JSON.stringify(step.continue))}`;
      words.push('--continue', `"$step${index + 1}"`);
    }
  }
  if (event) words.push('--event', '-');
  return `${before}${words.join(' ')}${event ? ` ${heredoc(event)}` : '\n'}`;
}
