import type { RawCoID } from 'cojson';
import { nextTask } from '../../../src/base/next-task.ts';
import type { TabChannel } from '../../../src/platform/platform.ts';
import { createReadable, type Writable } from '../../../src/base/readable.ts';
import type { DeviceStorage, StorageStatus } from '../../../src/storage/device-storage.ts';
import { createMemoryStorage } from '../../../src/storage/memory-storage.ts';
import { joinPieces, knownStateOf, messagesOf, type Piece } from '../../../src/storage/kernel/pieces.ts';
import { planWrites } from '../../../src/storage/kernel/plan-writes.ts';
import { unconfirmedMark } from '../../../src/storage/unconfirmed-mark.ts';
import type { TabsSetup } from '../../../src/sync/tabs/tabs-options.ts';

/** One device's database and tab channel, in memory. */
export interface SharedDevice {
  /** CoValues marked as unconfirmed in the database. */
  readonly marks: ReadonlySet<string>;
  /** All messages posted. */
  readonly posted: readonly object[];
  /** The number of writes to a CoValue. */
  piecesOf(id: string): number;
  openTab(): SharedTab;
}

export interface SharedTab {
  readonly storage: DeviceStorage & { readonly status: Writable<StorageStatus> };
  readonly setup: TabsSetup;
  /** Disconnects it from the other tabs without notifying them. */
  kill(): void;
}

export function createSharedDevice(): SharedDevice {
  const pieces: Piece[] = [];
  const marks = new Set<string>();
  const posted: object[] = [];
  const channels = new Set<(message: unknown) => void>();

  const storedOf = (id: RawCoID) =>
    joinPieces(
      id,
      pieces.filter((piece) => piece.id === id),
    );
  const stateOf = (id: RawCoID) => {
    const stored = storedOf(id);
    return stored && knownStateOf(stored);
  };

  function openTab(): SharedTab {
    let isKilled = false;
    const status = createReadable<StorageStatus>({ kind: 'custom', state: 'ok' });
    const later = (run: () => void) => void nextTask().then(() => isKilled || run());
    const storage = {
      ...createMemoryStorage(),
      status,
      store(content, correct, done) {
        later(() => {
          if (status.current.state !== 'ok') return;
          const plan = planWrites([{ content, correct }], stateOf);
          pieces.push(...plan.pieces);
          if (plan.whole.size > 0) done?.();
        });
      },
      load(id, onContent, onDone) {
        later(() => {
          const stored = storedOf(id as RawCoID);
          for (const message of stored ? messagesOf(stored) : []) onContent(structuredClone(message));
          onDone?.(stored !== undefined);
        });
      },
      loadKnownState: (id, callback) => later(() => callback(stateOf(id as RawCoID))),
      trackCoValuesSyncState(updates, done) {
        later(() => {
          for (const { id, peerId, synced } of updates) {
            if (peerId !== unconfirmedMark) continue;
            if (synced) marks.delete(id);
            else marks.add(id);
          }
          done?.();
        });
      },
      getUnsyncedCoValueIDs: (callback) => later(() => callback([...marks] as RawCoID[])),
    } satisfies SharedTab['storage'];

    function openTabChannel(_name: string, received: (message: unknown) => void): TabChannel {
      const hear = (message: unknown) => later(() => channels.has(hear) && received(message));
      channels.add(hear);
      return {
        post(message) {
          if (isKilled) return;
          posted.push(message);
          for (const each of channels) if (each !== hear) each(structuredClone(message));
        },
        close: () => void channels.delete(hear),
      };
    }

    return {
      storage,
      setup: { name: 'tabs', platform: { openTabChannel } },
      kill: () => void (isKilled = true),
    };
  }

  return { marks, posted, piecesOf: (id) => pieces.filter((piece) => piece.id === id).length, openTab };
}
