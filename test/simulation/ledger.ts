import { FalseClaim } from './false-claim.ts';
import { isDeletedIn, isStoredIn } from './relay-tables.ts';
import type { Edit, Ledger, SimRelay, SimTab, World } from './world.ts';

/** Whether the relay's disk contains the edit, or the deletion of its CoValue. */
export function isStoredAt({ tables }: SimRelay, edit: Edit): boolean {
  return isStoredIn(tables, edit);
}

export function createLedger(world: () => World): Ledger {
  const edits: Edit[] = [];
  /** The edits claimed to be at each relay. */
  const claimedByRelay = new Map<string, Map<string, Edit>>();
  /** Found inside the kernel's callbacks, which must not throw. */
  const found: FalseClaim[] = [];

  function isOnDisk(edit: Edit): boolean {
    if (isDisplaced(edit)) return true;
    const { tab, id, sessionID, count } = edit;
    const counts = tab.device.disk.countsOf(id);
    return counts !== undefined && ((counts[sessionID] ?? 0) >= count || isDeletedIn(counts));
  }

  /** It was written again under another session; the history follows it by its value. */
  function isDisplaced({ tab, id, sessionID }: Edit): boolean {
    return tab.device.disk.hasForgotten(id, sessionID);
  }

  function fail(claim: string, { id, sessionID, count, tab }: Edit): void {
    found.push(new FalseClaim(`${claim}: edit ${count} of ${tab.name} (…${sessionID.slice(-6)}) in ${id}`));
  }

  function claimSaved(edit: Edit): void {
    if (!edit.isSaved) world().history.promised('saved', edit);
    edit.isSaved = true;
    if (!isOnDisk(edit)) fail('reported as saved, but not on the disk', edit);
  }

  /** False if the page cannot have detected yet that a restore of the relay lost the edit. */
  function mayKnow({ links, device, sync }: SimTab, relay: SimRelay, edit: Edit): boolean {
    if (!isStoredAt(relay, edit) && relay.excuses(device, edit)) return false;
    if (relay.restores === 0) return true;
    // Until something arrives, also over a second connection, the page cannot tell a stock server from ours.
    const isConnected = sync.current.peers.some(({ id, phase }) => id === relay.id && phase === 'connected');
    const { words } = world();
    return (
      isConnected && [...relay.links].some((link) => link.isOpen && links.has(link) && words.isHeard(link))
    );
  }

  /** `by` may report other tabs' edits: those that ended tabs left on its device. */
  function claimConfirmed(by: SimTab, edit: Edit, rung: 'confirmed' | 'durable'): void {
    const { relays, history, words } = world();
    // Of a page that has yet to notice a restore, an edit that only its memory has ends with it.
    if (relays.every((relay) => mayKnow(by, relay, edit))) {
      history.promised('confirmed', edit);
      edit.isConfirmed = true;
    }
    if (isDisplaced(edit)) return;
    for (const relay of relays) {
      if (rung === 'durable' && !words.hasHello(by.name, relay.id))
        fail(`reported as durable by ${by.name} before the hello of ${relay.name}`, edit);
      if (!mayKnow(by, relay, edit)) continue;
      if (!isStoredAt(relay, edit)) fail(`reported as ${rung}, but not at ${relay.name}`, edit);
      const claimed = claimedByRelay.get(relay.name) ?? new Map<string, Edit>();
      claimedByRelay.set(relay.name, claimed.set(`${edit.id} ${edit.sessionID} ${edit.count}`, edit));
    }
  }

  /** Nothing is pending, as far as this device knows; a relay may have lost it since. */
  function claimSettled(by: SimTab, edit: Edit): void {
    for (const relay of world().relays)
      if (!isStoredAt(relay, edit) && !relay.hasLost(edit) && !isDisplaced(edit))
        fail(`known by ${by.name} not to be pending, but never at ${relay.name}`, edit);
  }

  function ignoreClosing(): void {}

  function throwFirst(): void {
    const [first] = found;
    if (first) throw first;
  }

  return {
    edits,
    edited(tab, id, name, sessionID = tab.sessionOf(id)) {
      const { sync } = tab;
      const count = tab.node.getCoValue(id).knownState().sessions[sessionID] ?? 0;
      const edit: Edit = { name, id, sessionID, count, tab, isSaved: false, isConfirmed: false };
      edits.push(edit);
      sync.whenSaved(id).then(() => claimSaved(edit), ignoreClosing);
      sync.whenConfirmed(id).then(() => claimConfirmed(tab, edit, 'confirmed'), ignoreClosing);
      sync.whenDurable(id).then(() => claimConfirmed(tab, edit, 'durable'), ignoreClosing);
    },
    watch(tab) {
      // The tab also reports what ended tabs left on this device.
      const { device } = tab;
      const earlier = edits.filter(
        ({ tab: author, id, sessionID, count }) =>
          author.device === device &&
          !device.tabs.includes(author) &&
          device.disk.isWrittenBy(author.name, id, sessionID, count),
      );
      const claimEarlier = () => {
        for (const edit of earlier) claimConfirmed(tab, edit, 'durable');
      };
      tab.sync.whenDurable().then(claimEarlier, ignoreClosing);
      tab.sync.subscribe(({ status, saved, confirmed, durable, storage }) => {
        if (!tab.isOpen) return;
        const written = edits.filter((edit) => edit.tab === tab);
        if (saved.pending === 0 && storage.state === 'ok')
          written.filter((edit) => !edit.isSaved).forEach(claimSaved);
        if (confirmed.pending > 0) return;
        const all = [...earlier, ...written];
        if (confirmed.known) for (const edit of all) claimSettled(tab, edit);
        if (status !== 'confirmed') return;
        for (const edit of all) claimConfirmed(tab, edit, durable ? 'durable' : 'confirmed');
      });
    },
    forked: ({ name }) => void found.push(new FalseClaim(`${name} switched to a new session`)),
    restored({ name }) {
      claimedByRelay.delete(name);
      world().history.restored();
      // A page with a failing disk holds the edit only in memory: when it ends, the edit is lost.
      for (const edit of edits) if (!edit.isSaved) edit.isConfirmed = false;
    },
    check() {
      throwFirst();
      for (const edit of edits)
        if (edit.isSaved && !isOnDisk(edit)) fail('was saved, but is not on the disk', edit);
      for (const relay of world().relays) {
        for (const edit of claimedByRelay.get(relay.name)?.values() ?? []) {
          if (!isStoredAt(relay, edit)) fail(`was confirmed, but is not at ${relay.name}`, edit);
        }
      }
      throwFirst();
    },
  };
}
