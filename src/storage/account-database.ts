import type { DatabaseShape } from './indexed-db.ts';

/** The database of one account on this device: session IDs, and content if the kernel's own engine stores it. */
export function accountDatabase(accountID: string): DatabaseShape & { readonly name: string } {
  return { name: `maia-${accountID}`, version: 3, make };
}

export const stores = {
  /** Keyed by session ID. */
  sessionIDs: 'session-ids',
  /** Append-only: pieces of about fifty CoValues per record, with an index of their IDs. */
  segments: 'segments',
  /** CoValues that no relay has confirmed, keyed by ID. */
  unconfirmed: 'unconfirmed',
  /** Deleted CoValues whose history has not been erased, keyed by ID. */
  deleted: 'deleted',
  /** The last known state of each relay, keyed by its address. */
  relays: 'relays',
} as const;

/** Part of the stored format. */
export const segmentIDs = 'ids';

function make(db: IDBDatabase): void {
  const isMissing = (name: string) => !db.objectStoreNames.contains(name);
  // Version 1 had only this store.
  if (isMissing(stores.sessionIDs)) db.createObjectStore(stores.sessionIDs, { keyPath: 'sessionID' });
  if (isMissing(stores.segments)) {
    const segments = db.createObjectStore(stores.segments, { autoIncrement: true });
    segments.createIndex(segmentIDs, 'ids', { multiEntry: true });
  }
  if (isMissing(stores.unconfirmed)) db.createObjectStore(stores.unconfirmed);
  if (isMissing(stores.deleted)) db.createObjectStore(stores.deleted);
  if (isMissing(stores.relays)) db.createObjectStore(stores.relays);
}
