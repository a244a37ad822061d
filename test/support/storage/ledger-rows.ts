import { stores } from '../../../src/storage/account-database.ts';
import type { Databases } from './databases.ts';

/** Every record of an account's ledger, as stored. */
export function ledgerRows(databases: Databases, accountID: string): Promise<readonly unknown[]> {
  return databases.request(`maia-${accountID}`, stores.ledger, (store) => store.getAll());
}

/** What is stored of each relay, by its ID. */
export async function relayRows(databases: Databases, accountID: string): Promise<Record<string, object>> {
  const read = <T>(run: (store: IDBObjectStore) => IDBRequest) =>
    databases.request<readonly T[]>(`maia-${accountID}`, stores.relays, run);
  const keys = await read<string>((store) => store.getAllKeys());
  const values = await read<object>((store) => store.getAll());
  return Object.fromEntries(keys.map((key, at) => [key, values[at] ?? {}]));
}
