import { type Session } from '@MaiaOS/kernel';
import { type CoID, type RawCoMap } from '@MaiaOS/kernel/cojson';
import { type Readable } from 'svelte/store';
import { createFollowing } from './follow-all.ts';
import { itemIDs, pictureKey, titleKey } from './list-keys.ts';
import { type ListsView } from './lists.ts';

/** What this account's edits wanted of an item, or of the list itself, and which no other device counts. */
export interface NotCounted {
  /** The item, the list, or who can open it. */
  readonly id: string;
  readonly listID: string;
  /** The words of the edits, or else those of the item. Empty if there are none. */
  readonly words: string;
  /** The words that count, if the edits changed them. */
  readonly wordsBefore: string | undefined;
  readonly kinds: readonly NotCountedKind[];
  readonly reason: 'not-a-member-then' | 'no-access';
  /** Identifies the edits. */
  readonly marks: readonly string[];
  /** When the latest of them was made, in ms since the Unix epoch. */
  readonly madeAtMs: number;
  /** What to write to make the edits again, oldest first. Changes of who can open the list are not among them. */
  readonly changes: readonly MapChange[];
}

export type NotCountedKind = keyof typeof opposites;

export interface MapChange {
  readonly mapID: string;
  readonly key: string;
  /** Undefined if the key was deleted. */
  readonly value: unknown;
}

interface Edit extends Pick<NotCounted, 'listID' | 'reason' | 'changes'> {
  readonly mark: string;
  readonly madeAt: number;
  readonly index: number;
}

/** A later edit can take an earlier one back. */
const opposites = {
  added: 'deleted',
  deleted: 'added',
  words: undefined,
  checked: 'unchecked',
  unchecked: 'checked',
  moved: undefined,
  picture: 'picture-removed',
  'picture-removed': 'picture',
  title: undefined,
  sharing: undefined,
} as const;

/** Calls `changed` whenever other edits count, or no longer do, also those of earlier runs and other devices of this account. */
export function watchNotCounted(
  session: Session,
  lists: Readable<ListsView>,
  changed: (all: readonly NotCounted[]) => void,
): () => void {
  const following = createFollowing((id) => session.notCounted(id), update);
  let openedIDs: readonly string[] = [];
  let before = '';
  const stopLists = lists.subscribe((view) => {
    openedIDs = view.lists.filter(({ state }) => state === 'ready' || state === 'closed').map(({ id }) => id);
    update();
  });
  return () => {
    stopLists();
    following.stop();
  };

  function update() {
    const found = openedIDs.map((listID) => editsIn(session, listID));
    // Those of a closed list are loaded for their words, too.
    following.set(new Set([...openedIDs, ...found.flatMap(({ mapIDs }) => mapIDs)]));
    const edits = found.flatMap((of) => of.edits);
    const now = edits.map(({ mark, reason }) => `${mark} ${reason}`).join();
    if (now === before) return;
    before = now;
    changed(describe(session, edits));
  }
}

/** The edits of this account that do not count, of a list, its group and its items. */
function editsIn(
  session: Session,
  listID: string,
): { readonly mapIDs: readonly string[]; readonly edits: readonly Edit[] } {
  const list = mapIn(session, listID);
  if (!list) return { mapIDs: [], edits: [] };
  // The list does not have an item whose adding does not count.
  const added = itemIDs(editsOf(listID).flatMap(({ changes }) => changes.map(({ key }) => key)));
  const mapIDs = [...new Set([list.group.id, listID, ...itemIDs(list.keys()), ...added])];
  return { mapIDs, edits: mapIDs.flatMap(editsOf) };

  function editsOf(mapID: string): readonly Edit[] {
    return session.notCounted(mapID).current.map(({ sessionID, index, madeAt, reason, changes }) => ({
      listID,
      mark: `${mapID}/${sessionID}/${index}`,
      madeAt,
      index,
      reason: reason === 'not-a-member-then' ? reason : 'no-access',
      changes: (changes as readonly unknown[] as readonly MapChange[]).map(({ key, value }) => ({
        mapID,
        key,
        value,
      })),
    }));
  }
}

function describe(session: Session, edits: readonly Edit[]): readonly NotCounted[] {
  const byID = new Map<string, NotCounted>();
  const inOrder = edits.toSorted((a, b) => a.madeAt - b.madeAt || a.index - b.index);
  for (const { listID, reason, mark, madeAt, changes } of inOrder) {
    for (const change of changes) {
      const { id, kind, words } = meaningOf(listID, change);
      const before = byID.get(id);
      byID.set(id, {
        id,
        listID,
        words: words ?? before?.words ?? countedWords(session, id) ?? '',
        wordsBefore: undefined,
        kinds: [
          ...(before?.kinds ?? []).filter((other) => other !== kind && other !== opposites[kind]),
          kind,
        ],
        reason: before?.reason ?? reason,
        marks: [...new Set([...(before?.marks ?? []), mark])],
        madeAtMs: madeAt,
        changes: [...(before?.changes ?? []), ...(kind === 'sharing' ? [] : [change])],
      });
    }
  }
  return [...byID.values()].map((one) => {
    const wordsBefore = one.kinds.includes('words') ? countedWords(session, one.id) : undefined;
    // If the adding of an item does not count, its other fields were part of it.
    if (!one.kinds.includes('added')) return { ...one, wordsBefore };
    return { ...one, kinds: one.kinds.filter((kind) => kind === 'added' || kind === 'checked') };
  });
}

function meaningOf(
  listID: string,
  { mapID, key, value }: MapChange,
): { readonly id: string; readonly kind: NotCountedKind; readonly words?: string } {
  const [itemID] = itemIDs([key]);
  if (itemID !== undefined) return { id: itemID, kind: value === undefined ? 'deleted' : 'added' };
  const words = typeof value === 'string' ? value : '';
  if (key === titleKey) return { id: mapID, kind: 'title', words };
  if (key === 'text') return { id: mapID, kind: 'words', words };
  if (key === 'done') return { id: mapID, kind: value === true ? 'checked' : 'unchecked' };
  if (key === 'order') return { id: mapID, kind: 'moved' };
  if (key === pictureKey) return { id: mapID, kind: value === undefined ? 'picture-removed' : 'picture' };
  return { id: `${listID}/sharing`, kind: 'sharing' };
}

function countedWords(session: Session, itemID: string): string | undefined {
  const text: unknown = mapIn(session, itemID)?.get('text');
  return typeof text === 'string' ? text : undefined;
}

/** Also a map that this account may no longer read, with what it could read. */
function mapIn({ node }: Session, id: string): RawCoMap | undefined {
  const map = node.getLoaded(id as CoID<RawCoMap>);
  return map?.type === 'comap' ? map : undefined;
}
