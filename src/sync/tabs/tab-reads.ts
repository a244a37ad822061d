import type { CojsonInternalTypes, LocalNode, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Pacer } from '../../base/pacer.ts';
import type { KernelDeviceStorage } from '../../storage/kernel-device-storage.ts';
import { knownCountsOfState, covers, mergeCounts, type KnownCounts } from '../../engine/known-counts.ts';
import { getAvailableCoValue, getKnownCoValue, hasWaitingContent } from '../../engine/covalue-lookup.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;

/** Reads from the shared database what other tabs have written to CoValues that this node uses. */
export interface TabReads {
  /** Another tab has saved this much of it. If omitted, any tab may have saved anything. */
  read(id: RawCoID, saved?: KnownCounts): void;
  close(): void;
}

/** What was announced. */
type Due = readonly [RawCoID, KnownCounts | undefined];

/** Limited, because a read transaction blocks writes, including those of other tabs. */
const coValuesAtOnce = 100;
const retryMs = 1_000;

export function createTabReads(options: {
  readonly node: LocalNode;
  readonly clock: Clock;
  readonly pacer: Pacer;
  readonly logger: Logger;
  readonly importContent: (content: NewContent) => void;
}): TabReads {
  const { node, clock, pacer, logger, importContent } = options;
  const lane = pacer.lane(importContent);
  /** In the order of the announcements, because dependencies were written first. */
  const due = new Map<RawCoID, KnownCounts | undefined>();
  let isReading = false;
  let cancelRetry = () => {};

  function read(id: RawCoID, saved?: KnownCounts): void {
    if (!isWorkedOn(node, id)) return;
    const before = due.get(id);
    due.set(id, due.has(id) ? before && saved && mergeCounts(before, saved) : saved);
    if (isReading) return;
    isReading = true;
    // Everything announced in one turn is read together.
    queueMicrotask(() => void readDue());
  }

  /** What was announced again meanwhile covers it. */
  function readLater(some: readonly Due[]): void {
    for (const [id, before] of some) if (!due.has(id)) due.set(id, before);
    cancelRetry = clock.after(retryMs, () => void readDue());
  }

  async function readDue(): Promise<void> {
    while (due.size > 0) {
      const some = [...due].slice(0, coValuesAtOnce);
      for (const [id] of some) due.delete(id);
      try {
        lane.push(await readNow(some));
      } catch (error) {
        logger.warn('Content saved by another tab could not be read; retrying automatically', { error });
        return readLater(some);
      }
    }
    isReading = false;
  }

  function isBehind(id: RawCoID, saved: KnownCounts | undefined): boolean {
    const core = getAvailableCoValue(node, id);
    return !saved || !core || !covers(knownCountsOfState(core.knownState()), saved);
  }

  async function readNow(some: readonly Due[]): Promise<readonly NewContent[]> {
    const behind = some.filter(([id, saved]) => isBehind(id, saved));
    return (await Promise.all(behind.map(([id, saved]) => readOne(id, saved)))).flat();
  }

  async function readOne(id: RawCoID, saved: KnownCounts | undefined): Promise<readonly NewContent[]> {
    // The kernel's storage can read only what is new. Any other storage, or a wrapper, reads everything.
    const storage: (LocalNode['storage'] & Pick<KernelDeviceStorage, 'loadNewer'>) | undefined = node.storage;
    const core = getAvailableCoValue(node, id);
    // Reads a CoValue that was missing, too, because cojson queries the storage for it only once.
    if (storage?.loadNewer && core) {
      return storage.loadNewer({ header: core.verified.header, state: core.knownState() }, saved);
    }
    const contents: NewContent[] = [];
    await new Promise<void>((resolve) => {
      if (!storage) return resolve();
      storage.load(
        id,
        (content) => contents.push(content),
        () => resolve(),
      );
    });
    return contents;
  }

  return { read, close: () => cancelRetry() };
}

/** False for a CoValue that this node has not requested or has unloaded: it is read from the storage when it is needed. */
function isWorkedOn(node: LocalNode, id: RawCoID): boolean {
  const core = getKnownCoValue(node, id);
  if (!core) return false;
  // What another tab has posted may wait for a dependency, which that tab has now stored, too.
  return hasWaitingContent(core) || ['available', 'loading', 'unavailable'].includes(core.loadingState);
}
