import { segmentIDs, stores } from '../account-database.ts';
import type { KnownState, NewContent, SessionID } from '../content.ts';
import type { HaveOfCoValue } from '../kernel-device-storage.ts';
import { resultOf } from '../indexed-db.ts';
import { endOf, inARow, messagesOf, type Run } from './pieces.ts';
import { readPiecesIn } from './segments.ts';

/**
 * What is stored of a CoValue beyond what a node has of it. What is new was written last, so the newest segments are read
 * first, and no more of them than it takes to get as far as `saved`.
 */
export async function readNewer(
  transaction: IDBTransaction,
  { header, state }: HaveOfCoValue,
  saved?: Readonly<Record<string, number>>,
): Promise<{ readonly contents: readonly NewContent[]; readonly state: KnownState }> {
  const { id, sessions: known } = state;
  const index = transaction.objectStore(stores.segments).index(segmentIDs);
  const keys = await resultOf(index.getAllKeys(id));
  const runsBySession = new Map<SessionID, Run[]>();
  const newer = () =>
    [...runsBySession].map(([sessionID, runs]) => [sessionID, inARow(runs, known[sessionID])] as const);
  const isEnough = () => {
    if (!saved) return false;
    const ends = new Map<string, number>(newer().map(([sessionID, runs]) => [sessionID, endOf(runs.at(-1))]));
    return Object.entries(saved).every(
      ([sessionID, count]) =>
        sessionID === 'header' ||
        Math.max(ends.get(sessionID) ?? 0, known[sessionID as SessionID] ?? 0) >= count,
    );
  };

  for (const key of keys.toReversed()) {
    const pieces = await readPiecesIn(transaction, key, id);
    // Earlier ones are put before later ones, so that what came first stands.
    for (const run of pieces.flatMap(({ runs }) => runs).toReversed()) {
      runsBySession.set(run.sessionID, [run, ...(runsBySession.get(run.sessionID) ?? [])]);
    }
    if (isEnough()) break;
  }
  const runs = new Map(newer().filter(([, inRow]) => inRow.length > 0));
  const sessions = Object.fromEntries(
    [...runs].map(([sessionID, inRow]) => [sessionID, endOf(inRow.at(-1))]),
  );
  return {
    contents: runs.size === 0 ? [] : messagesOf({ id, header, runs }),
    state: { id, header: true, sessions },
  };
}
