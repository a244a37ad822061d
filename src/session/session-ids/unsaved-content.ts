import type { LocalNode, RawCoID } from 'cojson';
import type { KernelDeviceStorage } from '../../storage/kernel-device-storage.ts';
import { confirmationsOf } from '../../sync/confirmations.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import type { Content } from '../account/genesis.ts';
import type { Fork } from './own-forks.ts';

/**
 * What stands in a node's memory only, as far as a session that takes its place can go on with it: its forks are left out.
 * Dependencies first.
 */
export function unsavedContent(
  node: LocalNode,
  sync: SyncPeers,
  storage: Pick<KernelDeviceStorage, 'queuedContent' | 'status'>,
  forks: readonly Fork[],
): readonly Content[] {
  // Once sync is closed, only the queue knows what was written since.
  if (storage.queuedContent === 0 && storage.status.current.state === 'ok') return [];
  const ids = new Set<RawCoID>();
  const add = (id: RawCoID) => {
    const core = node.getCoValue(id);
    if (ids.has(id) || !core.isAvailable()) return;
    for (const dependency of core.getDependedOnCoValues()) add(dependency);
    ids.add(id);
  };
  for (const id of confirmationsOf(sync)?.pendingAt('saved') ?? []) add(id);
  return [...ids].flatMap((id) => {
    const forked = new Set<string>(forks.flatMap((fork) => (fork.id === id ? fork.sessionID : [])));
    return (node.getCoValue(id).newContentSince() ?? []).map((piece) => ({
      ...piece,
      new: Object.fromEntries(Object.entries(piece.new).filter(([sessionID]) => !forked.has(sessionID))),
    }));
  });
}
