import type { LocalNode, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Pacer } from '../../base/pacer.ts';
import { knownCountsOfState } from '../../engine/known-counts.ts';
import type { Ladder } from '../ladder.ts';
import type { UnconfirmedMarks } from '../unconfirmed-marks.ts';
import type { ContentImport } from './content-import.ts';
import type { OtherTabs } from './other-tabs.ts';
import { createTabReads, type TabReads } from './tab-reads.ts';

/** Brings this node up to date with the shared database, including what other tabs could not announce. */
export interface CatchUp extends TabReads {
  /** Reads everything, because messages may have been missed. */
  readAll(): void;
  /** Reads what is marked as unconfirmed, because another tab's announcement of it may not have arrived. */
  readMarked(): void;
  /** Like `readMarked`, after a tab has said goodbye and has had time to write. */
  readLastWord(): void;
  close(): void;
}

/** A closing tab may still be writing, so wait this long before reading. */
const lastWordMs = 500;
/** A tab that was killed may not have announced what it wrote. */
const checkIntervalMs = 60_000;

export function createCatchUp(options: {
  readonly node: LocalNode;
  readonly ladder: Pick<Ladder, 'pending' | 'savedElsewhere'>;
  readonly marks: Pick<UnconfirmedMarks, 'read'>;
  readonly clock: Clock;
  readonly others: Pick<OtherTabs, 'withoutOwn' | 'wereAny'>;
  readonly pacer: Pacer;
  readonly logger: Logger;
  readonly contentImport: Pick<ContentImport, 'fromStorage'>;
  /** The whole CoValue counts as unconfirmed, because its mark does not name the edits. */
  readonly onRecalled: (id: string) => void;
}): CatchUp {
  const { node, ladder, marks, clock, others, pacer, logger, contentImport, onRecalled } = options;
  const reads = createTabReads({ node, pacer, logger, importContent: contentImport.fromStorage });
  let cancelLastWord: (() => void) | undefined;
  let cancelCheck = clock.after(checkIntervalMs, check);

  function check(): void {
    cancelCheck = clock.after(checkIntervalMs, check);
    if (others.wereAny) readMarked();
  }

  function readMarked(): void {
    cancelLastWord?.();
    cancelLastWord = undefined;
    marks.read((ids) => {
      for (const id of ids as readonly RawCoID[]) {
        reads.read(id);
        if (!ladder.pending.has(id)) countStored(id);
      }
    });
  }

  function countStored(id: RawCoID): void {
    node.storage?.loadKnownState(id, (state) => {
      if (!state) return;
      onRecalled(id);
      ladder.savedElsewhere(id, others.withoutOwn(knownCountsOfState(state)));
    });
  }

  return {
    read: reads.read,
    readAll() {
      for (const { id } of node.allCoValues()) reads.read(id);
      readMarked();
    },
    readMarked,
    readLastWord: () => void (cancelLastWord ??= clock.after(lastWordMs, readMarked)),
    close() {
      cancelLastWord?.();
      cancelCheck();
    },
  };
}
