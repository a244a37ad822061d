import type { LocalNode, PeerState, RawCoMap, RawCoValue, SyncMessage } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { listen } from '../../engine/node-events.ts';
import type { KernelDeviceStorage } from '../../storage/kernel-device-storage.ts';
import { invalidCoValueID } from '../../engine/covalue-errors.ts';
import { confirmationsOf, type Confirmations } from '../../sync/confirmations.ts';
import type { SyncPeers, WaitOptions } from '../../sync/sync-peers.ts';
import { isCoValueID } from '../../wire/ids.ts';
import { isPartial } from '../../wire/sync-message.ts';
import { loadAborted, loadAfterClose } from './load-errors.ts';
import { beginLoad, type PendingLoad } from './pending-load.ts';

/** Loads CoValues for an app. Every load ends, and what it resolves with is complete. */
export interface Loads {
  load<T extends RawCoValue = RawCoMap>(id: string, options?: WaitOptions): Promise<T>;
  /** Rejects all loads, and every later one. */
  close(): void;
}

const defaultTimeoutMs = 10_000;

export function createLoads(options: {
  readonly node: LocalNode;
  readonly sync: SyncPeers;
  readonly storage: Pick<KernelDeviceStorage, 'status' | 'readFailure'>;
  readonly clock: Clock;
}): Loads {
  const { node, sync, storage } = options;
  const pending = new Set<PendingLoad>();
  /** By the ID of each CoValue about which a load needs answers. */
  const pendingByID = new Map<string, Set<PendingLoad>>();
  let stopFollowing: (() => void) | undefined;
  /** The sync that will notify the loads, because its relays may have lost data. */
  let awaited: Confirmations | undefined;
  let isClosed = false;

  function checkAll(): void {
    for (const load of [...pending]) load.check();
  }

  function follow(): () => void {
    let phases = '';
    const ends = [
      listen(node, { handled }),
      storage.status.subscribe(checkAll),
      sync.subscribe(({ peers }) => {
        const before = phases;
        phases = peers.map(({ phase }) => phase).join();
        if (phases !== before) checkAll();
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  /** Whether the relays' answers count. Until they do, one of them may have lost what it lacks. */
  function isSure(): boolean {
    const confirmations = confirmationsOf(sync);
    if (!confirmations || confirmations.isSure()) return true;
    if (awaited !== confirmations) {
      awaited = confirmations;
      void confirmations.whenSure().then(() => {
        awaited = undefined;
        checkAll();
      });
    }
    return false;
  }

  function handled(message: SyncMessage, peer: PeerState): void {
    if (message.action !== 'content' && message.action !== 'known') return;
    // It answers content that this device sent, not a question.
    if (isPartial(message)) return;
    for (const load of [...(pendingByID.get(message.id) ?? [])]) load.answered(message, peer);
  }

  function need(load: PendingLoad, id: string): void {
    pendingByID.set(id, (pendingByID.get(id) ?? new Set()).add(load));
  }

  function end(load: PendingLoad, ids: Iterable<string>): void {
    pending.delete(load);
    for (const id of ids) {
      const others = pendingByID.get(id);
      others?.delete(load);
      if (others?.size === 0) pendingByID.delete(id);
    }
    if (pending.size > 0) return;
    stopFollowing?.();
    stopFollowing = undefined;
  }

  async function load(
    id: string,
    { signal, timeoutMs = defaultTimeoutMs }: WaitOptions = {},
  ): Promise<RawCoValue> {
    if (!isCoValueID(id)) throw invalidCoValueID(id);
    if (signal?.aborted) throw loadAborted(id, signal);
    if (isClosed) throw loadAfterClose();
    return new Promise((resolve, reject) => {
      stopFollowing ??= follow();
      beginLoad({ ...options, id, signal, timeoutMs, resolve, reject, pending, isSure, need, end });
    });
  }

  return {
    load: load as Loads['load'],
    close() {
      isClosed = true;
      for (const one of [...pending]) one.reject(loadAfterClose());
    },
  };
}
