import { type Session } from '@MaiaOS/kernel';
import { type RawCoMap } from '@MaiaOS/kernel/cojson';
import { readable } from 'svelte/store';
import { itemIDs, listIDs, listKey, seenKey, titleKey } from './list-keys.ts';
import { byOrder, readList, readState, type Fields, type ListView } from './list-view.ts';
import { orderKeyBetween } from './order-key.ts';
import { createMapWatch } from './watch-maps.ts';

export interface ListsView {
  /** `missing`: neither this device nor a reachable relay has this account's root. */
  readonly state: ListView['state'];
  readonly lists: readonly ListView[];
}

export type Lists = ReturnType<typeof createLists>;

/** The lists of one account: a store that keeps all lists and items loaded while it has subscribers. */
export function createLists(session: Session) {
  const root = session.watch<Fields>(String(session.account.get('root')));
  const view = readable<ListsView>({ state: 'loading', lists: [] }, (set) => {
    const maps = createMapWatch(session, publish);
    const stopRoot = root.subscribe(publish);
    return () => {
      stopRoot();
      maps.stop();
    };

    function publish() {
      const now = root.current;
      const ids = now.state === 'ready' ? ordersIn(now.value).map(({ id }) => id) : [];
      maps.set([...ids, ...ids.flatMap(itemsIn)]);
      set({ state: readState(now), lists: ids.map((id) => readList(session, id)) });
    }
  });

  return {
    subscribe: view.subscribe,
    /** Creates a list that only this account can open and returns its ID. */
    add(title: string): string {
      const list = session.node.createGroup().createMap({ [titleKey]: title });
      keep(list.id);
      return list.id;
    },
    keep,
    /** Removes a list from this account on all devices; other members keep it. Returns the undo. */
    remove(listID: string): () => void {
      const { raw, value } = openRoot();
      raw.delete(listKey(listID));
      return () => raw.set(listKey(listID), textOf(value[listKey(listID)]));
    },
    seenUntil,
    /** On all devices. Returns the undo. */
    setSeenUntil(listID: string, ms: number): () => void {
      const before = seenUntil(listID);
      const { raw } = openRoot();
      if (ms > before) raw.set(seenKey(listID), ms);
      return () => raw.set(seenKey(listID), before);
    },
  };

  function itemsIn(listID: string): readonly string[] {
    const list = session.watch<Fields>(listID).current;
    return list.state === 'ready' ? itemIDs(Object.keys(list.value)) : [];
  }

  /** Until when the user has dealt with the edits of the list that do not count, in ms since the Unix epoch. */
  function seenUntil(listID: string): number {
    const ms = openRoot().value[seenKey(listID)];
    return typeof ms === 'number' ? ms : 0;
  }

  /** Adds a joined list to this account. Idempotent. */
  function keep(listID: string) {
    const { raw, value } = openRoot();
    if (listKey(listID) in value) return;
    raw.set(listKey(listID), orderKeyBetween(ordersIn(value).at(-1)?.order ?? '', undefined));
  }

  function openRoot(): { readonly raw: RawCoMap; readonly value: Fields } {
    if (root.current.state === 'ready') return root.current;
    throw new Error('The lists are not loaded yet, so they cannot be changed.');
  }
}

/** The lists in a root, in display order. */
function ordersIn(value: Fields) {
  return listIDs(Object.keys(value))
    .map((id) => ({ id, order: textOf(value[listKey(id)]) }))
    .sort(byOrder);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
