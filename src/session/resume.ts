import { silentLogger } from '../platform/logger.ts';
import type { Platform } from '../platform/platform.ts';
import { isRefusal } from './device-errors.ts';
import { throwIfAborted } from './ceremony-errors.ts';
import { keptOnDevice, unlessDeviceFails } from './device-to-keep-on.ts';
import { createGenesis } from './genesis.ts';
import type { KeptOnDevice } from './kept-on-device.ts';
import { openSession } from './open-session.ts';
import { isSecure } from './secure-platform.ts';
import { createSessionCrypto } from './session-crypto.ts';
import type { Session, SessionOptions } from './session.ts';
import { openVault, vaultDamaged } from './vault.ts';

/** See `resumeSession`. */
export async function resume(platform: Platform, options: SessionOptions): Promise<Session | undefined> {
  const { signal, logger = silentLogger } = options;
  throwIfAborted(signal);
  if (!isSecure(platform)) return undefined;
  const device = keptOnDevice(platform);
  const vault = device && (await latestVault(device));
  if (!device || vault === undefined) return undefined;

  const { accountID, seed, passkey } = await openVault(platform, vault);
  const crypto = await createSessionCrypto();
  const genesis = await createGenesis(crypto, platform.subtle, seed);
  if (genesis.accountID !== accountID) throw vaultDamaged('leads to another account');
  const copies = (await unlessDeviceFails(device.keyringCopiesOf(accountID), logger)) ?? [];
  throwIfAborted(signal);
  const keyrings = copies.flatMap(({ content }) => content);
  const [session] = await Promise.all([
    openSession(platform, { crypto, genesis, keyrings, passkey }, options),
    unlessDeviceFails(device.markUsed(accountID), logger),
  ]);
  return session;
}

/** A browser that refuses its database has never kept anybody in it; one whose database fails may have. */
async function latestVault(device: KeptOnDevice): Promise<unknown> {
  try {
    return await device.latestVault();
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}
