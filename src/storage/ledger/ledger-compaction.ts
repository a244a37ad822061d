import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { committing } from '../indexed-db.ts';
import { compactLedger, ledgerStores } from './ledger-store.ts';

/** Replaces the ledger's records by what is pending, from time to time. */
export interface LedgerCompaction {
  /** This tab uses these, however long ago they were recorded. */
  useRelays(relayIDs: readonly string[]): void;
  readonly relayIDs: readonly string[];
  /** The ledger was read and has this many records. */
  found(count: number): void;
  /** A record was added. */
  wrote(): void;
  close(): void;
}

const minRecords = 64;
const idleMs = 1_000;

export function createLedgerCompaction(options: {
  readonly clock: Clock;
  begin(mode: IDBTransactionMode, names: readonly string[]): Promise<IDBTransaction>;
  readonly logger: Logger;
}): LedgerCompaction {
  const { clock, begin, logger } = options;
  let relayIDs: readonly string[] = [];
  let records = 0;
  /** Records that the last compaction left. */
  let left = 0;
  let cancel: (() => void) | undefined;

  async function compact(): Promise<void> {
    records = 0;
    try {
      left = await committing(await begin('readwrite', ledgerStores), (transaction) =>
        compactLedger(transaction, { clock, relayIDs }),
      );
    } catch (error) {
      // The transaction that failed changed nothing.
      logger.warn('Could not compact the ledger', { error });
    }
  }

  return {
    useRelays: (ids) => void (relayIDs = ids),
    get relayIDs() {
      return relayIDs;
    },
    found: (count) => void (records = Math.max(records, count - left)),
    wrote() {
      records++;
      if (records < Math.max(minRecords, left)) return;
      cancel ??= clock.after(idleMs, () => {
        cancel = undefined;
        void compact();
      });
    },
    close: () => cancel?.(),
  };
}
