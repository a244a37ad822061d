import type { RawGroup } from 'cojson';
import { isComplete } from '../../covalue-access.ts';
import { readKeysEncrypting } from '../../private-fields.ts';
import { readAfter, revealKey } from '../../private-methods.ts';
import { everyone } from '../group-transaction.ts';
import type { KeyID } from './key-search.ts';
import { canRead } from './leaked-keys.ts';
import { currentKeyOf, revealToParent, type Key } from './parent-revelations.ts';

type Removed = Parameters<RawGroup['rotateReadKey']>[0];
type Reader = Parameters<typeof revealKey>[1];

/**
 * Replaces a group's read key, and the write keys of its members. cojson 0.20 throws before it sets the new key if the old one,
 * or the key of a group above, is not here: then a manager, or whoever administers a group above, can end all removals. It
 * also reveals no new key to a group above in which this account may not read.
 */
export function replaceReadKey(group: RawGroup, removed: Removed): void {
  // All accounts could read it.
  if (removed !== everyone && canRead(group.get(everyone))) return;
  // The missing part can hold the key, and members who would not get the new one.
  if (!currentKeyOf(group) && !isComplete(group.core))
    throw new Error(`The key of ${group.id} is not here yet`);
  const { crypto } = group.core.node;
  const members = group.getMemberKeys().filter((member) => member !== removed);
  const readers = members.filter((member) => canRead(group.get(member)));
  const unchained = unchainedKeys(group);

  const key = crypto.newRandomKeySecret();
  revealToAll(group, readers, key);
  for (const member of members) {
    if (!group.get(member)?.startsWith('writeOnly')) continue;
    const own = crypto.newRandomKeySecret();
    revealKey(group, member, own.id, own.secret);
    group.set(`writeKeyFor_${member}` as 'readKey', own.id, 'trusting');
    revealToAll(group, readers, own);
    for (const parent of group.getParentGroups()) revealToParent(group, parent, own);
  }
  for (const toEncrypt of unchained) {
    const { encrypted } = crypto.encryptKeySecret({ encrypting: key, toEncrypt });
    group.set(`${toEncrypt.id}_for_${key.id}`, encrypted, 'trusting');
  }
  group.set('readKey', key.id, 'trusting');
  const { publicKey } = crypto.groupSealerFromReadKey(key.secret);
  group.set('groupSealer', `${key.id}@${publicKey}`, 'trusting');
  for (const parent of group.getParentGroups()) revealToParent(group, parent, key);
}

/** The group is read once after all of them: if anything is dated ahead, each reading judges all its transactions. */
function revealToAll(group: RawGroup, readers: readonly Reader[], { id, secret }: Key): void {
  readAfter(group, () => {
    for (const reader of readers) revealKey(group, reader, id, secret);
  });
}

/**
 * The read keys that are here and that no later one opens: the current one, and those of others that whoever replaced them
 * lacked. New members find them by the new key.
 */
function unchainedKeys(group: RawGroup): readonly Key[] {
  const all = new Set([...group.editsAt('readKey')].map(({ value }) => value as KeyID));
  return [...all].flatMap((id) => {
    const isChained = [...readKeysEncrypting(group, id)].some((by) => all.has(by as KeyID));
    const secret = isChained ? undefined : group.getReadKey(id);
    return secret ? { id, secret } : [];
  });
}
