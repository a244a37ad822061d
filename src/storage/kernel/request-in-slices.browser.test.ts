import { afterEach, expect, it } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { accountDatabase, stores } from '../account-database.ts';
import type { CoValueHeader, RawCoID } from '../content.ts';
import { committing, openDatabase } from '../indexed-db.ts';
import { askInSlices } from './request-in-slices.ts';
import { readPieces, segmentsOf } from './segments.ts';

const databases = createDatabases(indexedDB);
const accountID = `segments-${crypto.randomUUID()}`;
afterEach(() => databases.delete(`maia-${accountID}`));

const header = { type: 'comap', meta: null } as CoValueHeader;
const ids = Array.from({ length: 500 }, (_, at): RawCoID => `co_z${at}`);

it('puts many segments into one transaction, in as many tasks as it takes', async () => {
  const db = await openDatabase(indexedDB, accountDatabase(accountID));
  if (!db) throw new Error('It is to be made.');
  const segments = [...segmentsOf(ids.map((id) => ({ id, header, runs: [] })))];
  expect(segments).toHaveLength(10);
  let tasks = 0;
  let begun = 0;
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    tasks++;
    channel.port2.postMessage(0);
  };
  channel.port2.postMessage(0);
  /** In which of the page's other tasks each slice began. */
  const begunIn = new Set<number>();
  const transaction = db.transaction(stores.segments, 'readwrite');
  const store = transaction.objectStore(stores.segments);
  function* requests() {
    for (const segment of segments) yield store.add(segment);
  }
  await committing(transaction, () =>
    askInSlices(requests(), {
      isOver: () => true,
      begin() {
        begun++;
        begunIn.add(tasks);
      },
    }),
  );
  channel.port1.close();
  expect(begun).toBe(11);
  expect(begunIn.size).toBeGreaterThan(1);
  const pieces = await readPieces(db.transaction(stores.segments), new Set(ids));
  expect([...pieces.keys()]).toEqual(ids);
  db.close();
});
