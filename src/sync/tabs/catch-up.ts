import type { LocalNode, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Pacer } from '../../base/pacer.ts';
import { isEmpty } from '../../engine/known-counts.ts';
import type { Ladder, Recalled } from '../delivery/ladder.ts';
import type { RecalledDebts } from '../delivery/recall.ts';
import type { ContentImport } from './content-import.ts';
import type { OtherTabs } from './other-tabs.ts';
import { createTabReads, type TabReads } from './tab-reads.ts';

/** Brings this node up to date with the shared database, including what other tabs could not announce. */
export interface CatchUp extends Pick<TabReads, 'read'> {
  /** Reads everything, because messages may have been missed. */
  readAll(): void;
  /** Counts what others owe, according to the ledger. */
  count(debts: RecalledDebts): void;
  /** Reads what is owed, because another tab's announcement of it may not have arrived. */
  readOwed(): void;
  /** Like `readOwed`, once for several calls, and after another tab has had time to write. */
  readSoon(): void;
  close(): void;
}

/** A closing tab may still be writing, so wait this long before reading. */
const soonMs = 500;
/** A tab that was killed may not have announced what it wrote. */
const checkIntervalMs = 60_000;

export function createCatchUp(options: {
  readonly node: LocalNode;
  readonly ladder: Pick<Ladder, 'recalled'>;
  readonly readDebts: () => Promise<RecalledDebts>;
  readonly clock: Clock;
  readonly others: Pick<OtherTabs, 'withoutOwn' | 'wereAny'>;
  readonly pacer: Pacer;
  readonly logger: Logger;
  readonly contentImport: Pick<ContentImport, 'fromStorage'>;
}): CatchUp {
  const { node, ladder, readDebts, clock, others, pacer, logger, contentImport } = options;
  const reads = createTabReads({ node, clock, pacer, logger, importContent: contentImport.fromStorage });
  const lane = pacer.lane<readonly [RawCoID, Recalled]>(([id, debts]) => {
    reads.read(id);
    const theirs = others.withoutOwn(debts.need);
    if (!isEmpty(theirs)) ladder.recalled(id, { ...debts, need: theirs }, true);
  });
  let cancelSoon: (() => void) | undefined;
  let cancelCheck = clock.after(checkIntervalMs, check);

  function check(): void {
    cancelCheck = clock.after(checkIntervalMs, check);
    if (others.wereAny) readOwed();
  }

  function readOwed(): void {
    cancelSoon?.();
    cancelSoon = undefined;
    readDebts().then(count, (error: unknown) =>
      // Read again at the next occasion.
      logger.warn('What other tabs have not synced could not be read', { error }),
    );
  }

  function count({ byID }: RecalledDebts): void {
    lane.push([...byID]);
  }

  return {
    read: reads.read,
    readAll() {
      for (const { id } of node.allCoValues()) reads.read(id);
      readOwed();
    },
    count,
    readOwed,
    readSoon: () => void (cancelSoon ??= clock.after(soonMs, readOwed)),
    close() {
      cancelSoon?.();
      cancelCheck();
      lane.clear();
      reads.close();
    },
  };
}
