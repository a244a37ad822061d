import { stores } from '../account-database.ts';
import { isDeleteSession, type RawCoID } from '../../engine/content.ts';
import { committing } from '../indexed-db.ts';
import { joinPieces } from './pieces.ts';
import { addPieces, takePieces } from './segments.ts';

/** Erases the content of a deleted CoValue except its header and the deletion itself. */
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
