import type { LocalNode, RawCoID } from 'cojson';
import { knownCountsOfState, type KnownCounts } from '../../engine/known-counts.ts';
import type { KernelDeviceStorage } from '../../storage/kernel-device-storage.ts';

/** What is stored of CoValues. */
export interface DeviceStates {
  /** Without those that are not stored. Rejects if the storage cannot be read; an app's own storage cannot say so. */
  read(ids: readonly RawCoID[]): Promise<ReadonlyMap<RawCoID, KnownCounts>>;
  /** All stored IDs, in pages. Rejects like `read`. */
  ids(): AsyncIterable<readonly RawCoID[]>;
}

const idsAtOnce = 200;

export function createDeviceStates({ storage }: LocalNode): DeviceStates {
  const { storedStates, inspection } = (storage ?? {}) as Partial<KernelDeviceStorage>;

  async function* pages(): AsyncGenerator<readonly RawCoID[]> {
    for (let offset = 0; storage; offset += idsAtOnce) {
      const ids = await new Promise<readonly RawCoID[]>((resolve) =>
        storage.getCoValueIDs(idsAtOnce, offset, (found) => resolve(found.map(({ id }) => id))),
      );
      yield ids;
      if (ids.length < idsAtOnce) return;
    }
  }

  async function* inspectedPages(inspected: NonNullable<typeof inspection>) {
    for await (const page of inspected.ids()) yield page.map(({ id }) => id);
  }

  return {
    async read(ids) {
      if (storedStates) {
        const states = await storedStates(new Set(ids));
        return new Map([...states].map(([id, state]) => [id, knownCountsOfState(state)]));
      }
      const states = await Promise.all(
        ids.map(
          (id) =>
            new Promise<readonly [RawCoID, KnownCounts][]>((resolve) => {
              if (!storage) return resolve([]);
              storage.loadKnownState(id, (state) => resolve(state ? [[id, knownCountsOfState(state)]] : []));
            }),
        ),
      );
      return new Map(states.flat());
    },
    ids: () => (inspection && storedStates ? inspectedPages(inspection) : pages()),
  };
}
