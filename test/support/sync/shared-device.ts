import type { LocalNode } from 'cojson';
import type { Content, RawCoID } from '../../../src/engine/content.ts';
import { getKnownCoValue } from '../../../src/engine/covalue-lookup.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { createKernelError } from '../../../src/base/kernel-error.ts';
import { nextTask } from '../../../src/base/next-task.ts';
import type { TabChannel } from '../../../src/platform/platform.ts';
import { createReadable, type Writable } from '../../../src/base/readable.ts';
import type { StorageStatus } from '../../../src/storage/device-storage.ts';
import type { KernelDeviceStorage } from '../../../src/storage/kernel-device-storage.ts';
import type { RelayMemory, RememberedRelay } from '../../../src/storage/remembered-relay.ts';
import { createMemoryStorage } from '../../../src/storage/memory-storage.ts';
import { createLedgerLog, type LedgerLog } from '../storage/ledger-log.ts';
import { createKnownStates } from '../../../src/storage/kernel/known-states.ts';
import { createLoads } from '../../../src/storage/kernel/loads.ts';
import { joinPieces, knownStateOf, storedStateOf, type Piece } from '../../../src/storage/kernel/pieces.ts';
import { planWrites } from '../../../src/storage/kernel/plan-writes.ts';
import type { TabsSetup } from '../../../src/sync/tabs/tabs-options.ts';
import { mapRelayMemory } from '../storage/map-relay-memory.ts';

/** One device's database and tab channel, in memory. */
export interface SharedDevice {
  readonly ledger: LedgerLog;
  /** All messages posted. */
  readonly posted: readonly object[];
  /** The number of writes to a CoValue. */
  piecesOf(id: string): number;
  openTab(): SharedTab;
}

export interface SharedTab {
  readonly storage: KernelDeviceStorage & { readonly status: Writable<StorageStatus> };
  readonly setup: TabsSetup;
  readonly memory: RelayMemory;
  /** Disconnects it from the other tabs without notifying them. */
  kill(): void;
}

export function createSharedDevice(): SharedDevice {
  const pieces: Piece[] = [];
  const relays = new Map<string, RememberedRelay>();
  const ledger = createLedgerLog(relays);
  const memory = mapRelayMemory(relays);
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
    let node: LocalNode | undefined;
    const known = createKnownStates((id) => node && getKnownCoValue(node, id));
    const status = createReadable<StorageStatus>({ kind: 'custom', state: 'ok' });
    const later = (run: () => void) => void nextTask().then(() => isKilled || run());
    const attempted = () => new Promise<void>((resolve) => later(resolve));
    const loads = createLoads({
      async read(ids) {
        await attempted();
        return new Map([...ids].map((id) => [id, pieces.filter((piece) => piece.id === id)]));
      },
      known,
      clock: systemClock,
      nextTask,
      failed: () => createKernelError('STORAGE_UNAVAILABLE', 'This device’s memory cannot be read.'),
      recovered: () => {},
    });
    const storage = {
      ...createMemoryStorage(),
      status,
      store(content, correct, done) {
        later(() => {
          if (status.current.state !== 'ok') return;
          const plan = planWrites([{ content, correct }], stateOf, known.isFork);
          pieces.push(...plan.pieces);
          if (plan.whole.size > 0) done?.();
        });
      },
      useNode: (its) => void (node = its),
      load(id, onContent, onDone) {
        const give = (message: Content) => onContent(structuredClone(message));
        loads.load(id as RawCoID, give, onDone ?? (() => {}));
      },
      stored: {
        async *ids() {
          await attempted();
          yield [...new Set(pieces.map(({ id }) => id))].map((id) => ({ id }));
        },
        async states(ids) {
          await attempted();
          const all = [...ids].flatMap((id) => storedOf(id) ?? []);
          return new Map(all.map((stored) => [stored.id, storedStateOf(stored, known.forksOf(stored))]));
        },
      },
      loadKnownState: (id, callback) => later(() => callback(stateOf(id as RawCoID))),
      ledger: {
        useRelays: ledger.useRelays,
        add: (facts) => later(() => ledger.add(facts)),
        settled: () => {},
        attempted,
        written: attempted,
        read: () => new Promise((resolve) => later(() => resolve(ledger.contents()))),
      },
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
      memory,
      setup: { name: 'tabs', platform: { openTabChannel } },
      kill: () => void (isKilled = true),
    };
  }

  return { ledger, posted, piecesOf: (id) => pieces.filter((piece) => piece.id === id).length, openTab };
}
