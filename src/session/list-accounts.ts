import { createBrowserPlatform } from '../platform/browser-platform.ts';
import type { KnownAccount } from './device/known-accounts.ts';
import { sessionModule } from './load-session.ts';

/**
 * The accounts on this device, most recently used first: those that `resumeSession` opens, and those that require a tap.
 * Includes unreadable ones and those of a newer version; their label may be the ID, and their time 0. Rejects with
 * STORAGE_UNAVAILABLE if the browser's database fails, and with VAULT_TOO_NEW if a newer version wrote it. An empty list
 * therefore means that there are no accounts.
 */
export async function listAccounts(): Promise<readonly KnownAccount[]> {
  const { accountsHere } = await sessionModule.load();
  return accountsHere(createBrowserPlatform());
}
