import type { MadeEdits } from './causes.ts';
import type { Finding, History, Read } from './history.ts';

/** Checks that nothing is lost, and that all tabs show the same, in the last reads after `settled`. */
export function checkEnd(history: History, made: MadeEdits): readonly Finding[] {
  const settledAt = history.findIndex(({ type }) => type === 'settled');
  if (settledAt < 0) throw new Error('The history does not end settled.');
  const at = history.length - 1;
  const readsByCoValue = lastReads(history.slice(settledAt));
  const lossless = promisedEdits(history, made);

  const lost = [...lossless].flatMap((name): Finding[] => {
    const edit = made.get(name);
    if (!edit)
      return [
        {
          rule: 'unknown or doubled',
          at,
          coValue: '',
          tabs: [],
          edits: [name],
          text: `${name} was never made`,
        },
      ];
    const { coValue } = edit;
    const reads = readsByCoValue.get(coValue) ?? [];
    const without = reads.filter(({ isDeleted, edits }) => !isDeleted && !edits.includes(name));
    if (reads.length > 0 && without.length === 0) return [];
    const tabs = without.map(({ tab }) => tab);
    const why = reads.length === 0 ? 'no tab reads its CoValue' : `not in ${tabs.join(', ')}`;
    const text = `${name} of ${edit.tab} is lost: ${why} (${coValue})`;
    return [{ rule: 'lost', at, coValue, tabs, edits: [name], text }];
  });

  const different = [...readsByCoValue].flatMap(([coValue, [first, ...others]]) =>
    others
      .filter((other) => first && textOf(first) !== textOf(other))
      .map(({ tab }): Finding => {
        const tabs = [first?.tab ?? '', tab];
        const text = `${tabs.join(' and ')} show different things at the end (${coValue})`;
        return { rule: 'different at the end', at, coValue, tabs, edits: [], text };
      }),
  );
  return [...lost, ...different];
}

/**
 * The edits that must be there at the end: all but those that are not counted, and those that were only in the memory of
 * a tab that ended. A confirmation promises nothing about an unsaved edit once a relay lost data.
 */
function promisedEdits(history: History, made: MadeEdits): ReadonlySet<string> {
  const endedTabs = new Set(
    history.flatMap((event) => (event.type === 'ended' && !event.isClean ? event.tab : [])),
  );
  const promised = new Set([...made.values()].flatMap(({ name, tab }) => (endedTabs.has(tab) ? [] : name)));
  const saved = new Set<string>();
  let confirmed = new Set<string>();
  for (const event of history) {
    if (event.type === 'saved') saved.add(event.edit);
    if (event.type === 'confirmed') confirmed.add(event.edit);
    if (event.type === 'restored') confirmed = new Set();
  }
  const all = new Set([...promised, ...saved, ...confirmed]);
  for (const event of history) if (event.type === 'notCounted') all.delete(event.edit);
  return all;
}

function lastReads(history: History): ReadonlyMap<string, readonly Read[]> {
  const byCoValue = new Map<string, Map<string, Read>>();
  for (const event of history) {
    if (event.type !== 'read') continue;
    const byTab = byCoValue.get(event.coValue) ?? new Map<string, Read>();
    byCoValue.set(event.coValue, byTab.set(event.tab, event));
  }
  return new Map([...byCoValue].map(([coValue, byTab]) => [coValue, [...byTab.values()]]));
}

function textOf({ edits, shown, isDeleted }: Read): string {
  if (isDeleted) return 'deleted';
  return JSON.stringify([[...edits].sort(), Object.entries(shown).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
