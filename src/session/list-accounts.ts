import { createBrowserPlatform } from '../platform/browser-platform.ts';
import type { KnownAccount } from './device/known-accounts.ts';
import { sessionPart } from './load-session.ts';

/**
 * The accounts that this device keeps, the one used last first: those that `resumeSession` opens, and those that take a
 * tap. One that cannot be read, or that a newer version wrote, is among them; its label may be its ID, and the time 0.
 *
 * Rejects with STORAGE_UNAVAILABLE where the browser's database fails, and with VAULT_TOO_NEW where a newer version wrote
 * all of it: an empty list always means that nobody is here.
 */
export async function listAccounts(): Promise<readonly KnownAccount[]> {
  const { accountsHere } = await sessionPart.load();
  return accountsHere(createBrowserPlatform());
}
