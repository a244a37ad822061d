import { RawCoList, RawGroup, type RawCoMap, type RawCoValue } from 'cojson';
import type { TransactionID } from '../../src/engine/internal-types.ts';
import type { Read } from '../history/history.ts';

/** Names an edit that has no unique value of its own by its place. */
export const nameOf = (id: string, { sessionID, txIndex }: TransactionID): string =>
  `${id} ${sessionID} ${txIndex}`;

/** What a page shows of a CoValue. `keyOf`: by the names of edits. `isEnd`: everything has arrived. */
export function show(
  { core, id }: RawCoValue,
  keys: readonly string[],
  keyOf: ReadonlyMap<string, string>,
  isEnd: boolean,
): Pick<Read, 'edits' | 'shown' | 'isDeleted'> {
  if (core.isDeleted) return { edits: [], shown: {}, isDeleted: true };
  const content = core.getCurrentContent();
  const { edits, shown } = isList(content)
    ? showList(content, keyOf, isEnd)
    : showMap(content as RawCoMap, keys);
  return { edits: [id, ...edits], shown };
}

const isList = (content: RawCoValue): content is RawCoList => content instanceof RawCoList;

type Edits = Pick<Read, 'edits' | 'shown'>;

function showMap(map: RawCoMap, keys: readonly string[]): Edits {
  const name = ({ tx, value }: { readonly tx: TransactionID; readonly value?: unknown }) =>
    typeof value !== 'string' || map instanceof RawGroup ? nameOf(map.id, tx) : value;
  // Two copies of what a fork displaced are one edit, and have the same ID.
  const edits = new Map(
    keys.flatMap((key) =>
      [...map.editsAt(key)].map((edit) => [`${nameOf(map.id, edit.tx)} ${name(edit)}`, name(edit)] as const),
    ),
  );
  return {
    edits: [...edits.values()],
    shown: Object.fromEntries(
      keys.flatMap((key) => {
        const edit = map.lastEditAt(key);
        return edit ? [[key, name(edit)]] : [];
      }),
    ),
  };
}

/**
 * An item is named by its value. It stays in the history once it is deleted. Until the end, one counts as shown that the
 * list cannot show yet, because the item that it was put behind has not arrived.
 */
function showList(list: RawCoList, keyOf: ReadonlyMap<string, string>, isEnd: boolean): Edits {
  const deletions = list.deletionEdits().map(({ tx }) => nameOf(list.id, tx));
  const deleted = new Set(deletions.map((name) => keyOf.get(name)));
  const inserted = Object.values(list.insertions)
    .flatMap((byTransaction) => Object.values(byTransaction))
    .flatMap((byChange) => Object.values(byChange))
    .flatMap(({ change: { value } }) => (typeof value === 'string' ? value : []));
  const items = isEnd ? list.asArray().map(String) : inserted.filter((item) => !deleted.has(item));
  return {
    edits: [...items, ...inserted.filter((item) => deleted.has(item)), ...deletions],
    // Of several deletions of an item, always show the same one.
    shown: Object.fromEntries([
      ...deletions
        .sort()
        .reverse()
        .map((name) => [keyOf.get(name) ?? name, name] as const),
      ...items.map((item) => [item, item] as const),
    ]),
  };
}
