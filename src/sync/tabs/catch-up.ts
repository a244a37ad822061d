import type { LocalNode, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Pacer } from '../../base/pacer.ts';
import { coverageOfState } from '../../engine/known-counts.ts';
import type { Ladder } from '../ladder.ts';
import type { UnconfirmedMarks } from '../unconfirmed-marks.ts';
import type { HandOver } from './content-import.ts';
import type { OtherTabs } from './other-tabs.ts';
import { createTabReads, type TabReads } from './tab-reads.ts';

/** Brings this node up to what stands in the shared database: what tabs tell, and what they may have told nobody. */
export interface CatchUp extends TabReads {
  /** After messages may have been missed. */
  readAll(): void;
  /** What no relay has confirmed, and another tab may have told while this one slept, or not at all. */
  readMarked(): void;
  /** The same for a tab that is about to be gone, once it has had the time to write. */
  readLastWord(): void;
  close(): void;
}

/** A tab that closes may still be writing; what it wrote is looked for after this. */
const lastWordMs = 500;
/** One that was killed may have told nobody of what it wrote. */
const lookEveryMs = 60_000;

export function createCatchUp(options: {
  readonly node: LocalNode;
  readonly ladder: Pick<Ladder, 'pending' | 'savedElsewhere'>;
  readonly marks: Pick<UnconfirmedMarks, 'read'>;
  readonly clock: Clock;
  readonly others: Pick<OtherTabs, 'withoutOwn' | 'wereAny'>;
  readonly pacer: Pacer;
  readonly logger: Logger;
  readonly handOver: Pick<HandOver, 'fromStorage'>;
  /** All that stands of it is counted as unconfirmed, as there is nothing but its mark to tell by. */
  readonly onRecalled: (id: string) => void;
}): CatchUp {
  const { node, ladder, marks, clock, others, pacer, logger, handOver, onRecalled } = options;
  const reads = createTabReads({ node, pacer, logger, handOut: handOver.fromStorage });
  let cancelLastWord: (() => void) | undefined;
  let cancelLook = clock.after(lookEveryMs, look);

  function look(): void {
    cancelLook = clock.after(lookEveryMs, look);
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
      ladder.savedElsewhere(id, others.withoutOwn(coverageOfState(state)));
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
      cancelLook();
    },
  };
}
