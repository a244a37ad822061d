import type { ConfirmedEdit, RememberedRelay } from '../../src/storage/remembered-relay.ts';

/** The contents of a relay's database. Immutable: a commit replaces the object, so an old one serves as a backup. */
export interface Tables {
  readonly identity: { readonly id: string; readonly epoch: string };
  readonly covalues: ReadonlyMap<string, string>;
  /** Keyed by CoValue and session. */
  readonly sessions: ReadonlyMap<string, SessionRow>;
  readonly transactions: ReadonlyMap<string, readonly string[]>;
  readonly signatures: ReadonlyMap<string, readonly SignatureRow[]>;
  /** Whether the history is erased. */
  readonly deletions: ReadonlyMap<string, boolean>;
  /** Places by digest. */
  readonly beginnings: ReadonlyMap<string, string>;
}

/** What a server at a relay's address has, ours or a stock one. */
export interface ServedTables extends Pick<Tables, 'covalues' | 'sessions'> {
  /** As in our relay's hello. A stock server names none. */
  readonly identity?: Tables['identity'];
}

export interface SessionRow {
  readonly covalueID: string;
  readonly sessionID: string;
  readonly lastIdx: number;
  readonly lastSignature: string;
  readonly bytesSinceSignature: number;
}

export interface SignatureRow {
  readonly idx: number;
  readonly signature: string;
}

/** The tables of a transaction. They become the database's when it commits. */
export type OpenTables = {
  -readonly [Name in keyof Tables]: Tables[Name] extends ReadonlyMap<infer Key, infer Value>
    ? Map<Key, Value>
    : Tables[Name];
};

export function emptyTables(id: string): Tables {
  return {
    identity: { id, epoch: 'first' },
    covalues: new Map(),
    sessions: new Map(),
    transactions: new Map(),
    signatures: new Map(),
    deletions: new Map(),
    beginnings: new Map(),
  };
}

export function openTables({ identity, ...tables }: Tables): OpenTables {
  return {
    identity,
    covalues: new Map(tables.covalues),
    sessions: new Map(tables.sessions),
    transactions: new Map(tables.transactions),
    signatures: new Map(tables.signatures),
    deletions: new Map(tables.deletions),
    beginnings: new Map(tables.beginnings),
  };
}

/** Whether a deletion is among the sessions; the CoValue's other sessions may be erased. */
export function isDeletedIn(counts: Readonly<Record<string, number>> | undefined): boolean {
  return Object.keys(counts ?? {}).some((sessionID) => sessionID.endsWith('$'));
}

/** Tells our relay at an address from the stock server that may take its place. `storage`: what its hello or a record names. */
export function serverAt(relayID: string, storage: RememberedRelay['storage']): string {
  return storage && storage !== 'stock' ? relayID : `the stock server at ${relayID}`;
}

/**
 * Whether the record is of another storage than this one. One without any confirmation is of none yet. Not the kernel's own
 * function, which this is to check.
 */
export function isOfAnother(
  { storage, confirmed = [] }: RememberedRelay,
  { identity }: ServedTables,
): boolean {
  if (storage === 'stock') return identity !== undefined;
  if (!storage) return identity !== undefined && confirmed.length > 0;
  return storage.id !== identity?.id || storage.epoch !== identity.epoch;
}

/** Whether the tables contain the edit, or the deletion of its CoValue. */
export function isStoredIn(tables: ServedTables, { id, sessionID, count }: ConfirmedEdit): boolean {
  if (!tables.covalues.has(id)) return false;
  return (
    (tables.sessions.get(keyOf(id, sessionID))?.lastIdx ?? 0) >= count ||
    isDeletedIn(storedCounts(tables, id))
  );
}

export const keyOf = (covalueID: string, sessionID: string) => `${covalueID} ${sessionID}`;

/** The number of stored transactions per session; undefined if the CoValue is not stored. */
export function storedCounts(
  { covalues, sessions }: Pick<Tables, 'covalues' | 'sessions'>,
  id: string,
): Readonly<Record<string, number>> | undefined {
  if (!covalues.has(id)) return undefined;
  const rows = [...sessions.values()].filter(({ covalueID }) => covalueID === id);
  return Object.fromEntries(rows.map(({ sessionID, lastIdx }) => [sessionID, lastIdx]));
}
