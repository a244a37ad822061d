import { type CoID, type LocalNode, RawAccount, RawCoMap } from '@MaiaOS/kernel/cojson';
import { openInvites } from './group-members.ts';
import { inviteKey, itemKey, nameKey, pictureKey, titleKey } from './list-keys.ts';
import { orderKeyBetween } from './order-key.ts';
import { isSamePicture, readPicture, type PictureRef } from './picture.ts';
import { readItems } from './read-item.ts';
import { removeMember, revokeLinks } from './unshare-list.ts';
import { writePicture } from './write-picture.ts';

/** Edits lists on this device. An edit of a title, item or name is one private transaction; a new item takes two. */
export interface ListEditor {
  rename(listID: string, title: string): void;
  /** Adds an item at the end and returns its ID. */
  addItem(listID: string, text: string): string;
  setText(itemID: string, text: string): void;
  setDone(itemID: string, done: boolean): void;
  /** `toIndex` is a position among the other open items. Writes only to this item. */
  moveItem(listID: string, itemID: string, toIndex: number): void;
  /** Returns the undo, which restores the item with any changes made to it in the meantime. */
  removeItem(listID: string, itemID: string): () => void;
  /**
   * Adds or replaces an item's picture and resolves to the undo. The item refers to the picture only once it is
   * written, so closing the tab early leaves the item unchanged.
   */
  putPicture(itemID: string, picture: Blob): Promise<() => void>;
  /** Returns the undo. */
  removePicture(itemID: string): () => void;
  /** Sets the name that other members see for this account. An empty name removes it. */
  setMemberName(listID: string, accountID: string, name: string): void;
  /** Returns the secret of the list's only link. Creates one if there is none. */
  inviteSecret(listID: string): string;
  /** Invalidates all existing links. Members stay. */
  revokeLinks(listID: string): void;
  /** Also revokes the links. The member does not get the key for later edits. */
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
      if (!(member instanceof RawAccount))
        throw new Error(`${accountID} is not a member of any loaded list.`);
      removeMember(map(listID), member);
    },
  };

  function setPicture(itemID: string, picture: PictureRef | undefined): () => void {
    const before = readPicture(map(itemID));
    refer(picture);
    return () => {
      // Keep a newer picture from another device.
      if (isSamePicture(readPicture(map(itemID)), picture)) refer(before);
    };

    function refer(to: PictureRef | undefined) {
      if (to) map(itemID).set(pictureKey, { ...to });
      else map(itemID).delete(pictureKey);
    }
  }

  function map(id: string): RawCoMap {
    const loaded = node.getLoaded(id as CoID<RawCoMap>);
    if (!(loaded instanceof RawCoMap)) throw new Error(`${id} is not loaded, so it cannot be changed.`);
    return loaded;
  }
}
