import { accountDatabase, stores } from '../account-database.ts';
import type { RawCoID, SessionID } from '../../engine/content.ts';
import { committing, openDatabase } from '../indexed-db.ts';
import { noFacts, type Release } from '../ledger.ts';
import { packFacts } from '../ledger/ledger-records.ts';
import { withoutFork } from './pieces.ts';
import { addPieces, takePieces } from './segments.ts';

/** Deletes what follows `from` in these sessions. What precedes it is at the relay, too, and stays. */
export async function deleteKernelSessions(
  indexedDB: IDBFactory,
  accountID: string,
  sessions: readonly { readonly id: RawCoID; readonly sessionID: SessionID; readonly from: number }[],
): Promise<void> {
  const db = await openDatabase(indexedDB, { name: accountDatabase(accountID).name });
  if (!db) return;
  try {
    if (![stores.segments, stores.ledger].every((name) => db.objectStoreNames.contains(name))) return;
    const names = [stores.segments, stores.ledger];
    const transaction = db.transaction(names, 'readwrite', { durability: 'strict' });
    await committing(transaction, async () => {
      const releases: Release[] = [];
      for (const { id, sessionID, from } of sessions) {
        const pieces = await takePieces(transaction, id);
        const runs = pieces.flatMap((piece) => piece.runs.filter((run) => run.sessionID === sessionID));
        const count = Math.max(0, ...runs.map(({ after, transactions }) => after + transactions.length));
        if (count > 0) releases.push({ id, session: sessionID, count });
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
