import { type CoValueSync, type Session } from '@MaiaOS/kernel';
import { type CoID, type CoValueCore, type LocalNode, RawCoMap, type SessionID } from '@MaiaOS/kernel/cojson';
import { type Readable } from 'svelte/store';
import { inviteKey, itemIDs, nameKey, pictureKey, titleKey } from './list-keys.ts';
import { type ListsView } from './lists.ts';
import { readItem } from './read-item.ts';
import { createWatcherSet } from './watcher-set.ts';
import { watchMap } from './watch-map.ts';

/** What this device's edits wanted of an item, or of the list itself, and which no other device counts. */
export interface NotCounted {
  /** The item, or the list or its group. */
  readonly id: string;
  readonly groupID: string;
  /** The words of the edits, or else those of the item. Empty if there are none. */
  readonly words: string;
  /** The words that count, if the edits changed them. */
  readonly wordsBefore: string | undefined;
  readonly kinds: readonly NotCountedKind[];
  readonly reason: Edit['reason'];
  /** Identifies the edits. */
  readonly marks: readonly string[];
  /** When the latest of them was made, in ms since the Unix epoch. */
  readonly madeAtMs: number;
  /** What `makeAgain` writes, oldest first. Changes of who can open the list are not among them. */
  readonly changes: readonly MapChange[];
}

export type NotCountedKind =
  | 'added'
  | 'deleted'
  | 'words'
  | 'checked'
  | 'unchecked'
  | 'moved'
  | 'picture'
  | 'picture-removed'
  | 'title'
  | 'name'
  | 'sharing';

type Edit = CoValueSync['notCounted'][number];

interface MapChange {
  readonly mapID: string;
  readonly key: string;
  /** Undefined if the key was deleted. */
  readonly value: unknown;
}

/** The part of a session's `sync` that has the kernel's verdicts. */
interface Verdicts {
  readonly current: Pick<Session['sync']['current'], 'notCounted'>;
  subscribe(listener: () => void): () => void;
  stateOf(id: string): { readonly current: Pick<CoValueSync, 'notCounted'> };
}

/**
 * Calls `changed` whenever other edits count, or no longer do. The kernel's verdicts are of this run, so it also looks
 * through the lists for what earlier runs and other devices of this account left.
 */
export function watchNotCounted(
  node: LocalNode,
  sync: Verdicts,
  lists: Readable<Pick<ListsView, 'lists'>>,
  changed: (all: readonly NotCounted[]) => void,
): () => void {
  const watched = createWatcherSet((listID) => watchEdits(node, listID, update));
  let seen: readonly (readonly Edit[])[] = [];

  const stops = [
    lists.subscribe((view) => {
      const opened = view.lists.filter(({ state }) => state === 'ready' || state === 'closed');
      watched.set(opened.map(({ id }) => id));
      update();
    }),
    sync.subscribe(update),
    watched.stop,
  ];
  return () => {
    for (const stop of stops) stop();
  };

  function update() {
    const all = new Map(watched.all().flatMap(({ edits }) => [...edits]));
    for (const id of sync.current.notCounted.ids) {
      const ofRun = sync.stateOf(id).current.notCounted;
      const earlier = all.get(id)?.filter((edit) => !ofRun.some((other) => isSame(edit, other))) ?? [];
      all.set(id, earlier.length === 0 ? ofRun : [...earlier, ...ofRun]);
    }
    const edits = [...all.values()];
    if (edits.length === seen.length && edits.every((of, index) => isEqual(of, seen[index]))) return;
    seen = edits;
    changed(readNotCounted(node, all));
  }
}

type EditsByID = ReadonlyMap<string, readonly Edit[]>;

/**
 * Loads a list with its items and watches, by CoValue, the edits that this account made and that do not count. cojson
 * calls the watchers of a CoValue also when its group changes.
 */
export function watchEdits(
  node: LocalNode,
  listID: string,
  changed: () => void,
): { readonly edits: EditsByID; stop(): void } {
  const author = node.expectCurrentAccount('to find its edits').id;
  const found = new Map<string, readonly Edit[]>();
  const items = createWatcherSet((id) => {
    const stop = watchMap(node, id, (map) => {
      if (typeof map !== 'string') keep(id, editsOf(map.core));
    });
    return {
      stop() {
        stop();
        found.delete(id);
      },
    };
  });
  const stopList = watchMap(node, listID, (list) => {
    if (typeof list === 'string') return;
    const edits = editsOf(list.core);
    // The list does not have an item if nobody counts that it was added.
    const added = edits.flatMap((edit) => itemIDs(changesIn(list.core, edit).map(({ key }) => key)));
    items.set([...itemIDs(list.keys()), ...added]);
    keep(listID, edits);
  });
  return {
    edits: found,
    stop() {
      stopList();
      items.stop();
    },
  };

  function keep(id: string, edits: readonly Edit[]) {
    if (isEqual(edits, found.get(id) ?? [])) return;
    if (edits.length === 0) found.delete(id);
    else found.set(id, edits);
    changed();
  }

  function editsOf({ verifiedTransactions }: CoValueCore): readonly Edit[] {
    return verifiedTransactions.flatMap(
      ({ author: by, isValid, validationErrorMessage: message, txID, madeAt }) =>
        // Without a message, cojson has not judged it.
        by !== author || isValid || message === undefined
          ? []
          : [{ sessionID: txID.sessionID, index: txID.txIndex, madeAt, reason: reasonAt(madeAt), message }],
    );
  }

  function reasonAt(madeAt: number): Edit['reason'] {
    const role = loadedMap(node, listID)?.group.atTime(madeAt).roleOf(author);
    return role === undefined ? 'not-a-member-then' : 'no-access';
  }
}

function isSame(one: Edit, other: Edit): boolean {
  return one.sessionID === other.sessionID && one.index === other.index && one.reason === other.reason;
}

function isEqual(some: readonly Edit[], others: readonly Edit[] | undefined): boolean {
  if (some === others) return true;
  return some.length === others?.length && some.every((edit, at) => others[at] && isSame(edit, others[at]));
}

/** By CoValue, its edits that do not count. */
export function readNotCounted(node: LocalNode, editsByID: EditsByID): readonly NotCounted[] {
  const all = [...editsByID]
    .flatMap(([id, edits]) => edits.map((edit) => ({ core: node.getCoValue(id as CoID<RawCoMap>), edit })))
    .sort((a, b) => a.edit.madeAt - b.edit.madeAt || a.edit.index - b.edit.index);

  const byTarget = new Map<string, NotCounted>();
  for (const { core, edit } of all) {
    const mark = `${core.id}/${edit.sessionID}/${edit.index}`;
    for (const change of changesIn(core, edit)) {
      const { id, kind, words } = meaningOf(change);
      const before = byTarget.get(id) ?? startOf(node, id, core, edit);
      const isRemakable = !core.isGroupOrAccount() && change.key !== inviteKey;
      byTarget.set(id, {
        ...before,
        words: words ?? before.words,
        kinds: kind === undefined ? before.kinds : addKind(before.kinds, kind),
        marks: [...before.marks, mark],
        madeAtMs: edit.madeAt,
        changes: isRemakable ? [...before.changes, change] : before.changes,
      });
    }
  }
  return [...byTarget.values()].map((one) => finish(node, one));
}

/** Makes the edits again, as new ones. */
export function makeAgain(node: LocalNode, { changes }: NotCounted): void {
  for (const { mapID, key, value } of changes) {
    const map = loadedMap(node, mapID);
    if (!map) throw new Error(`${mapID} is not loaded, so it cannot be changed.`);
    if (value === undefined) map.delete(key);
    else map.set(key, value as string);
  }
}

/** The group that owns a list or an item. */
export function groupIDOf({ id, verified }: CoValueCore): string {
  const ruleset = verified?.header.ruleset;
  return ruleset?.type === 'ownedByGroup' ? ruleset.group : id;
}

function startOf(node: LocalNode, id: string, core: CoValueCore, { reason }: Edit): NotCounted {
  const item = readText(node, id);
  return {
    id,
    groupID: groupIDOf(core),
    words: item ?? '',
    wordsBefore: item,
    kinds: [],
    reason,
    marks: [],
    madeAtMs: 0,
    changes: [],
  };
}

/** What an item lacks because nobody counts that it was added says nothing more. */
function finish(node: LocalNode, one: NotCounted): NotCounted {
  const isAdded = one.kinds.includes('added');
  return {
    ...one,
    marks: [...new Set(one.marks)],
    kinds: isAdded ? one.kinds.filter((kind) => kind === 'added' || kind === 'checked') : one.kinds,
    wordsBefore: !isAdded && one.kinds.includes('words') ? readText(node, one.id) : undefined,
  };
}

function readText(node: LocalNode, id: string): string | undefined {
  const map = loadedMap(node, id);
  return map && readItem(id, map)?.text;
}

function loadedMap(node: LocalNode, id: string): RawCoMap | undefined {
  const map = node.getLoaded(id as CoID<RawCoMap>);
  return map instanceof RawCoMap ? map : undefined;
}

/** cojson does not decrypt for its own use what it does not count. */
function changesIn(core: CoValueCore, { sessionID, index }: Edit): readonly MapChange[] {
  const [session, txIndex] = [sessionID as SessionID, index];
  const transaction = core.getTx({ sessionID: session, txIndex });
  if (!transaction) return [];
  if (transaction.privacy === 'trusting') return mapChanges(core.id, JSON.parse(transaction.changes));
  const key = core.getReadKey(transaction.keyUsed);
  return key ? mapChanges(core.id, core.verified?.decryptTransaction(session, txIndex, key)) : [];
}

function mapChanges(mapID: string, changes: unknown): readonly MapChange[] {
  if (!Array.isArray(changes)) return [];
  return (changes as readonly unknown[]).flatMap((change) => {
    if (typeof change !== 'object' || change === null || !('key' in change)) return [];
    const { key } = change;
    return typeof key === 'string'
      ? [{ mapID, key, value: 'value' in change ? change.value : undefined }]
      : [];
  });
}

function meaningOf({ mapID, key, value }: MapChange): {
  readonly id: string;
  readonly kind?: NotCountedKind;
  readonly words?: string;
} {
  const [itemID] = itemIDs([key]);
  if (itemID !== undefined) return { id: itemID, kind: value === undefined ? 'deleted' : 'added' };
  const text = typeof value === 'string' ? value : '';
  switch (key) {
    case 'text':
      return { id: mapID, kind: 'words', words: text };
    case 'done':
      return { id: mapID, kind: value === true ? 'checked' : 'unchecked' };
    case 'order':
      return { id: mapID, kind: 'moved' };
    case pictureKey:
      return { id: mapID, kind: value === undefined ? 'picture-removed' : 'picture' };
    case titleKey:
      return { id: mapID, kind: 'title', words: text };
    default:
      return key.startsWith(nameKey(''))
        ? { id: `${mapID}/name`, kind: 'name', words: text }
        : { id: `${mapID}/sharing`, kind: 'sharing' };
  }
}

/** A later edit can take an earlier one back. */
function addKind(kinds: readonly NotCountedKind[], kind: NotCountedKind): readonly NotCountedKind[] {
  const opposite = opposites[kind];
  return [...kinds.filter((other) => other !== kind && other !== opposite), kind];
}

const opposites: Partial<Record<NotCountedKind, NotCountedKind>> = {
  checked: 'unchecked',
  unchecked: 'checked',
  picture: 'picture-removed',
  'picture-removed': 'picture',
  added: 'deleted',
  deleted: 'added',
};
