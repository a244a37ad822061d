import { type CoID, type LocalNode, type RawAccount, RawCoMap } from '@MaiaOS/kernel/cojson';
import { readable, type Readable } from 'svelte/store';
import { listIDs, listKey, seenKey, titleKey } from './list-keys.ts';
import { type ListView } from './list-view.ts';
import { createWatcherSet } from './watcher-set.ts';
import { orderKeyBetween } from './order-key.ts';
import { watchList, type WatchedList } from './watch-list.ts';
import { watchMap, type WatchedMap } from './watch-map.ts';

export interface ListsView {
  /** `missing`: neither this device nor a reachable relay has this account's root. */
  readonly state: 'loading' | 'missing' | 'ready';
  readonly lists: readonly ListView[];
}

/** The lists of one account. While the store has subscribers, it keeps all lists and items loaded. */
export interface Lists extends Readable<ListsView> {
  /** Creates a list that only this account can open and returns its ID. */
  add(title: string): string;
  /** Adds a joined list to this account. Idempotent. */
  keep(listID: string): void;
  /** Removes a list from this account on all devices; other members keep it. Returns the undo. */
  remove(listID: string): () => void;
  /** Until when the user has dealt with the edits of the list that do not count, in ms since the Unix epoch. */
  seenUntil(listID: string): number;
  /** On all devices. Returns the undo. */
  setSeenUntil(listID: string, ms: number): () => void;
}

export function createLists(node: LocalNode, account: RawAccount): Lists {
  const rootID = account.get('root');
  const view = readable<ListsView>({ state: 'loading', lists: [] }, (set) =>
    typeof rootID === 'string' ? watchRoot(node, rootID, set) : set({ state: 'missing', lists: [] }),
  );

  return {
    subscribe: view.subscribe,
    add(title) {
      const list = node.createGroup().createMap({ [titleKey]: title });
      keep(list.id);
      return list.id;
    },
    keep,
    remove(listID) {
      const order = orderOf(root(), listID);
      root().delete(listKey(listID));
      return () => root().set(listKey(listID), order);
    },
    seenUntil,
    setSeenUntil(listID, ms) {
      const before = seenUntil(listID);
      if (ms > before) root().set(seenKey(listID), ms);
      return () => root().set(seenKey(listID), before);
    },
  };

  function seenUntil(listID: string): number {
    const ms = root().get(seenKey(listID));
    return typeof ms === 'number' ? ms : 0;
  }

  function keep(listID: string) {
    const map = root();
    if (map.get(listKey(listID)) !== undefined) return;
    const orders = listIDs(map.keys()).map((id) => orderOf(map, id));
    const last = orders.reduce((highest, order) => (order > highest ? order : highest), '');
    map.set(listKey(listID), orderKeyBetween(last, undefined));
  }

  function root(): RawCoMap {
    const map = typeof rootID === 'string' ? node.getLoaded(rootID) : undefined;
    if (!(map instanceof RawCoMap))
      throw new Error('The lists are not loaded yet, so they cannot be changed.');
    return map;
  }
}

function watchRoot(node: LocalNode, rootID: CoID<RawCoMap>, set: (view: ListsView) => void): () => void {
  let root: WatchedMap = 'loading';
  let isScheduled = false;
  let isStopped = false;

  const lists = createWatcherSet<WatchedList>((listID) => watchList(node, listID, schedule));
  const stopRoot = watchMap(node, rootID, (map) => {
    root = map;
    if (typeof map !== 'string') lists.set(listIDs(map.keys()));
    schedule();
  });
  return () => {
    isStopped = true;
    stopRoot();
    lists.stop();
  };

  /** One edit or relay message can change several CoValues, so publish once per microtask. */
  function schedule() {
    if (isScheduled) return;
    isScheduled = true;
    queueMicrotask(() => {
      isScheduled = false;
      if (!isStopped) set(read());
    });
  }

  function read(): ListsView {
    const map = root;
    if (typeof map === 'string') return { state: map, lists: [] };
    const inOrder = lists
      .all()
      .map((list) => ({ list, order: orderOf(map, list.id) }))
      .sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : a.list.id < b.list.id ? -1 : 1));
    return { state: 'ready', lists: inOrder.map(({ list }) => list.view()) };
  }
}

function orderOf(root: RawCoMap, listID: string): string {
  const order = root.get(listKey(listID));
  return typeof order === 'string' ? order : '';
}
