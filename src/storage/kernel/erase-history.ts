import { stores } from '../account-database.ts';
import { isDeleteSession, type RawCoID } from '../content.ts';
import { committing } from '../indexed-db.ts';
import { joinPieces } from './pieces.ts';
import { addPieces, takePieces } from './segments.ts';

/** Of a deleted CoValue the header and the deletion stay: what it was is nobody's business any more. */
export function eraseHistory(transaction: IDBTransaction, id: RawCoID): Promise<void> {
  return committing(transaction, async () => {
    const stored = joinPieces(id, await takePieces(transaction, id));
    if (stored) {
      const { header } = stored;
      const runs = [...stored.runs].flatMap(([sessionID, all]) => (isDeleteSession(sessionID) ? all : []));
      addPieces(transaction, [{ id, header, runs }]);
    }
    transaction.objectStore(stores.deleted).delete(id);
  });
}
