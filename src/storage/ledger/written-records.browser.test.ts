import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { confirmationOf, debtOf } from '../../../test/support/storage/facts.ts';
import { systemClock } from '../../base/clock.ts';
import { nextTask } from '../../base/next-task.ts';
import { accountDatabase, stores } from '../account-database.ts';
import { openDatabase } from '../indexed-db.ts';
import { createKnownStates } from '../kernel/known-states.ts';
import { createWrites } from '../kernel/writes.ts';
import { createWriteQueue } from '../write-queue.ts';
import type { Ledger } from '../ledger.ts';
import { storageErrorFrom } from '../storage-error.ts';
import { unpackFacts } from './ledger-records.ts';
import { createQueuedLedger } from './queued-ledger.ts';

const databases = createDatabases(indexedDB);
let accountID: string;
let db: IDBDatabase;
/** Records that were reported to the compaction. */
let counted: number;
beforeEach(async () => {
  accountID = `counted-${crypto.randomUUID()}`;
  const opened = await openDatabase(indexedDB, accountDatabase(accountID));
  if (!opened) throw new Error('The database was not created.');
  db = opened;
  counted = 0;
});
afterEach(async () => {
  db.close();
  await databases.delete(db.name);
});

const begin = (mode: IDBTransactionMode, names: readonly string[]) =>
  Promise.resolve(db.transaction(names, mode));
const timing = { clock: systemClock, nextTask, maxBatch: 1 };
const failed = (error: unknown) => storageErrorFrom(error, 'STORAGE_WRITE_FAILED');

const createLedger = {
  kernel: () =>
    createWrites({
      ...timing,
      known: createKnownStates(),
      connect: () => Promise.resolve(),
      begin,
      read: () => Promise.resolve(new Map()),
      isUnread: () => false,
      inMemory: () => [],
      isDeleted: () => false,
      wrote: ({ facts }) => void (counted += facts),
      failed,
    }),
  'cojson-indexeddb'() {
    const queue = createWriteQueue<{ run(): Promise<void>; done?(): void }>({
      ...timing,
      write: async ([write]) => write?.run(),
      done: (write) => write.done?.(),
      failed,
    });
    return createQueuedLedger({
      clock: systemClock,
      nextTask,
      begin,
      push: queue.push,
      attempted: queue.attempted,
      marked: () => Promise.resolve([]),
      unmark: () => Promise.resolve(),
      compaction: {
        useRelays: () => {},
        relayIDs: [],
        found: () => {},
        wrote: (count) => void (counted += count),
      },
    });
  },
} satisfies Record<string, () => Pick<Ledger, 'useRelays' | 'add' | 'written'>>;

it.each(['kernel', 'cojson-indexeddb'] as const)('%s counts only facts that it adds', async (kind) => {
  const ledger = createLedger[kind]();
  const steps = [
    () => ledger.useRelays(['r']),
    () => ledger.add({ debts: [debtOf('co_z1')] }),
    () => ledger.add({ confirmations: [confirmationOf('co_z1', { generation: 9 })] }),
    () => ledger.add({ confirmations: [confirmationOf('co_z1')] }),
    () => {},
  ];
  for (const step of steps) {
    step();
    await ledger.written();
  }
  const records = await databases.request(db.name, stores.ledger, (store) => store.count());
  // The kernel's storage begins with a record without facts.
  expect([records, counted]).toEqual([kind === 'kernel' ? 3 : 2, 2]);
});

it('adds the highest debt of each session again after the database was deleted', async () => {
  const writes = createLedger.kernel();
  for (const count of [1, 2, 3]) writes.add({ debts: [debtOf('co_z1', { count, sinceMs: count })] });
  await writes.written();
  await databases.request(db.name, stores.segments, (store) => (store.clear(), store.count()));
  await writes.written();
  await writes.written();
  const records = await databases.request<readonly unknown[]>(db.name, stores.ledger, (store) =>
    store.getAll(),
  );
  expect(unpackFacts(records.at(-1)).debts).toEqual([debtOf('co_z1', { count: 3, sinceMs: 1 })]);
});
