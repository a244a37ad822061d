import type { KernelError } from '../../base/kernel-error.ts';
import type { Clock } from '../../base/clock.ts';
import { isEqual } from '../../base/equal.ts';
import type { StorageStatus } from '../../storage/device-storage.ts';
import type { SyncInspection } from '../../sync/inspection.ts';
import { plainError } from '../plain-error.ts';
import { readLocalWrites } from '../../engine/private-fields.ts';
import type { SecondsRing } from '../shared/seconds-ring.ts';
import { exportContent, type WhichContent } from './export-content.ts';
import { measureStorage } from './measure-storage.ts';
import type {
  RoomFacts,
  StorageFacts,
  StorageFailure,
  StorageSizes,
  WriteFacts,
} from '../snapshot/storage-facts.ts';
import { storageInspectionOf } from './storage-of.ts';

/** Follows how writing to this device goes, and counts what is there when somebody asks. */
export interface StorageWatch {
  /** The same object until it says something else. */
  read(status: StorageStatus, nowMs: number): StorageFacts;
  readonly controls: StorageControls;
  close(): void;
}

export interface StorageControls {
  /**
   * Lines of NDJSON: a head, a line for each CoValue as a relay is given it, and an end with their counts. 'unsynced' is what
   * no relay has confirmed, also of other tabs and earlier runs, and 'all' is what is on this device. What is private stays
   * encrypted, and passkeys' entries are left out. What cannot be read has a line that says so. Who ends the iteration ends
   * the reading.
   */
  exportContent(which: WhichContent): AsyncIterable<string>;
  /**
   * Counts what is on this device by kind. That reads all of it, a little in each task of the page: `storage.sizes` in the
   * snapshot says how far it is, and the signal ends it. Resolves with what it got to. Asked again while it runs, it goes on
   * as it is, and either's signal ends it.
   */
  measureStorage(options?: { readonly signal?: AbortSignal }): Promise<StorageSizes>;
  /** Asks the browser, which may ask the person, not to delete by itself what is here: best in a click. */
  keepStorage(): Promise<boolean | 'unknown'>;
}

const slowest = 'storage/write-ms';

export function createStorageWatch(options: {
  readonly inspection: SyncInspection;
  readonly clock: Clock;
  readonly ring: SecondsRing;
  readonly onChange: () => void;
}): StorageWatch {
  const { inspection, clock, ring, onChange } = options;
  const { node } = inspection;
  const device = storageInspectionOf(node);
  let [committed, failed] = [0, 0];
  let lastFailure: WriteFacts['lastFailure'];
  let sizes: StorageSizes | undefined;
  let measuring: { readonly ending: AbortController; readonly result: Promise<StorageSizes> } | undefined;
  let last: StorageFacts | undefined;

  const stop = device?.tries.listen(({ ms, error }) => {
    const atMs = clock.nowMs();
    if (error) {
      failed++;
      lastFailure = { ...failureFrom(error), atMs };
    } else {
      committed++;
      ring.measure(slowest, atMs, ms);
    }
    onChange();
  });

  function readWrites(nowMs: number): WriteFacts {
    const known = device !== undefined;
    const failing = device?.tries.failing;
    return {
      waiting: readLocalWrites(node),
      ...{ committed: known ? committed : 'unknown', failed: known ? failed : 'unknown' },
      slowestMs: ring.peak(slowest, nowMs),
      ...(lastFailure && { lastFailure }),
      ...(failing && { failing }),
    };
  }

  function read(status: StorageStatus, nowMs: number): StorageFacts {
    const { kind, state, error, takeover, persisted = 'unknown' } = status;
    const facts: StorageFacts = {
      ...{ kind, state, persisted, databases: device?.databases() ?? [] },
      ...(error && { error: failureFrom(error) }),
      room: roomOf(status, device?.room.measuredAtMs),
      ...(takeover && { takeover }),
      writes: readWrites(nowMs),
      ...(sizes && { sizes }),
    };
    if (!isEqual(facts, last)) last = facts;
    return last ?? facts;
  }

  async function begin(signal: AbortSignal): Promise<StorageSizes> {
    await device?.room.lookNow();
    return measureStorage({
      ...{ node, clock, signal },
      told(next) {
        sizes = next;
        onChange();
      },
    });
  }

  function measure({ signal }: { readonly signal?: AbortSignal } = {}): Promise<StorageSizes> {
    if (!measuring) {
      const ending = new AbortController();
      const result = begin(ending.signal).finally(() => (measuring = undefined));
      measuring = { ending, result };
    }
    const { ending, result } = measuring;
    if (signal?.aborted) ending.abort();
    signal?.addEventListener('abort', () => ending.abort(), { once: true, signal: ending.signal });
    return result;
  }

  return {
    read,
    controls: {
      exportContent: (which) => exportContent(which, { inspection, clock }),
      measureStorage: measure,
      keepStorage: async () => (await device?.room.keepNow()) ?? 'unknown',
    },
    close() {
      stop?.();
      measuring?.ending.abort();
    },
  };
}

function roomOf({ usedBytes, quotaBytes }: StorageStatus, measuredAtMs: number | undefined): RoomFacts {
  return {
    usedBytes: usedBytes ?? 'unknown',
    quotaBytes: quotaBytes ?? 'unknown',
    measuredAtMs: measuredAtMs ?? 'unknown',
  };
}

function failureFrom(error: KernelError): StorageFailure {
  const { cause } = error;
  return { ...plainError(error), ...(cause instanceof Error && { cause: cause.name }) };
}
