import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { isEqual } from '../../base/equal.ts';
import type { KernelError } from '../../base/kernel-error.ts';
import { readLocalWrites } from '../../engine/private-fields.ts';
import type { StorageStatus } from '../../storage/device-storage.ts';
import type { KernelDeviceStorage } from '../../storage/kernel-device-storage.ts';
import type { StorageInspection } from '../../storage/storage-inspection.ts';
import type { SyncInspection } from '../../sync/inspection.ts';
import type { SecondsRing } from '../shared/seconds-ring.ts';
import { toPlainError } from '../shared/to-plain-error.ts';
import type {
  RoomFacts,
  StorageFacts,
  StorageFailure,
  StorageSizes,
  WriteFacts,
} from '../snapshot/storage-facts.ts';
import { exportContent, type WhichContent } from './export-content.ts';
import { measureStorage } from './measure-storage.ts';

export interface StorageWatch {
  /** The same object until a fact changes. */
  read(status: StorageStatus, nowMs: number): StorageFacts;
  readonly controls: StorageControls;
  close(): void;
}

export interface StorageControls {
  /**
   * Lines of NDJSON: a head, a line per CoValue as a relay receives it, and an end with counts. 'unsynced': CoValues with
   * unconfirmed edits, also of other tabs and earlier runs; 'all': everything on this device. Private content is encrypted,
   * passkey entries are excluded, and unreadable CoValues get a line. Ending the iteration ends the reading.
   */
  exportContent(which: WhichContent): AsyncIterable<string>;
  /**
   * Counts this device's content by kind in short tasks, with its progress in `storage.sizes`. After an abort, it
   * resolves with the result so far. A second call joins a running count, and either signal stops it.
   */
  measureStorage(options?: { readonly signal?: AbortSignal }): Promise<StorageSizes>;
  /** Asks the browser, which may prompt the user, not to evict this data. Best called in a click handler. */
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

  const stop = device?.attempts.listen(({ ms, error }) => {
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
    const failing = device?.attempts.failing;
    return {
      waiting: readLocalWrites(node),
      committed: known ? committed : 'unknown',
      failed: known ? failed : 'unknown',
      slowestMs: ring.peak(slowest, nowMs),
      ...(lastFailure && { lastFailure }),
      ...(failing && { failing }),
    };
  }

  function read(status: StorageStatus, nowMs: number): StorageFacts {
    const { kind, state, error, takeover, persisted = 'unknown' } = status;
    const facts: StorageFacts = {
      kind,
      state,
      persisted,
      databases: device?.databases() ?? [],
      ...(error && { error: failureFrom(error) }),
      room: roomOf(status, device?.quota.measuredAtMs),
      ...(takeover && { takeover }),
      writes: readWrites(nowMs),
      ...(sizes && { sizes }),
    };
    if (!isEqual(facts, last)) last = facts;
    return last ?? facts;
  }

  async function begin(signal: AbortSignal): Promise<StorageSizes> {
    await device?.quota.checkNow();
    return measureStorage({
      node,
      device: storageInspectionOf(node),
      clock,
      signal,
      onProgress(next) {
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
      exportContent: (which) =>
        exportContent(which, { inspection, device: storageInspectionOf(node), clock }),
      measureStorage: measure,
      keepStorage: async () => (await device?.quota.persistNow()) ?? 'unknown',
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
  return { ...toPlainError(error), ...(cause instanceof Error && { cause: cause.name }) };
}

/** Undefined if the node stores nothing, or uses a storage that is not one of the kernel's. */
function storageInspectionOf({ storage }: LocalNode): StorageInspection | undefined {
  return (storage as Partial<KernelDeviceStorage> | undefined)?.inspection;
}
