import type { JsonValue, OpID, RawCoList } from 'cojson';
import { createCountedList, type Counted } from './counted-list.ts';
import { anchorOf, itemAt, sessionKey, type Item } from './item-places.ts';

type ListEntry = ReturnType<RawCoList<JsonValue>['entries']>[number];

interface Place extends Counted {
  readonly entry?: ListEntry;
  /** A hidden place before all that is before this one because of it. */
  begin?: Place;
}

/** The items of a list in their order, kept while edits are applied. */
export interface ListOrder {
  length(): number;
  at(index: number): ListEntry | undefined;
  toArray(): ListEntry[];
  /** Puts a new item at the place in which cojson shows the newest of those with the same anchor. Returns false if the anchor has no place. */
  add(opID: OpID, item: Item): boolean;
  /** Hides the item if it is here. */
  delete(opID: OpID): void;
}

/**
 * cojson walks through a whole list after each edit: first what is before an item because of it, the newest first, then the item, then
 * what is after it, the newest first. An edit adds the newest next to its anchor, so its place is next to one that is known.
 */
export function createListOrder(list: RawCoList): ListOrder {
  const places = createCountedList<Place>();
  const placeOf = new Map<Item, Place>();
  const middle: Place = { isHidden: true };

  function createPlace(opID: OpID, item: Item): Place {
    const { value } = item.change;
    const isHidden = !item.isValid || isDeleted(list, opID);
    const place = { entry: { value, madeAt: item.madeAt, opID }, isHidden };
    placeOf.set(item, place);
    return place;
  }

  /** The same walk. */
  function push(first: OpID): void {
    const todo = [first];
    for (let opID = todo.pop(); opID; opID = todo.pop()) {
      const item = itemAt(list, opID);
      if (!item) continue;
      const known = placeOf.get(item);
      if (known?.chunk) continue;
      if (!known && item.predecessors.length > 0) {
        const begin = { isHidden: true };
        createPlace(opID, item).begin = begin;
        places.push(begin);
        todo.push(opID);
        for (const predecessor of item.predecessors) todo.push(predecessor);
        continue;
      }
      places.push(known ?? createPlace(opID, item));
      for (const successor of item.successors) todo.push(successor);
    }
  }

  for (const opID of list.afterStart) push(opID);
  places.push(middle);
  for (const opID of list.beforeEnd) push(opID);

  return {
    length: places.length,
    at: (index) => places.at(index)?.entry,
    toArray: () => places.toArray().flatMap(({ entry }) => entry ?? []),
    add(opID, item) {
      if (placeOf.has(item)) return true;
      const anchor = anchorOf(item);
      if (anchor === 'end') places.push(createPlace(opID, item));
      else if (anchor === 'start') places.insert(middle, 0, createPlace(opID, item));
      else {
        const of = itemAt(list, anchor);
        const next = of && placeOf.get(of);
        if (!next) return false;
        if (item.change.op === 'app') places.insert(next, 1, createPlace(opID, item));
        else {
          if (!next.begin) places.insert(next, 0, (next.begin = { isHidden: true }));
          places.insert(next.begin, 1, createPlace(opID, item));
        }
      }
      return true;
    },
    delete(opID) {
      const item = itemAt(list, opID);
      const place = item && placeOf.get(item);
      if (place && isDeleted(list, opID)) places.hide(place);
    },
  };
}

function isDeleted(list: RawCoList, opID: OpID): boolean {
  const deletions = list.deletionsByInsertion[sessionKey(opID)]?.[opID.txIndex]?.[opID.changeIdx];
  return deletions !== undefined && deletions.length > 0;
}
