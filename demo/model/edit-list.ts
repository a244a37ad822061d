import { type Session } from '@MaiaOS/kernel';
import { type RawCoMap } from '@MaiaOS/kernel/cojson';
import { inviteKey, itemKey, pictureKey, titleKey } from './list-keys.ts';
import { type MapChange } from './not-counted.ts';
import { openItems, readList, readPicture, type PictureRef } from './list-view.ts';
import { orderKeyBetween } from './order-key.ts';

export type ListEditor = ReturnType<typeof createListEditor>;

/** Edits lists on this device. An edit of a title or an item is one private transaction; a new item takes two. */
export function createListEditor(session: Session) {
  return {
    rename: (listID: string, title: string) => map(listID).set(titleKey, title),
    /** Adds an item at the end and returns its ID. */
    addItem(listID: string, text: string): string {
      const list = map(listID);
      const last = readList(session, listID).items.at(-1)?.order ?? '';
      const item = list.group.createMap({ text, done: false, order: orderKeyBetween(last, undefined) });
      list.set(itemKey(item.id), true);
      return item.id;
    },
    setText: (itemID: string, text: string) => map(itemID).set('text', text),
    setDone: (itemID: string, done: boolean) => map(itemID).set('done', done),
    /** `toIndex` is a position among the other open items. Writes only to this item. */
    moveItem(listID: string, itemID: string, toIndex: number) {
      const others = openItems(readList(session, listID)).filter(({ id }) => id !== itemID);
      const before = others[toIndex - 1]?.order ?? '';
      map(itemID).set('order', orderKeyBetween(before, others[toIndex]?.order));
    },
    /** Returns the undo, which restores the item with any changes made to it in the meantime. */
    removeItem(listID: string, itemID: string): () => void {
      const list = map(listID);
      list.delete(itemKey(itemID));
      return () => list.set(itemKey(itemID), true);
    },
    /**
     * Adds or replaces an item's picture and resolves to the undo. The item refers to the picture only once it is
     * written, so closing the tab early leaves the item unchanged.
     */
    async putPicture(itemID: string, picture: Blob): Promise<() => void> {
      const { id, bytes } = await session.files.write(itemID, picture);
      return setPicture(itemID, { id, bytes });
    },
    /** Returns the undo. */
    removePicture: (itemID: string) => setPicture(itemID, undefined),
    /** Creates a link with which anyone can change the list, and keeps it for all members. */
    async createLink(listID: string): Promise<void> {
      const { link } = await session.share(listID);
      map(listID).set(inviteKey, link.slice(link.lastIndexOf('/') + 1));
    },
    /** Makes edits again, as new ones. */
    makeAgain(changes: readonly MapChange[]) {
      for (const { mapID, key, value } of changes) {
        if (value === undefined) map(mapID).delete(key);
        else map(mapID).set(key, value as string);
      }
    },
  };

  function setPicture(itemID: string, picture: PictureRef | undefined): () => void {
    const item = map(itemID);
    const current = () => readPicture(item.get(pictureKey));
    const before = current();
    refer(picture);
    return () => {
      // Keep a newer picture from another device.
      if (current()?.id === picture?.id) refer(before);
    };

    function refer(to: PictureRef | undefined) {
      if (to) item.set(pictureKey, { ...to });
      else item.delete(pictureKey);
    }
  }

  function map(id: string): RawCoMap {
    const now = session.watch(id).current;
    if (now.state === 'ready') return now.raw;
    throw new Error(`${id} is not loaded, so it cannot be changed.`);
  }
}
