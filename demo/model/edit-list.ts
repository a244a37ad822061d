import { type CoID, type LocalNode, RawAccount, RawCoMap } from '@MaiaOS/kernel/cojson';
import { openInvites } from './group-members.ts';
import { inviteKey, itemKey, nameKey, pictureKey, titleKey } from './list-keys.ts';
import { orderKeyBetween } from './order-key.ts';
import { isSamePicture, readPicture, type PictureRef } from './picture.ts';
import { readItems } from './read-item.ts';
import { removeMember, revokeLinks } from './unshare-list.ts';
import { writePicture } from './write-picture.ts';

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
  /**
   * Puts a picture on an item, in place of the one it has. It is written before the item refers to it, so that a tab that is
   * closed meanwhile leaves the item as it was. The answer undoes it.
   */
  putPicture(itemID: string, picture: Blob): Promise<() => void>;
  /** The answer undoes it. */
  removePicture(itemID: string): () => void;
  /** What the others are to call this account on the list. Empty takes it away. */
  setMemberName(listID: string, accountID: string, name: string): void;
  /** The secret of the list's one link, which is made at the first call, and at the first after it was revoked. */
  inviteSecret(listID: string): string;
  /** Nobody joins any more by a link that was made until now; who has joined stays. */
  revokeLinks(listID: string): void;
  /** Revokes the links too. What is written afterwards is encrypted with a key that the member does not get. */
  removeMember(listID: string, accountID: string): void;
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
    async putPicture(itemID, picture) {
      return setPicture(itemID, await writePicture(map(itemID).group, picture));
    },
    removePicture: (itemID) => setPicture(itemID, undefined),
    setMemberName: (listID, accountID, name) => map(listID).set(nameKey(accountID), name),
    inviteSecret(listID) {
      const list = map(listID);
      const known = list.get(inviteKey);
      if (typeof known === 'string' && openInvites(list.group).length > 0) return known;
      const secret = list.group.createInvite('writer');
      list.set(inviteKey, secret);
      return secret;
    },
    revokeLinks: (listID) => revokeLinks(map(listID)),
    removeMember(listID, accountID) {
      const member = node.getLoaded(accountID as CoID<RawAccount>);
      if (!(member instanceof RawAccount)) throw new Error(`${accountID} is on no list that is loaded.`);
      removeMember(map(listID), member);
    },
  };

  function setPicture(itemID: string, picture: PictureRef | undefined): () => void {
    const before = readPicture(map(itemID));
    refer(picture);
    return () => {
      // What another device put there by then stays.
      if (isSamePicture(readPicture(map(itemID)), picture)) refer(before);
    };

    function refer(to: PictureRef | undefined) {
      if (to) map(itemID).set(pictureKey, { ...to });
      else map(itemID).delete(pictureKey);
    }
  }

  function map(id: string): RawCoMap {
    const loaded = node.getLoaded(id as CoID<RawCoMap>);
    if (!(loaded instanceof RawCoMap)) throw new Error(`${id} was changed before it was loaded.`);
    return loaded;
  }
}
