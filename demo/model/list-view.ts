import { type Session, type Watched } from '@MaiaOS/kernel';
import { inviteKey, itemIDs, pictureKey, titleKey } from './list-keys.ts';

/** A list as a page shows it. Immutable: each change creates a new object that shares unchanged items. */
export interface ListView {
  readonly id: string;
  /** `missing`: neither this device nor a reachable relay has it. `closed`: this account may not read it. */
  readonly state: 'loading' | 'missing' | 'closed' | 'ready';
  readonly title: string;
  /** In display order. */
  readonly items: readonly ItemView[];
  /** How many items are not on this device yet. */
  readonly missingItems: number;
  readonly canChange: boolean;
  /** Only managers of the list's group can invite others, and remove them. */
  readonly canManage: boolean;
  /** The secret of the list's latest link, which may be revoked. Every reader of the list can share it. */
  readonly inviteSecret: string | undefined;
}

export interface ItemView {
  readonly id: string;
  readonly text: string;
  readonly done: boolean;
  readonly order: string;
  readonly picture: PictureRef | undefined;
}

/** A reference to an item's picture. One value holds ID and size, so that concurrent changes never mix two pictures. */
export interface PictureRef {
  /** The ID of its file. */
  readonly id: string;
  /** Known before the picture itself arrives. */
  readonly bytes: number;
}

/** Of a map of this app. Other accounts write it, too, so each one is checked. */
export type Fields = Readonly<Record<string, unknown>>;
export type WatchedMap = Watched<Fields>;

const noList = {
  title: '',
  items: [],
  missingItems: 0,
  canChange: false,
  canManage: false,
  inviteSecret: undefined,
};

/** As it is now, with the items that are here. */
export function readList(session: Session, id: string): ListView {
  const list: WatchedMap = session.watch<Fields>(id).current;
  const state = readState(list);
  if (list.state !== 'ready' || state !== 'ready') return { ...noList, id, state };
  const ids = itemIDs(Object.keys(list.value));
  const known = ids.flatMap((itemID) => readItem(session.watch<Fields>(itemID).current) ?? []);
  const { [titleKey]: title, [inviteKey]: secret } = list.value;
  return {
    id,
    state,
    title: typeof title === 'string' ? title : '',
    items: known.sort(byOrder),
    missingItems: ids.length - known.length,
    canChange: list.canWrite,
    canManage: list.role === 'manager' || list.role === 'admin',
    inviteSecret: typeof secret === 'string' ? secret : undefined,
  };
}

export function readState(map: WatchedMap): ListView['state'] {
  switch (map.state) {
    case 'ready':
      return map.role === 'writeOnly' ? 'closed' : 'ready';
    case 'unauthorized':
      return 'closed';
    case 'loading':
      return map.because === 'asking' ? 'loading' : 'missing';
    default:
      return 'missing';
  }
}

/** By content, so that an item stays the same object until it changes. */
const itemByContent = new WeakMap<object, ItemView>();

/** Undefined if the item is not here, or cannot be decrypted yet. */
function readItem(item: WatchedMap): ItemView | undefined {
  if (item.state !== 'ready') return undefined;
  const { text, done, order, [pictureKey]: picture } = item.value;
  if (typeof text !== 'string') return undefined;
  const view = itemByContent.get(item.value) ?? {
    id: item.id,
    text,
    done: done === true,
    order: typeof order === 'string' ? order : '',
    picture: readPicture(picture),
  };
  itemByContent.set(item.value, view);
  return view;
}

export function readPicture(value: unknown): PictureRef | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, bytes } = value as Partial<Record<keyof PictureRef, unknown>>;
  if (typeof id !== 'string' || !id.startsWith('co_z')) return undefined;
  return typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes > 0 ? { id, bytes } : undefined;
}

export function openItems(list: ListView): readonly ItemView[] {
  return list.items.filter((item) => !item.done);
}

/** The same on every device, even if two order keys are equal. */
export function byOrder(a: { order: string; id: string }, b: { order: string; id: string }): number {
  return a.order < b.order || (a.order === b.order && a.id < b.id) ? -1 : 1;
}
