import { type CoID, type LocalNode, RawCoMap } from '@MaiaOS/kernel/cojson';
import { inviteKey, itemKey, titleKey } from './list-keys.ts';
import { orderKeyBetween } from './order-key.ts';
import { readItems } from './read-item.ts';

/** What a person can do with a list that is on this device. Each is one private transaction, or two for a new item. */
export interface ListEditor {
  rename(listID: string, title: string): void;
  /** At the end. Answers the new item's id. */
  addItem(listID: string, text: string): string;
  setText(itemID: string, text: string): void;
  setDone(itemID: string, done: boolean): void;
  /** `toIndex` counts the open items without this one. Writes to this item only. */
  moveItem(listID: string, itemID: string, toIndex: number): void;
  /** The answer undoes it: the item comes back as it is by then, where it is by then. */
  removeItem(listID: string, itemID: string): () => void;
  /** The secret of the list's one link, which is made at the first call. */
  inviteSecret(listID: string): string;
}

export function createListEditor(node: LocalNode): ListEditor {
  return {
    rename: (listID, title) => map(listID).set(titleKey, title),
    addItem(listID, text) {
      const list = map(listID);
      const last = readItems(node, list).at(-1)?.order ?? '';
      const item = list.group.createMap({ text, done: false, order: orderKeyBetween(last, undefined) });
      list.set(itemKey(item.id), true);
      return item.id;
    },
    setText: (itemID, text) => map(itemID).set('text', text),
    setDone: (itemID, done) => map(itemID).set('done', done),
    moveItem(listID, itemID, toIndex) {
      const others = readItems(node, map(listID)).filter((item) => !item.done && item.id !== itemID);
      const before = others[toIndex - 1]?.order ?? '';
      map(itemID).set('order', orderKeyBetween(before, others[toIndex]?.order));
    },
    removeItem(listID, itemID) {
      const list = map(listID);
      list.delete(itemKey(itemID));
      return () => list.set(itemKey(itemID), true);
    },
    inviteSecret(listID) {
      const list = map(listID);
      const known = list.get(inviteKey);
      if (typeof known === 'string') return known;
      const secret = list.group.createInvite('writer');
      list.set(inviteKey, secret);
      return secret;
    },
  };

  function map(id: string): RawCoMap {
    const loaded = node.getLoaded(id as CoID<RawCoMap>);
    if (!(loaded instanceof RawCoMap)) throw new Error(`${id} was changed before it was loaded.`);
    return loaded;
  }
}
