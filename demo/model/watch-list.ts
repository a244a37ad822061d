import { type LocalNode, type RawCoMap } from '@MaiaOS/kernel/cojson';
import { isManager, openInvites, readMembers } from './group-members.ts';
import { inviteKey, itemIDs, titleKey } from './list-keys.ts';
import { byOrder, type ListView } from './list-view.ts';
import { createWatcherSet } from './watcher-set.ts';
import { watchItem } from './watch-item.ts';
import { watchMap, type WatchedMap } from './watch-map.ts';

export interface WatchedList {
  readonly id: string;
  view(): ListView;
  stop(): void;
}

/** Watches a list with its items and its group. Calls `changed` after every change. */
export function watchList(node: LocalNode, id: string, changed: () => void): WatchedList {
  let map: WatchedMap = 'loading';
  let view: ListView | undefined;
  let stopGroup: (() => void) | undefined;

  const items = createWatcherSet((itemID) => watchItem(node, itemID, refresh));
  const stopMap = watchMap(node, id, (next) => {
    map = next;
    if (typeof next !== 'string') {
      items.set(itemIDs(next.keys()));
      // Role changes do not notify the list itself.
      stopGroup ??= next.group.core.subscribe(refresh, false);
    }
    refresh();
  });

  function refresh() {
    view = undefined;
    changed();
  }

  return {
    id,
    view: () => (view ??= read()),
    stop() {
      stopMap();
      stopGroup?.();
      items.stop();
    },
  };

  function read(): ListView {
    if (typeof map === 'string') return emptyView(id, map);
    const group = map.group;
    const role = group.myRole();
    if (role === undefined || role === 'writeOnly') return emptyView(id, 'closed');
    const members = readMembers(map, node.getCurrentAgent().id);
    const views = items.all().map((item) => item.view());
    const known = views.filter((item) => item !== undefined);
    return {
      id,
      state: 'ready',
      title: text(map, titleKey) ?? '',
      items: known.sort(byOrder),
      missingItems: views.length - known.length,
      canChange: role === 'writer' || isManager(role),
      canInvite: isManager(role),
      members,
      others: members.filter(({ isMe }) => !isMe).length,
      // After an offline device shares the list again, the map may hold a revoked link for a while.
      inviteSecret: openInvites(group).length > 0 ? text(map, inviteKey) : undefined,
    };
  }
}

function emptyView(id: string, state: 'loading' | 'missing' | 'closed'): ListView {
  return {
    id,
    state,
    title: '',
    items: [],
    missingItems: 0,
    canChange: false,
    canInvite: false,
    members: [],
    others: 0,
    inviteSecret: undefined,
  };
}

function text(map: RawCoMap, key: string): string | undefined {
  const value = map.get(key);
  return typeof value === 'string' ? value : undefined;
}
