import { accountDatabase, stores } from '../account-database.ts';
import type { RawCoID, SessionID } from '../../engine/content.ts';
import { committing, openDatabase } from '../indexed-db.ts';
import { noFacts, type Release } from '../ledger.ts';
import { packFacts } from '../ledger/ledger-records.ts';
import { withoutFork } from './pieces.ts';
import { addPieces, takePieces } from './segments.ts';

/** A part of a session that no relay will ever take. */
export interface RefusedPart {
  readonly id: RawCoID;
  readonly sessionID: SessionID;
  /** The index of its first transaction. */
  readonly from: number;
  /** How many transactions of the session may be owed: another tab may have deleted them here before. */
  readonly count: number;
}

/** Deletes what follows `from` in these sessions. What precedes it is at the relay, too, and stays. */
export async function deleteKernelSessions(
  indexedDB: IDBFactory,
  accountID: string,
  sessions: readonly RefusedPart[],
): Promise<void> {
  const db = await openDatabase(indexedDB, { name: accountDatabase(accountID).name });
  if (!db) return;
  try {
    if (![stores.segments, stores.ledger].every((name) => db.objectStoreNames.contains(name))) return;
    const names = [stores.segments, stores.ledger];
    const transaction = db.transaction(names, 'readwrite', { durability: 'strict' });
    await committing(transaction, async () => {
      const releases: Release[] = [];
      for (const { id, sessionID, from, count } of sessions) {
        const pieces = await takePieces(transaction, id);
        const runs = pieces.flatMap((piece) => piece.runs.filter((run) => run.sessionID === sessionID));
        const stored = runs.map(({ after, transactions }) => after + transactions.length);
        releases.push({ id, session: sessionID, count: Math.max(count, ...stored) });
        addPieces(
          transaction,
          pieces.map((piece) => ({
            ...piece,
            runs: withoutFork(piece.runs, { sessionID, from }),
          })),
        );
      }
      // No relay will ever confirm it. What was written again under another session is owed there.
      if (releases.length > 0)
        transaction.objectStore(stores.ledger).add(packFacts({ ...noFacts, releases }));
    });
  } finally {
    db.close();
  }
}
