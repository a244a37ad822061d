import type { RawCoID, SessionID } from 'cojson';
import type { Logger } from '../base/logger.ts';
import { accountDatabase, stores } from './account-database.ts';
import { committing, openDatabase, resultOf } from './indexed-db.ts';

/** What this device last saw of a relay: the next connection, of this run or a later one, finds out whether it has lost data. */
export interface RememberedRelay {
  /** From its `hello`; a stock server says none. */
  readonly storage?: { readonly id: string; readonly epoch: string };
  /** What it confirmed last, the latest first. A copy of an older state has less, also where it carries the same epoch. */
  readonly confirmed?: readonly ConfirmedEdit[];
  /** How often a tab of this device has seen that it had lost data: the others may not see it, once that tab has refilled it. */
  readonly losses?: number;
}

export interface ConfirmedEdit {
  readonly id: RawCoID;
  readonly sessionID: SessionID;
  /** Of the session's transactions; 0 where the CoValue had nothing but its header. */
  readonly count: number;
}

/** Where that is kept. By the relay's id, which is its address. */
export interface RelayMemory {
  /** Rejects where it cannot be read. */
  read(relayID: string): Promise<RememberedRelay | undefined>;
  /** Written when there is time for it: an older state only costs a comparison. */
  write(relayID: string, remembered: RememberedRelay): void;
}

/** In the account's database. Where that is gone, because the account was signed out, none is made for it. */
export function createRelayMemory(
  indexedDB: IDBFactory,
  accountID: string,
  { logger }: { readonly logger: Logger },
): RelayMemory {
  const { name } = accountDatabase(accountID);

  async function transact<T>(
    mode: IDBTransactionMode,
    run: (store: IDBObjectStore) => Promise<T>,
  ): Promise<T | undefined> {
    const db = await openDatabase(indexedDB, { name });
    if (!db) return undefined;
    try {
      if (!db.objectStoreNames.contains(stores.relays)) return undefined;
      return await committing(db.transaction(stores.relays, mode), (transaction) =>
        run(transaction.objectStore(stores.relays)),
      );
    } finally {
      db.close();
    }
  }

  return {
    async read(relayID) {
      const record: unknown = await transact('readonly', (store) => resultOf(store.get(relayID)));
      return isRemembered(record) ? record : undefined;
    },
    write(relayID, remembered) {
      const joinInto = async (store: IDBObjectStore) => {
        const before: unknown = await resultOf(store.get(relayID));
        await resultOf(store.put(joinLosses(before, remembered), relayID));
      };
      transact('readwrite', joinInto).catch((error: unknown) =>
        logger.warn('What is known of the relay could not be written', { error }),
      );
    },
  };
}

/** What a tab writes must not take away what another one has seen meanwhile. */
export function joinLosses(before: unknown, now: RememberedRelay): RememberedRelay {
  const losses = Math.max((isRemembered(before) && before.losses) || 0, now.losses ?? 0);
  return losses === 0 ? now : { ...now, losses };
}

/** Of this version. One of a later version is not used, and written over. */
function isRemembered(value: unknown): value is RememberedRelay {
  if (typeof value !== 'object' || value === null) return false;
  const { storage, confirmed, losses } = value as Partial<Record<string, unknown>>;
  return (
    (storage === undefined || isStorage(storage)) &&
    (confirmed === undefined || (Array.isArray(confirmed) && confirmed.every(isConfirmedEdit))) &&
    (losses === undefined || typeof losses === 'number')
  );
}

function isStorage(value: unknown): boolean {
  const { id, epoch } = (value ?? {}) as Partial<Record<string, unknown>>;
  return typeof id === 'string' && typeof epoch === 'string';
}

function isConfirmedEdit(value: unknown): boolean {
  const { id, sessionID, count } = (value ?? {}) as Partial<Record<string, unknown>>;
  return typeof id === 'string' && typeof sessionID === 'string' && typeof count === 'number';
}
