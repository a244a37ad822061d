import type { RawCoID, StorageAPI } from 'cojson';
import { noFacts, wholeDebts, type Ledger } from '../../storage/ledger.ts';

/** The peer ID under which an app's own storage lists CoValues with unconfirmed edits. */
const mark = 'maia-unconfirmed';

/** A ledger in the storage that an app has given to its node: such a storage keeps a list of CoValues, and nothing finer. */
export function createMarksLedger(storage: StorageAPI | undefined): Ledger {
  const marked = new Set<RawCoID>();
  let writing: Promise<unknown> = Promise.resolve();

  function track(ids: readonly RawCoID[], synced: boolean): void {
    if (!storage || ids.length === 0) return;
    const updates = ids.map((id) => ({ id, peerId: mark, synced }));
    const done = new Promise<void>((resolve) => storage.trackCoValuesSyncState(updates, resolve));
    writing = Promise.all([writing, done]);
  }

  return {
    useRelays: () => {},
    add({ debts = [] }) {
      const ids = new Set(debts.map(({ id }) => id));
      const unmarked = [...ids].filter((id) => !marked.has(id));
      for (const id of unmarked) marked.add(id);
      track(unmarked, false);
    },
    settled(id) {
      marked.delete(id as RawCoID);
      track([id as RawCoID], true);
    },
    attempted: () => Promise.resolve(),
    written: async () => void (await writing),
    async read() {
      const ids = await new Promise<readonly RawCoID[]>((resolve) =>
        storage ? storage.getUnsyncedCoValueIDs(resolve) : resolve([]),
      );
      return { ...noFacts, debts: wholeDebts(ids, 'stored', 0), generations: new Map() };
    },
  };
}
