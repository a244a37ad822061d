import { accountDatabase, stores } from '../account-database.ts';
import type { RawCoID, SessionID } from '../../engine/content.ts';
import { committing, openDatabase } from '../indexed-db.ts';
import { addPieces, takePieces } from './segments.ts';

export async function deleteKernelSessions(
  indexedDB: IDBFactory,
  accountID: string,
  sessions: readonly { readonly id: RawCoID; readonly sessionID: SessionID }[],
): Promise<void> {
  const db = await openDatabase(indexedDB, { name: accountDatabase(accountID).name });
  if (!db) return;
  try {
    if (!db.objectStoreNames.contains(stores.segments)) return;
    const transaction = db.transaction([stores.segments], 'readwrite', { durability: 'strict' });
    await committing(transaction, async () => {
      for (const { id, sessionID } of sessions) {
        const pieces = await takePieces(transaction, id);
        addPieces(
          transaction,
          pieces.map((piece) => ({
            ...piece,
            runs: piece.runs.filter((run) => run.sessionID !== sessionID),
          })),
        );
      }
    });
  } finally {
    db.close();
  }
}
