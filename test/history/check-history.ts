import { findCauses } from './causes.ts';
import { checkEnd } from './check-end.ts';
import { checkReads } from './check-reads.ts';
import type { Finding, History } from './history.ts';

/** Everything in the history that contradicts the rules, in the order in which it shows. */
export function checkHistory(history: History): readonly Finding[] {
  const made = findCauses(history);
  return [...checkReads(history, made), ...checkEnd(history, made)];
}

/** How many reads before a finding are printed. */
const printedReads = 4;

/** The finding, the last reads of its tabs, and what happened to its edits and their tabs. */
export function describeFinding(history: History, { rule, at, coValue, tabs, edits, text }: Finding): string {
  const before = history.slice(0, at + 1);
  const authors = history.flatMap((event) =>
    event.type === 'edit' && edits.includes(event.name) ? event.tab : [],
  );
  const reads = before.filter(
    (event) => event.type === 'read' && event.coValue === coValue && tabs.includes(event.tab),
  );
  const printed = new Set(reads.slice(-printedReads));
  const concerns = before.filter((event) => {
    if (event.type === 'edit') return edits.includes(event.name);
    if (event.type === 'ended') return [...tabs, ...authors].includes(event.tab);
    if (event.type === 'read') return printed.has(event);
    return !('edit' in event) || edits.includes(event.edit);
  });
  return [`${rule}: ${text}`, ...concerns.map((event) => `  ${JSON.stringify(event)}`)].join('\n');
}
