import { type CoID, type LocalNode, RawCoMap } from '@MaiaOS/kernel/cojson';
import { itemIDs } from './list-keys.ts';
import { byOrder, type ItemView } from './list-view.ts';
import { readPicture } from './picture.ts';

/** Another account may have written these fields, so each is checked. Undefined if the item cannot be decrypted yet. */
export function readItem(id: string, map: RawCoMap): ItemView | undefined {
  const text = map.get('text');
  if (typeof text !== 'string') return undefined;
  const order = map.get('order');
  return {
    id,
    text,
    done: map.get('done') === true,
    order: typeof order === 'string' ? order : '',
    picture: readPicture(map),
  };
}

/** The loaded items, in display order. */
export function readItems(node: LocalNode, list: RawCoMap): readonly ItemView[] {
  return itemIDs(list.keys())
    .map((id) => {
      const map = node.getLoaded(id as CoID<RawCoMap>);
      return map instanceof RawCoMap ? readItem(id, map) : undefined;
    })
    .filter((item) => item !== undefined)
    .sort(byOrder);
}
