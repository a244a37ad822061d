import { RawGroup, type CoValueCore, type RawCoID } from 'cojson';
import { FalseClaim } from './false-claim.ts';
import type { SimTab, World } from './world.ts';

const placeOf = (id: string, sessionID: string, index: number): string =>
  `${id} …${sessionID.slice(-6)} ${index}`;

/**
 * Once every page has everything: what cojson does not count and the page that made it does not report, and what a page
 * reports and cojson counts.
 */
export function unreported({ tabs, ledger, scenario }: World, ids: readonly RawCoID[]): readonly string[] {
  const made = new Set(
    ledger.edits.map(({ tab, id, sessionID, count }) => `${tab.name} ${placeOf(id, sessionID, count - 1)}`),
  );
  /** An earlier page may have used the same session ID. What it left, and was confirmed, is nobody's to report. */
  const isMadeBy = (tab: SimTab, sessionID: string, place: string) =>
    scenario.reusedIDs ? made.has(`${tab.name} ${place}`) : sessionID === tab.sessionID;
  return ids.flatMap((id) => {
    const uncounted = uncountedBy(tabs[0], id);
    return tabs.flatMap((tab) => {
      const reported = new Set(
        tab.sync.stateOf(id).current.notCounted.map(({ sessionID, index }) => placeOf(id, sessionID, index)),
      );
      const silent = [...uncounted].filter(([place, by]) => isMadeBy(tab, by, place) && !reported.has(place));
      const wrong = [...reported].filter((place) => !uncounted.has(place));
      return [
        ...silent.map(([place]) => `${tab.name} does not report that it does not count: ${place}`),
        ...wrong.map((place) => `${tab.name} reports as not counted what counts: ${place}`),
      ];
    });
  });
}

/** Checks that all pages count the same edits, and tells the history which do not count. */
export function checkCounting({ tabs, ledger, history, note }: World, ids: readonly RawCoID[]): void {
  const [first, ...others] = tabs;
  for (const id of ids) {
    const uncounted = uncountedBy(first, id);
    for (const other of others) {
      const theirs = uncountedBy(other, id);
      const differing = [...uncounted.keys(), ...theirs.keys()].find(
        (place) => uncounted.has(place) !== theirs.has(place),
      );
      if (differing !== undefined)
        throw new FalseClaim(`not counted by only one of ${first?.name} and ${other.name}: ${differing}`);
    }
    for (const edit of ledger.edits) {
      if (edit.id !== id || !uncounted.has(placeOf(id, edit.sessionID, edit.count - 1))) continue;
      history.promised('notCounted', edit);
      note(`an edit of ${edit.tab.name} in ${id} is not counted`);
    }
  }
}

/** The transactions that cojson does not count, each with its session. Nobody sees the edits of a deleted CoValue. */
function uncountedBy(tab: SimTab | undefined, id: RawCoID): ReadonlyMap<string, string> {
  const core = tab?.node.expectCoValueLoaded(id);
  if (!core || core.isDeleted) return new Map();
  const content = core.getCurrentContent();
  return new Map(
    core.verifiedTransactions
      .filter(
        (transaction) => !transaction.isValid && !(content instanceof RawGroup && revealsKey(transaction)),
      )
      .map(({ txID: { sessionID, txIndex } }) => [placeOf(id, sessionID, txIndex), sessionID]),
  );
}

/** cojson reveals keys of itself, and not everywhere validly. */
function revealsKey({ changes }: CoValueCore['verifiedTransactions'][number]): boolean {
  return /"key":"(readKey|groupSealer|writeKeyFor_|key_z)/.test(JSON.stringify(changes));
}
