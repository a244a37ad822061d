/**
 * How lists stand in CoValues. Membership is one key for each member and never one list value, so that two devices
 * that add something while apart both keep what they added.
 *
 *   root  (owned by the account)      lists/<listID> = order key
 *   list  (owned by a group of its own) title, invite, items/<itemID> = true,
 *                                     names/<accountID> = that member's own word for themselves
 *   item  (owned by the list's group)   text, done, order, picture = { id of its stream, bytes }
 *   picture (owned by the list's group)  a binary stream, which travels after everything else
 *
 * Every transaction is private: a relay sees ids, sizes and times, and which CoValue is a binary stream.
 */
export const titleKey = 'title';
export const inviteKey = 'invite';
export const pictureKey = 'picture';

const itemPrefix = 'items/';
const listPrefix = 'lists/';

/** In characters. */
export const longestName = 60;

export const itemKey = (itemID: string) => `${itemPrefix}${itemID}`;
export const listKey = (listID: string) => `${listPrefix}${listID}`;
export const nameKey = (accountID: string) => `names/${accountID}`;

export function itemIDs(keys: readonly string[]): readonly string[] {
  return idsUnder(itemPrefix, keys);
}

export function listIDs(keys: readonly string[]): readonly string[] {
  return idsUnder(listPrefix, keys);
}

function idsUnder(prefix: string, keys: readonly string[]): readonly string[] {
  return keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
}
