import type { RawCoID, SessionID } from 'cojson';
import { isDeletedIn, keyOf, storedCounts } from '../../test/simulation/relay-tables.ts';
import type { SimRelay } from './sim-relay.ts';
import type { SimTab } from '../../test/simulation/sim-tab.ts';
import type { World } from '../../test/simulation/create-world.ts';

/** One edit of one tab, and what the kernel has said of it. */
export interface Edit {
  readonly id: RawCoID;
  readonly sessionID: SessionID;
  /** How many transactions the session has with it. */
  readonly count: number;
  readonly tab: SimTab;
  isSaved: boolean;
  isConfirmed: boolean;
}

/** Whether the relay's disk has it, or the deletion of what it was made in. */
export function isAt({ tables }: SimRelay, { id, sessionID, count }: Edit): boolean {
  if (!tables.covalues.has(id)) return false;
  return (
    (tables.sessions.get(keyOf(id, sessionID))?.lastIdx ?? 0) >= count ||
    isDeletedIn(storedCounts(tables, id))
  );
}

/** Something that was said is not so. */
export class Untrue extends Error {
  override readonly name = 'Untrue';
}

/** All edits, and the kernel's own words on how far they got, each held against what is really there. */
export interface Record {
  readonly edits: readonly Edit[];
  /** To be called in the turn of the edit. `sessionID`: where it is not the tab's own, as of a deletion. */
  made(tab: SimTab, id: RawCoID, sessionID?: SessionID): void;
  /** From now on what the tab's state says is looked at whenever it changes. */
  watch(tab: SimTab): void;
  /** The relay's disk was put back: what it said before counts no more. */
  putBack(relay: SimRelay): void;
  /** The kernel took somebody else to write under the tab's session, which nobody does. */
  forked(tab: SimTab): void;
  /** All that was said until now. Throws `Untrue`. */
  check(): void;
}

export function createRecord(world: () => World): Record {
  const edits: Edit[] = [];
  /** What was said to be at each relay. */
  const saidOf = new Map<string, Map<string, Edit>>();
  /** Untrue things that were said within the kernel's own calls, where nothing may be thrown. */
  const found: Untrue[] = [];

  function isOnDisk({ tab, id, sessionID, count }: Edit): boolean {
    const counts = tab.device.disk.countsOf(id);
    return counts !== undefined && ((counts[sessionID] ?? 0) >= count || isDeletedIn(counts));
  }

  function fail(what: string, { id, sessionID, count, tab }: Edit): void {
    found.push(new Untrue(`${what}: edit ${count} of ${tab.name} (…${sessionID.slice(-6)}) in ${id}`));
  }

  function saidSaved(edit: Edit): void {
    edit.isSaved = true;
    if (!isOnDisk(edit)) fail('said saved, and not on the disk', edit);
  }

  /** A page that has not noticed yet that the relay was put back cannot know of it. */
  function mayKnow({ links, device }: SimTab, relay: SimRelay): boolean {
    if (relay.blind.has(device)) return false;
    return relay.restores === 0 || [...relay.links].some((link) => link.isOpen && links.has(link));
  }

  /** By a tab that may speak of others' edits: those of earlier runs on its device. */
  function saidConfirmed(by: SimTab, edit: Edit, how: 'confirmed' | 'durable'): void {
    edit.isConfirmed = true;
    for (const relay of world().relays) {
      if (!mayKnow(by, relay)) continue;
      if (!isAt(relay, edit)) fail(`said ${how}, and not at ${relay.name}`, edit);
      const said = saidOf.get(relay.name) ?? new Map<string, Edit>();
      saidOf.set(relay.name, said.set(`${edit.id} ${edit.sessionID} ${edit.count}`, edit));
    }
  }

  function throwFound(): void {
    const [first] = found;
    if (first) throw first;
  }

  return {
    edits,
    made(tab, id, sessionID = tab.sessionID) {
      const { sync } = tab;
      const count = tab.node.getCoValue(id).knownState().sessions[sessionID] ?? 0;
      const edit: Edit = { id, sessionID, count, tab, isSaved: false, isConfirmed: false };
      edits.push(edit);
      const unless = () => {}; // The session was closed before.
      sync.whenSaved(id).then(() => saidSaved(edit), unless);
      sync.whenConfirmed(id).then(() => saidConfirmed(tab, edit, 'confirmed'), unless);
      sync.whenDurable(id).then(() => saidConfirmed(tab, edit, 'durable'), unless);
    },
    watch(tab) {
      // What earlier runs left on this device is the tab's to speak of, too.
      const { device } = tab;
      const earlier = edits.filter(
        ({ tab: of, id, sessionID, count }) =>
          of.device === device &&
          !device.tabs.includes(of) &&
          device.disk.isWrittenBy(of.name, id, sessionID, count),
      );
      tab.sync.subscribe(({ status, saved, confirmed, durable, storage }) => {
        if (!tab.isOpen) return;
        const own = edits.filter((edit) => edit.tab === tab);
        if (saved.pending === 0 && storage.state === 'ok')
          own.filter((edit) => !edit.isSaved).forEach(saidSaved);
        if (status !== 'confirmed' || confirmed.pending > 0) return;
        for (const edit of [...earlier, ...own]) saidConfirmed(tab, edit, durable ? 'durable' : 'confirmed');
      });
    },
    forked: ({ name }) => void found.push(new Untrue(`${name} gives its session up`)),
    putBack({ name }) {
      saidOf.delete(name);
      // A page whose disk fails has it in memory alone: once it goes, too, nobody has it.
      for (const edit of edits) if (!edit.isSaved) edit.isConfirmed = false;
    },
    check() {
      throwFound();
      for (const edit of edits)
        if (edit.isSaved && !isOnDisk(edit)) fail('was saved, and is not on the disk', edit);
      for (const relay of world().relays) {
        for (const edit of saidOf.get(relay.name)?.values() ?? []) {
          if (!isAt(relay, edit)) fail(`was confirmed, and is not at ${relay.name}`, edit);
        }
      }
      throwFound();
    },
  };
}
