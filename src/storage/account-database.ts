import { isRecord } from '../base/record.ts';
import type { RawCoID } from '../engine/content.ts';
import type { DatabaseShape } from './indexed-db.ts';
import { packFacts } from './ledger/ledger-records.ts';
import { noFacts, wholeDebts } from './ledger.ts';

/** The database of one account on this device: session IDs, and content if the kernel's own engine stores it. */
export function accountDatabase(accountID: string): DatabaseShape & { readonly name: string } {
  return { name: `maia-${accountID}`, version: 4, make };
}

/** Whether an earlier run created the database. False if the browser does not reveal it. */
export async function hasDatabase(indexedDB: Pick<IDBFactory, 'databases'>, name: string): Promise<boolean> {
  try {
    return (await indexedDB.databases()).some((database) => database.name === name);
  } catch {
    return false;
  }
}

export const stores = {
  /** Keyed by session ID. */
  sessionIDs: 'session-ids',
  /** Append-only: pieces of about fifty CoValues per record, with an index of their IDs. */
  segments: 'segments',
  /** Append-only: what this device owes its relays, and what they have confirmed. */
  ledger: 'ledger',
  /** Deleted CoValues whose history has not been erased, keyed by ID. */
  deleted: 'deleted',
  /** What this device knows of each relay, keyed by its address. */
  relays: 'relay-records',
} as const;

/** Part of the stored format. */
export const segmentIDs = 'ids';

function make(db: IDBDatabase, transaction: IDBTransaction): void {
  const isMissing = (name: string) => !db.objectStoreNames.contains(name);
  // Version 1 had only this store.
  if (isMissing(stores.sessionIDs)) db.createObjectStore(stores.sessionIDs, { keyPath: 'sessionID' });
  if (isMissing(stores.segments)) {
    const segments = db.createObjectStore(stores.segments, { autoIncrement: true });
    segments.createIndex(segmentIDs, 'ids', { multiEntry: true });
  }
  if (isMissing(stores.ledger)) db.createObjectStore(stores.ledger, { autoIncrement: true });
  if (isMissing(stores.deleted)) db.createObjectStore(stores.deleted);
  if (isMissing(stores.relays)) db.createObjectStore(stores.relays);
  if (!isMissing(unconfirmedOfVersion3)) moveUnconfirmed(transaction);
  if (!isMissing(relaysOfVersion3)) moveRelays(transaction);
}

const unconfirmedOfVersion3 = 'unconfirmed';
/** Another name than now, because a tab of the earlier version opens the database without a version to write it. */
const relaysOfVersion3 = 'relays';

/** Version 3 listed the IDs of CoValues with unconfirmed edits. */
function moveUnconfirmed(transaction: IDBTransaction): void {
  const unconfirmed = transaction.objectStore(unconfirmedOfVersion3).getAllKeys();
  unconfirmed.addEventListener('success', () => {
    const debts = wholeDebts(unconfirmed.result as RawCoID[], 'v3', Date.now());
    if (debts.length > 0) transaction.objectStore(stores.ledger).add(packFacts({ ...noFacts, debts }));
    transaction.db.deleteObjectStore(unconfirmedOfVersion3);
  });
}

/** Version 3 may have lost some of those IDs, so everything is compared with every relay. */
function moveRelays(transaction: IDBTransaction): void {
  const relays = transaction.objectStore(relaysOfVersion3).openCursor();
  relays.addEventListener('success', () => {
    const cursor = relays.result;
    if (!cursor) return transaction.db.deleteObjectStore(relaysOfVersion3);
    const before = isRecord(cursor.value) ? cursor.value : {};
    transaction.objectStore(stores.relays).put({ ...before, refill: true }, cursor.key);
    cursor.continue();
  });
}
