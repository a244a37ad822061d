import { afterEach, expect, it } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { accountDatabase, stores } from '../account-database.ts';
import type { CoValueHeader, RawCoID } from '../../engine/content.ts';
import { committing, openDatabase } from '../indexed-db.ts';
import { requestInSlices } from './request-in-slices.ts';
import { readPieces, segmentsOf } from './segments.ts';

const databases = createDatabases(indexedDB);
const accountID = `segments-${crypto.randomUUID()}`;
afterEach(() => databases.delete(`maia-${accountID}`));

const header = { type: 'comap', meta: null } as CoValueHeader;
const ids = Array.from({ length: 500 }, (_, at): RawCoID => `co_z${at}`);

it('puts many segments into one transaction over several tasks', async () => {
  const db = await openDatabase(indexedDB, accountDatabase(accountID));
  if (!db) throw new Error('The database should have been created.');
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
  /** The number of other tasks that the page had run when each slice began. */
  const begunIn = new Set<number>();
  const transaction = db.transaction(stores.segments, 'readwrite');
  const store = transaction.objectStore(stores.segments);
  function* requests() {
    for (const segment of segments) yield store.add(segment);
  }
  await committing(transaction, () =>
    requestInSlices(requests(), {
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
