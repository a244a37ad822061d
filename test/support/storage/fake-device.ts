import type { CojsonInternalTypes, LocalNode, RawCoID } from 'cojson';
import { createMemoryStorage } from '../../../src/storage/memory-storage.ts';
import type { StorageInspection } from '../../../src/storage/storage-inspection.ts';
import type { WriteAttempt } from '../../../src/storage/write-queue.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;

/** A node's storage with the content and faults that a test chooses. */
export interface FakeDevice {
  /** Stores the node's content of these CoValues. */
  keep(node: LocalNode, ids: readonly string[]): void;
  readonly unconfirmed: Set<string>;
  /** Reading these fails; with `all`, listing fails, too. */
  readonly broken: Set<string>;
  /** The IDs read so far. */
  readonly reads: readonly string[];
  onRead(id: string): void;
  failing: StorageInspection['attempts']['failing'];
  tried(outcome: Partial<WriteAttempt>): void;
  /** The browser's answer to a request for persistent storage. */
  keeps: boolean | undefined;
  readonly calls: string[];
}

export function giveFakeDevice(node: LocalNode): FakeDevice {
  const contents = new Map<RawCoID, readonly NewContent[]>();
  const listeners = new Set<(tried: WriteAttempt) => void>();
  const reads: string[] = [];
  const device: FakeDevice = {
    keep(from, ids) {
      for (const id of ids)
        contents.set(id as RawCoID, from.getCoValue(id as RawCoID).newContentSince() ?? []);
    },
    unconfirmed: new Set(),
    broken: new Set(),
    reads,
    onRead: () => {},
    failing: undefined,
    tried: (outcome) => listeners.forEach((listener) => listener({ writes: 1, ms: 1, ...outcome })),
    keeps: undefined,
    calls: [],
  };
  const check = (id: string) => {
    if (device.broken.has(id)) throw new DOMException('what it says of it', 'DataError');
  };
  const inspection: StorageInspection = {
    databases: () => ['maia-co_zFake'],
    // eslint-disable-next-line @typescript-eslint/require-await -- real storages are asynchronous
    async *ids() {
      check('all');
      yield [...contents.keys()].map((id, place) => ({ id, place }));
    },
    unconfirmed: () => Promise.resolve([...device.unconfirmed] as RawCoID[]),
    // eslint-disable-next-line @typescript-eslint/require-await -- real storages are asynchronous
    async read(ids) {
      const found = new Map<RawCoID, readonly NewContent[]>();
      for (const id of ids) {
        check(id);
        reads.push(id);
        device.onRead(id);
        const content = contents.get(id);
        if (content) found.set(id, content);
      }
      return found;
    },
    attempts: {
      get failing() {
        return device.failing;
      },
      listen(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    quota: {
      check: () => {},
      persist: () => {},
      measuredAtMs: 1_700_000_000_000,
      checkNow: () => Promise.resolve(void device.calls.push('look')),
      persistNow() {
        device.calls.push('keep');
        return Promise.resolve(device.keeps);
      },
    },
  };
  node.setStorage(Object.assign(createMemoryStorage(), { inspection }));
  return device;
}
