import type { LocalNode, RawCoID } from 'cojson';
import { knownCountsOfState, type KnownCounts } from '../../engine/known-counts.ts';
import type { Signature } from '../../engine/content.ts';
import type { KernelDeviceStorage } from '../../storage/kernel-device-storage.ts';

export interface DeviceState {
  readonly counts: KnownCounts;
  /** Each session's last one. Empty if an app's own storage cannot tell. */
  readonly signatures: Readonly<Record<string, Signature>>;
  /** Sessions of which memory has other transactions. Absent for an app's own storage. */
  readonly forks?: ReadonlySet<string>;
}

/** What is stored of CoValues. */
export interface DeviceStates {
  /** Without those that are not stored. Rejects if the storage cannot be read; an app's own storage cannot say so. */
  read(ids: readonly RawCoID[]): Promise<ReadonlyMap<RawCoID, DeviceState>>;
  /** All stored IDs, in pages. Rejects like `read`. */
  ids(): AsyncIterable<readonly RawCoID[]>;
}

const idsAtOnce = 200;

export function createDeviceStates({ storage }: LocalNode): DeviceStates {
  const { stored } = (storage ?? {}) as Partial<KernelDeviceStorage>;

  async function* storedPages({ ids }: NonNullable<typeof stored>): AsyncGenerator<readonly RawCoID[]> {
    for await (const page of ids()) yield page.map(({ id }) => id);
  }

  async function* customPages(): AsyncGenerator<readonly RawCoID[]> {
    for (let offset = 0; storage; offset += idsAtOnce) {
      const ids = await new Promise<readonly RawCoID[]>((resolve) =>
        storage.getCoValueIDs(idsAtOnce, offset, (found) => resolve(found.map(({ id }) => id))),
      );
      yield ids;
      if (ids.length < idsAtOnce) return;
    }
  }

  return {
    async read(ids) {
      if (stored) {
        const states = await stored.states(new Set(ids));
        return new Map(
          [...states].map(([id, { known, ...rest }]) => [id, { counts: knownCountsOfState(known), ...rest }]),
        );
      }
      const states = await Promise.all(
        ids.map(
          (id) =>
            new Promise<readonly [RawCoID, DeviceState][]>((resolve) => {
              if (!storage) return resolve([]);
              storage.loadKnownState(id, (state) =>
                resolve(state ? [[id, { counts: knownCountsOfState(state), signatures: {} }]] : []),
              );
            }),
        ),
      );
      return new Map(states.flat());
    },
    ids: () => (stored ? storedPages(stored) : customPages()),
  };
}
