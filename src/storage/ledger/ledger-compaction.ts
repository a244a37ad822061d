import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { committing } from '../indexed-db.ts';
import { compactLedger, ledgerStores } from './ledger-store.ts';

/** Replaces the ledger's records by what is pending, from time to time. */
export interface LedgerCompaction {
  /** This tab uses these, however long ago they were recorded. */
  useRelays(relayIDs: readonly string[]): void;
  readonly relayIDs: readonly string[];
  /** The ledger was read and has this many facts that may be settled. */
  found(count: number): void;
  /** This many facts were added. */
  wrote(count: number): void;
  close(): void;
}

const minFacts = 64;
const idleMs = 1_000;

export function createLedgerCompaction(options: {
  readonly clock: Clock;
  begin(mode: IDBTransactionMode, names: readonly string[]): Promise<IDBTransaction>;
  readonly logger: Logger;
}): LedgerCompaction {
  const { clock, begin, logger } = options;
  let relayIDs: readonly string[] = [];
  /** Facts since the last compaction, as far as this tab knows. */
  let facts = 0;
  /** Facts that the last compaction left. */
  let left = 0;
  let cancel: (() => void) | undefined;
  let isClosed = false;

  async function compact(): Promise<void> {
    facts = 0;
    try {
      left = await committing(await begin('readwrite', ledgerStores), (transaction) =>
        compactLedger(transaction, { clock, relayIDs }),
      );
    } catch (error) {
      // The transaction that failed changed nothing.
      logger.warn('Could not compact the ledger', { error });
    }
  }

  function compactWhenIdle(): void {
    if (isClosed || facts < Math.max(minFacts, left)) return;
    cancel ??= clock.after(idleMs, () => {
      cancel = undefined;
      void compact();
    });
  }

  return {
    useRelays: (ids) => void (relayIDs = ids),
    get relayIDs() {
      return relayIDs;
    },
    found(count) {
      facts = Math.max(facts, count - left);
      compactWhenIdle();
    },
    wrote(count) {
      facts += count;
      compactWhenIdle();
    },
    close() {
      isClosed = true;
      cancel?.();
    },
  };
}
