import type { CojsonInternalTypes, LocalNode, RawCoID } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { Pacer } from '../../base/pacer.ts';
import type { KernelDeviceStorage } from '../../storage/kernel-device-storage.ts';
import { coverageOfState, covers, joined, type Coverage } from '../../engine/known-counts.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;

/** Reads from the shared database what other tabs have written of CoValues that this node works on. */
export interface TabReads {
  /** The tab `by` has saved so much of it. Without these, any tab may have saved anything. */
  read(id: RawCoID, saved?: Coverage, by?: string): void;
}

interface Read {
  readonly content: NewContent;
  readonly by: string | undefined;
}

interface Due {
  readonly saved: Coverage | undefined;
  readonly by: string | undefined;
}

/** A transaction of reads holds up writes, those of other tabs too. */
const coValuesAtOnce = 100;

export function createTabReads(options: {
  readonly node: LocalNode;
  readonly pacer: Pacer;
  readonly logger: Logger;
  readonly handOut: (content: NewContent, by: string | undefined) => void;
}): TabReads {
  const { node, pacer, logger, handOut } = options;
  const lane = pacer.lane<Read>(({ content, by }) => handOut(content, by));
  /** In the order in which they were told: what others depend on was written first. */
  const due = new Map<RawCoID, Due>();
  let isReading = false;

  function read(id: RawCoID, saved?: Coverage, by?: string): void {
    if (!isWorkedOn(node, id)) return;
    const before = due.get(id);
    const both = before ? before.saved && saved && joined(before.saved, saved) : saved;
    due.set(id, { saved: both, by: by ?? before?.by });
    if (isReading) return;
    isReading = true;
    // All that is told in one turn is read together.
    queueMicrotask(() => void readDue());
  }

  async function readDue(): Promise<void> {
    while (due.size > 0) {
      const some = [...due].slice(0, coValuesAtOnce);
      for (const [id] of some) due.delete(id);
      lane.push(await readNow(some));
    }
    isReading = false;
  }

  function isBehind(id: RawCoID, saved: Coverage | undefined): boolean {
    const core = node.getCoValue(id);
    return !saved || !core.isAvailable() || !covers(coverageOfState(core.knownState()), saved);
  }

  async function readNow(some: readonly (readonly [RawCoID, Due])[]): Promise<readonly Read[]> {
    try {
      const read = some.map(async ([id, { saved, by }]) => {
        const contents = isBehind(id, saved) ? await readOne(id, saved) : [];
        return contents.map((content) => ({ content, by }));
      });
      return (await Promise.all(read)).flat();
    } catch (error) {
      logger.warn('What another tab has saved could not be read', { error });
      return [];
    }
  }

  async function readOne(id: RawCoID, saved: Coverage | undefined): Promise<readonly NewContent[]> {
    // A session's own storage says how it reads what is new; another one, or a wrapper around it, reads all.
    const storage: (LocalNode['storage'] & Pick<KernelDeviceStorage, 'loadNewer'>) | undefined = node.storage;
    const core = node.getCoValue(id);
    // cojson itself asks the storage once only, and keeps to it that something is not there.
    if (storage?.loadNewer && core.isAvailable()) {
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

  return { read };
}

/** False for what nobody here has asked for, or was let go of: it is read from the storage when it is asked for. */
function isWorkedOn(node: LocalNode, id: RawCoID): boolean {
  if (!node.isCoValueInMemory(id)) return false;
  const { loadingState } = node.getCoValue(id);
  return loadingState === 'available' || loadingState === 'loading' || loadingState === 'unavailable';
}
