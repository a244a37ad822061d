import type { Clock } from '../../base/clock.ts';
import { inSlices } from '../../base/sliced-steps.ts';
import type { RawCoID } from '../../engine/content.ts';
import { committing } from '../indexed-db.ts';
import { stockMarks, wholeDebts, type LedgerContents } from '../ledger.ts';
import type { LedgerCompaction } from './ledger-compaction.ts';
import {
  contentsOf,
  hasBegun,
  ledgerStores,
  looseFacts,
  readStored,
  recoverLedger,
  type StoredLedger,
} from './ledger-store.ts';

/** Reads the ledger, with a debt for each CoValue that stock storage lists as unconfirmed. */
export async function readMarkedLedger(options: {
  marked(): Promise<readonly RawCoID[]>;
  /** Whether the first record was written once. */
  wasBegun(): Promise<boolean>;
  begin(mode: IDBTransactionMode, names: readonly string[]): Promise<IDBTransaction>;
  readonly clock: Clock;
  nextTask(): Promise<void>;
  readonly compaction: Pick<LedgerCompaction, 'found' | 'relayIDs'>;
}): Promise<LedgerContents> {
  const { begin, clock, nextTask, compaction } = options;
  const read = async () => readStored(await begin('readonly', ledgerStores));
  const join = async (stored: StoredLedger) => {
    if (!hasBegun(stored) && (await options.wasBegun())) throw new Error('The ledger was cleared.');
    const contents = await inSlices(contentsOf(stored), { nowMs: clock.elapsedMs, nextTask });
    compaction.found(looseFacts(stored, contents));
    return contents;
  };
  // Read first: a migration moves them from there to the ledger.
  const marks = wholeDebts(await options.marked(), stockMarks, clock.nowMs());
  const contents = await join(await read()).catch(async () => {
    // It would be as unreadable in all later runs.
    await committing(await begin('readwrite', ledgerStores), (transaction) =>
      recoverLedger(transaction, compaction.relayIDs, clock.nowMs()),
    );
    return join(await read());
  });
  const { generations, unfilled = [] } = contents;
  // Beside recorded relays, one that could not be recorded has not been compared, either.
  const unrecorded =
    generations.size > 0 ? compaction.relayIDs.filter((relayID) => !generations.has(relayID)) : [];
  return {
    ...contents,
    debts: [...marks, ...contents.debts],
    unfilled: new Set([...unfilled, ...unrecorded]),
  };
}
