import type { Clock } from '../../base/clock.ts';
import { committing } from '../indexed-db.ts';
import { noFacts, type Ledger } from '../ledger.ts';
import type { RawCoID } from '../../engine/content.ts';
import type { LedgerCompaction } from './ledger-compaction.ts';
import { addFacts, ledgerStores, recordRelays } from './ledger-store.ts';
import { readMarkedLedger } from './read-marked-ledger.ts';

/** A ledger beside a storage that cannot write it in its own transactions: each entry is committed in the storage's queue. */
export function createQueuedLedger(options: {
  readonly clock: Clock;
  nextTask(): Promise<void>;
  begin(mode: IDBTransactionMode, names: readonly string[]): Promise<IDBTransaction>;
  push(write: { run(): Promise<void>; done?(): void }): void;
  attempted(): Promise<void>;
  /** CoValues that the storage itself lists as unconfirmed. */
  marked(): Promise<readonly RawCoID[]>;
  unmark(id: RawCoID): Promise<void>;
  readonly compaction: Omit<LedgerCompaction, 'close'>;
}): Ledger {
  const { clock, nextTask, begin, push, attempted, unmark, compaction } = options;
  /** As last read. */
  let marks = new Set<string>();

  async function marked(): Promise<readonly RawCoID[]> {
    const ids = await options.marked();
    marks = new Set(ids);
    return ids;
  }

  async function transact<T>(run: (transaction: IDBTransaction) => Promise<T>): Promise<T> {
    return committing(await begin('readwrite', ledgerStores), run);
  }

  return {
    useRelays(relayIDs) {
      compaction.useRelays(relayIDs);
      push({ run: () => transact((transaction) => recordRelays(transaction, relayIDs, clock.nowMs())) });
    },
    add(facts) {
      push({
        async run() {
          compaction.wrote(await transact((transaction) => addFacts(transaction, { ...noFacts, ...facts })));
        },
      });
    },
    settled(id) {
      if (marks.delete(id)) push({ run: () => unmark(id as RawCoID) });
    },
    attempted,
    written: () => new Promise((done) => push({ run: () => Promise.resolve(), done })),
    async read() {
      await attempted();
      return readMarkedLedger({
        marked,
        wasBegun: () => Promise.resolve(false),
        begin,
        clock,
        nextTask,
        compaction,
      });
    },
  };
}
