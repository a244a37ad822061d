import type { CojsonInternalTypes, LocalNode, RawCoID } from 'cojson';
import { createMemoryStorage } from '../../../src/storage/memory-storage.ts';
import type { StorageInspection } from '../../../src/storage/storage-inspection.ts';
import type { WriteTry } from '../../../src/storage/write-queue.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;

/** What stands on a device, as a test decides; a node is given it as its storage. */
export interface FakeDevice {
  /** From now on it has what the node has of these. */
  keep(node: LocalNode, ids: readonly string[]): void;
  readonly unconfirmed: Set<string>;
  /** Reading fails for these; `all`: even to say what there is. */
  readonly broken: Set<string>;
  /** What has been read so far. */
  readonly reads: readonly string[];
  onRead(id: string): void;
  failing: StorageInspection['tries']['failing'];
  tried(outcome: Partial<WriteTry>): void;
  /** What the browser answers where it is asked to keep all of it. */
  keeps: boolean | undefined;
  readonly calls: string[];
}

export function giveFakeDevice(node: LocalNode): FakeDevice {
  const contents = new Map<RawCoID, readonly NewContent[]>();
  const listeners = new Set<(tried: WriteTry) => void>();
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
    // eslint-disable-next-line @typescript-eslint/require-await -- as real ones are
    async *ids() {
      check('all');
      yield [...contents.keys()].map((id, place) => ({ id, place }));
    },
    unconfirmed: () => Promise.resolve([...device.unconfirmed] as RawCoID[]),
    // eslint-disable-next-line @typescript-eslint/require-await -- as real ones are
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
    tries: {
      get failing() {
        return device.failing;
      },
      listen(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    room: {
      look: () => {},
      keep: () => {},
      measuredAtMs: 1_700_000_000_000,
      lookNow: () => Promise.resolve(void device.calls.push('look')),
      keepNow() {
        device.calls.push('keep');
        return Promise.resolve(device.keeps);
      },
    },
  };
  node.setStorage(Object.assign(createMemoryStorage(), { inspection }));
  return device;
}
