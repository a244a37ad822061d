import type { LocalNode, RawAccountID } from 'cojson';
import { isKernelError, type KernelError } from '../platform/kernel-error.ts';
import { callListener } from '../platform/readable.ts';
import type { DeviceStorage } from '../storage/device-storage.ts';
import { storageErrorFrom } from '../storage/storage-error.ts';
import type { SyncPeers } from '../sync/sync-peers.ts';
import type { Session } from './session.ts';

/** The session of a node that has its account, its storage and its sync. Closing it ends all three. */
export function createSession(parts: {
  readonly node: LocalNode;
  readonly accountID: RawAccountID;
  readonly storage: DeviceStorage;
  readonly sync: SyncPeers;
  /** Ends what else was begun for the session. */
  readonly end: () => void;
}): Session {
  const { node, accountID, storage, sync, end } = parts;
  const account = node.expectCurrentAccount('A session has its account.');
  const listeners = new Set<(reason: KernelError | undefined) => void>();
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    let reason: KernelError | undefined;
    end();
    try {
      await sync.close();
      await node.gracefulShutdown();
    } catch (error) {
      // What waited for this device could not be written; the session is closed all the same.
      reason = isKernelError(error) ? error : storageErrorFrom(error, 'STORAGE_WRITE_FAILED');
    }
    for (const listener of listeners) callListener(listener, reason);
    if (reason) throw reason;
  }

  return {
    node,
    account,
    accountID,
    sync,
    storage: storage.status,
    close: () => (closing ??= close()),
    on(_event, listener) {
      const own = (reason: KernelError | undefined) => listener(reason);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}
