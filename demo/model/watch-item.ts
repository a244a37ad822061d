import { type LocalNode } from '@MaiaOS/kernel/cojson';
import { type ItemView } from './list-view.ts';
import { isSamePicture } from './picture.ts';
import { readItem } from './read-item.ts';
import { watchMap } from './watch-map.ts';

export interface WatchedItem {
  /** Undefined while the item is missing or unreadable. The same object until the item changes. */
  view(): ItemView | undefined;
  stop(): void;
}

export function watchItem(node: LocalNode, id: string, changed: () => void): WatchedItem {
  let view: ItemView | undefined;
  const stop = watchMap(node, id, (map) => {
    const next = typeof map === 'string' ? undefined : readItem(id, map);
    if (isSame(view, next)) return;
    view = next;
    changed();
  });
  return { view: () => view, stop };
}

function isSame(a: ItemView | undefined, b: ItemView | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.text === b.text && a.done === b.done && a.order === b.order && isSamePicture(a.picture, b.picture);
}
