import { segmentIDs, stores } from '../account-database.ts';
import type { KnownState, Content, SessionID } from '../../engine/content.ts';
import type { KnownCoValue } from '../kernel-device-storage.ts';
import { resultOf } from '../indexed-db.ts';
import { messagesOf } from './messages/stored-messages.ts';
import { endOf, contiguousRuns, type Run } from './pieces.ts';
import { readPiecesIn } from './segments.ts';

/** Reads what is stored beyond what a node has. Starts with the newest segment, and stops once `saved` is reached. */
export async function readNewerContent(
  transaction: IDBTransaction,
  { header, state }: KnownCoValue,
  saved?: Readonly<Record<string, number>>,
): Promise<{ readonly contents: readonly Content[]; readonly state: KnownState }> {
  const { id, sessions: known } = state;
  const index = transaction.objectStore(stores.segments).index(segmentIDs);
  const keys = await resultOf(index.getAllKeys(id));
  const runsBySession = new Map<SessionID, Run[]>();
  const newer = () =>
    [...runsBySession].map(
      ([sessionID, runs]) => [sessionID, contiguousRuns(runs, known[sessionID])] as const,
    );
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
    // Prepends earlier runs, so that the first written wins.
    for (const run of pieces.flatMap(({ runs }) => runs).toReversed()) {
      runsBySession.set(run.sessionID, [run, ...(runsBySession.get(run.sessionID) ?? [])]);
    }
    if (isEnough()) break;
  }
  const runs = new Map(newer().filter(([, contiguous]) => contiguous.length > 0));
  const sessions = Object.fromEntries(
    [...runs].map(([sessionID, contiguous]) => [sessionID, endOf(contiguous.at(-1))]),
  );
  return {
    contents: runs.size === 0 ? [] : messagesOf({ id, header, runs }),
    state: { id, header: true, sessions },
  };
}
