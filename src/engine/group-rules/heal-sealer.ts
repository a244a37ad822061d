import type { RawGroup } from 'cojson';
import { isAdministrator } from './roles.ts';

/**
 * Gives a group from before cojson had sealers the one that follows from its key, so that whoever is no member can extend
 * it. All administrators make the same one.
 */
export function healSealer(group: RawGroup): void {
  if (!group.core.isGroup()) return;
  if (group.core.isCompletelyDownloaded()) {
    setSealer(group);
  } else {
    group.core.waitFor({
      predicate: (core) => core.isCompletelyDownloaded(),
      onSuccess: () => setSealer(group),
    });
  }
}

function setSealer(group: RawGroup): void {
  const { node } = group.core;
  const readKey = group.get('readKey');
  // Not by a parent's role: the parents are not read yet.
  const role = group.get(node.getCurrentAccountOrAgentID());
  if (!readKey || group.get('groupSealer') || !isAdministrator(role)) return;
  const secret = group.getReadKey(readKey);
  if (!secret) return;
  const { publicKey } = node.crypto.groupSealerFromReadKey(secret);
  group.set('groupSealer', `${readKey}@${publicKey}`, 'trusting');
}
