/**
 * How CoValues store lists. Each member or item has its own key, never one shared array, so that concurrent additions
 * on two devices all survive.
 *
 * - root (owned by the account): lists/<listID> = order key; seen/<listID> = until when the user has dealt with edits that
 *   do not count
 * - list (owned by its own group): title, invite = the secret of its latest link, items/<itemID> = true
 * - item (owned by the list's group): text, done, order, picture = { id of its file, bytes }
 * - picture (owned by the list's group): a file
 *
 * Every transaction is private: a relay sees only IDs, sizes, times, and which CoValues are files.
 */
export const titleKey = 'title';
export const inviteKey = 'invite';
export const pictureKey = 'picture';

const itemPrefix = 'items/';
const listPrefix = 'lists/';

export const itemKey = (itemID: string) => `${itemPrefix}${itemID}`;
export const seenKey = (listID: string) => `seen/${listID}`;
export const listKey = (listID: string) => `${listPrefix}${listID}`;

export function itemIDs(keys: readonly string[]): readonly string[] {
  return idsUnder(itemPrefix, keys);
}

export function listIDs(keys: readonly string[]): readonly string[] {
  return idsUnder(listPrefix, keys);
}

function idsUnder(prefix: string, keys: readonly string[]): readonly string[] {
  return keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
}
