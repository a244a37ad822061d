import type { Logger } from '../base/logger.ts';
import { accountDatabase, stores } from './account-database.ts';
import { committing, openDatabase, resultOf } from './indexed-db.ts';
import {
  confirmedIn,
  isAnotherStorage,
  joinConfirmed,
  type RelayMemory,
  type RememberedRelay,
} from './remembered-relay.ts';

/** Uses the account's database, and never recreates it: sign-out deletes it. */
export function createRelayMemory(
  indexedDB: IDBFactory,
  accountID: string,
  { logger }: { readonly logger: Logger },
): RelayMemory {
  const { name } = accountDatabase(accountID);

  async function transact<T, Missing>(
    mode: IDBTransactionMode,
    run: (store: IDBObjectStore) => Promise<T>,
    missing: Missing,
  ): Promise<T | Missing> {
    const db = await openDatabase(indexedDB, { name });
    if (!db) return missing;
    try {
      if (!db.objectStoreNames.contains(stores.relays)) return missing;
      return await committing(db.transaction(stores.relays, mode), (transaction) =>
        run(transaction.objectStore(stores.relays)),
      );
    } finally {
      db.close();
    }
  }

  return {
    // A database that was deleted in the meantime may have named other relays.
    read: (relayID) => transact('readonly', (store) => readRelay(store, relayID), { refill: true }),
    async write(relayID, remembered) {
      const joinInto = async (store: IDBObjectStore) => {
        const before: unknown = await resultOf(store.get(relayID));
        const joined = joinRemembered(before, remembered);
        await resultOf(store.put(joined, relayID));
        return joined;
      };
      try {
        return await transact('readwrite', joinInto, remembered);
      } catch (error) {
        logger.warn('Could not save on this device what it knows about a relay', { error });
        throw error;
      }
    },
  };
}

/** Before the ledger could record a relay, its record says what it will say then. */
async function readRelay(store: IDBObjectStore, relayID: string): Promise<RememberedRelay | undefined> {
  const known = await resultOf(store.getAllKeys());
  return asRecorded(await resultOf(store.get(relayID)), relayID, known);
}

/**
 * A relay that is new or whose record cannot be read. If there were others, their confirmations may have ended debts, so
 * everything stored has to be compared with the new one.
 */
export function asRecorded(
  value: unknown,
  relayID: string,
  known: readonly IDBValidKey[],
): RememberedRelay | undefined {
  const before = readRemembered(value);
  // A loss watch may have written its record before.
  const isNew = before?.configuredMs === undefined && known.some((other) => other !== relayID || !before);
  return isNew ? { ...before, refill: true } : before;
}

/**
 * Keeps what another tab has recorded in the meantime: confirmations, losses, and that the relay has to be refilled. If the
 * tabs have reached different storages at the relay's address, this one's begins a generation of its own.
 */
export function joinRemembered(stored: unknown, now: RememberedRelay): RememberedRelay {
  const before = readRemembered(stored) ?? {};
  const [earlier, later] = [before.losses ?? 0, now.losses ?? 0];
  // A tab that has not heard of the latest loss names the storage before it.
  const storage =
    later < earlier ? before.storage : (now.storage ?? (later === earlier ? before.storage : undefined));
  const isSplit = later === earlier && isAnotherStorage(before, storage);
  const losses = Math.max(earlier, later) + (isSplit ? 1 : 0);
  const isRefilled = now.refill === false && losses === later;
  const configuredMs = Math.max(before.configuredMs ?? 0, now.configuredMs ?? 0);
  const confirmed = joinConfirmed(confirmedIn(now), confirmedIn(before));
  const receipt = now.receipt ?? before.receipt;
  return {
    ...(storage && { storage }),
    ...(confirmed.length > 0 && { confirmed }),
    ...(losses > 0 && { losses }),
    ...((isSplit || (before.refill && !isRefilled) || now.refill) && { refill: true }),
    ...(configuredMs > 0 && { configuredMs }),
    ...(receipt !== undefined && { receipt }),
  };
}

/** A record of a later version is ignored and overwritten. */
export function readRemembered(value: unknown): RememberedRelay | undefined {
  return isRemembered(value) ? value : undefined;
}

function isRemembered(value: unknown): value is RememberedRelay {
  if (typeof value !== 'object' || value === null) return false;
  const { storage, confirmed, losses, refill, configuredMs } = value as Partial<Record<string, unknown>>;
  return (
    (storage === undefined || storage === 'stock' || isStorage(storage)) &&
    (confirmed === undefined || (Array.isArray(confirmed) && confirmed.every(isConfirmedEdit))) &&
    (losses === undefined || typeof losses === 'number') &&
    (refill === undefined || typeof refill === 'boolean') &&
    (configuredMs === undefined || typeof configuredMs === 'number')
  );
}

function isStorage(value: unknown): boolean {
  const { id, epoch } = (value ?? {}) as Partial<Record<string, unknown>>;
  return typeof id === 'string' && typeof epoch === 'string';
}

function isConfirmedEdit(value: unknown): boolean {
  const { id, sessionID, count, generation, isFound } = (value ?? {}) as Partial<Record<string, unknown>>;
  return (
    typeof id === 'string' &&
    typeof sessionID === 'string' &&
    typeof count === 'number' &&
    (generation === undefined || typeof generation === 'number') &&
    (isFound === undefined || isFound === true)
  );
}
