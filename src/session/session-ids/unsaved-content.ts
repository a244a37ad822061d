import type { LocalNode, RawCoID } from 'cojson';
import type { KernelDeviceStorage } from '../../storage/kernel-device-storage.ts';
import { confirmationsOf } from '../../sync/confirmations.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import type { Content } from '../account/genesis.ts';
import type { Fork } from './own-forks.ts';
import { getAvailableCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';

/** Returns the content that only the node's memory has and a successor can use: no forks, and dependencies first. */
export function unsavedContent(
  node: LocalNode,
  sync: SyncPeers,
  storage: Pick<KernelDeviceStorage, 'queuedContent' | 'status'>,
  forks: readonly Fork[],
): readonly Content[] {
  // After sync is closed, only the write queue knows later edits.
  if (storage.queuedContent === 0 && storage.status.current.state === 'ok') return [];
  const ids = new Set<RawCoID>();
  const add = (id: RawCoID) => {
    const core = getAvailableCoValue(node, id);
    if (ids.has(id) || !core) return;
    for (const dependency of core.getDependedOnCoValues()) add(dependency);
    ids.add(id);
  };
  for (const id of confirmationsOf(sync)?.pendingAt('saved') ?? []) add(id);
  return [...ids].flatMap((id) => {
    const forked = new Set<string>(forks.flatMap((fork) => (fork.id === id ? fork.sessionID : [])));
    return (getOrCreateCoValue(node, id).newContentSince() ?? []).map((piece) => ({
      ...piece,
      new: Object.fromEntries(Object.entries(piece.new).filter(([sessionID]) => !forked.has(sessionID))),
    }));
  });
}
