import type { Platform } from '../../platform/platform.ts';
import { accountDatabase } from '../../storage/account-database.ts';
import { stockDatabaseName } from '../../storage/stock-database.ts';
import { removeCleanMarks } from '../session-ids/acquire-session-id.ts';
import { deleteDatabase } from './device-database.ts';

/**
 * Deletes an account's content and session IDs from this device. Call it only when no tab has the account open. Rejects with
 * STORAGE_BLOCKED if a tab keeps a database open; the browser then deletes it later, if this tab still exists.
 */
export async function deleteAccountData(
  platform: Pick<Platform, 'clock' | 'marks'>,
  indexedDB: IDBFactory,
  accountID: string,
): Promise<void> {
  const { clock, marks } = platform;
  // A mark that outlives its session ID is harmless.
  if (marks) await removeCleanMarks({ clock, marks, indexedDB }, accountID).catch(() => {});
  const names = [stockDatabaseName(accountID), accountDatabase(accountID).name];
  await Promise.all(names.map((name) => deleteDatabase(indexedDB, name, clock)));
}
