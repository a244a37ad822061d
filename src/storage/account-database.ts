import type { DatabaseShape } from './indexed-db.ts';

/** What this device keeps of one account: its session ids, and its content where our own engine keeps it. */
export function accountDatabase(accountID: string): DatabaseShape & { readonly name: string } {
  return { name: `maia-${accountID}`, version: 3, make };
}

export const stores = {
  /** By session id. */
  sessionIDs: 'session-ids',
  /** Append-only: pieces of about fifty CoValues, and an index of their ids. */
  segments: 'segments',
  /** CoValues that no relay has confirmed, by id. */
  unconfirmed: 'unconfirmed',
  /** Deleted CoValues whose history is still there, by id. */
  deleted: 'deleted',
  /** What this device last saw of each relay, by its address. */
  relays: 'relays',
} as const;

/** Names of indices, too, are part of the format. */
export const segmentIDs = 'ids';

function make(db: IDBDatabase): void {
  const isMissing = (name: string) => !db.objectStoreNames.contains(name);
  // Version 1 had nothing but these.
  if (isMissing(stores.sessionIDs)) db.createObjectStore(stores.sessionIDs, { keyPath: 'sessionID' });
  if (isMissing(stores.segments)) {
    const segments = db.createObjectStore(stores.segments, { autoIncrement: true });
    segments.createIndex(segmentIDs, 'ids', { multiEntry: true });
  }
  if (isMissing(stores.unconfirmed)) db.createObjectStore(stores.unconfirmed);
  if (isMissing(stores.deleted)) db.createObjectStore(stores.deleted);
  if (isMissing(stores.relays)) db.createObjectStore(stores.relays);
}
