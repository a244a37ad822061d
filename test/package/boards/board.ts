import type { Session, Watched } from '@MaiaOS/kernel';
import type { RawCoMap } from '@MaiaOS/kernel/cojson';
import { generateKeyBetween } from 'fractional-indexing';

/** What a column has and, with the IDs of its column and maybe of a file, a card. */
export type Content = { title: string; order: string; column?: string; picture?: string };
export type Item = Extract<Watched<Content>, { state: 'ready' }>;

/** Its keys are its title and the IDs of its columns and cards, so that two people can add some at once. */
export function newBoard({ node }: Session): string {
  const board = node.createGroup().createMap({ title: 'Our board' });
  ['To do', 'Doing', 'Done'].forEach((title, index) => addItem(board, { title, order: `a${index}` }));
  return board.id;
}

export function addItem(board: RawCoMap, content: Content): void {
  board.set(board.group.createMap(content).id, true);
}

/** The removal can be undone while it is the last edit of the item's key. */
export function removeItem({ raw: board }: Item, id: string) {
  board.delete(id);
  const removal = JSON.stringify(board.lastEditAt(id)?.tx);
  const canUndo = ({ raw }: Item) => JSON.stringify(raw.lastEditAt(id)?.tx) === removal;
  return { canUndo, undo: () => board.set(id, true) };
}

/** Columns and their cards, in order. Devices that were apart may have chosen the same key; then the ID decides. */
export function columnsOf(items: readonly Watched<Content>[]) {
  const place = ({ value, id }: Item) => `${value.order} ${id}`;
  const ready = items.filter((item) => item.state === 'ready').sort((a, b) => (place(a) < place(b) ? -1 : 1));
  const cardsIn = (id?: string) => ready.filter(({ value }) => value.column === id);
  return cardsIn().map((column) => ({ ...column, cards: cardsIn(column.id) }));
}

/** The key with which an item comes before `next`, or else last. */
export function orderBefore(items: readonly Item[], next?: Item): string {
  const previous = items.findLast(({ value }) => !next || value.order < next.value.order);
  return generateKeyBetween(previous?.value.order, next?.value.order);
}
