import { type CoID, type LocalNode, RawCoMap } from '@MaiaOS/kernel/cojson';
import { itemIDs } from './list-keys.ts';
import { byOrder, type ItemView } from './list-view.ts';
import { readPicture } from './picture.ts';

/** Another account wrote these fields, so each is checked. An item that cannot be decrypted yet has no text. */
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

/** The items that are in memory, in the order in which they are shown. */
export function readItems(node: LocalNode, list: RawCoMap): readonly ItemView[] {
  return itemIDs(list.keys())
    .map((id) => {
      const map = node.getLoaded(id as CoID<RawCoMap>);
      return map instanceof RawCoMap ? readItem(id, map) : undefined;
    })
    .filter((item) => item !== undefined)
    .sort(byOrder);
}
