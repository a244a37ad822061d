import { silentLogger } from '../base/logger.ts';
import type { Platform } from '../platform/platform.ts';
import { accountUnknownHere } from './device/chosen-account.ts';
import { unlessRefused } from './device/device-errors.ts';
import { throwIfAborted } from './passkeys/ceremony-errors.ts';
import { unlessDeviceFails } from './device/prepare-device.ts';
import { deviceAccounts, type DeviceAccounts } from './device/device-accounts.ts';
import { createGenesis } from './account/genesis.ts';
import { openSession } from './opening/open-session.ts';
import { isSecure } from './account/secure-platform.ts';
import { createSessionCrypto } from '../engine/session-crypto.ts';
import type { Session } from './session.ts';
import type { SessionOptions } from './session-options.ts';
import { openVault } from './device/vault.ts';
import { vaultDamaged } from './device/vault-errors.ts';
import { finishRemovals } from './sign-out/removals.ts';

export async function resume(platform: Platform, options: SessionOptions): Promise<Session | undefined> {
  const { signal, logger = silentLogger, remember = 'device' } = options;
  throwIfAborted(signal);
  if (!isSecure(platform) || remember !== 'device') return undefined;
  const device = deviceAccounts(platform);
  // This concerns other accounts only: an account with a pending removal has no vault to resume.
  const removing = unlessDeviceFails(finishRemovals(platform), logger);
  const [vault] = await Promise.all([
    device && unlessRefused(vaultToOpen(device, options.accountID)),
    removing,
  ]);
  if (!device || vault === undefined) return undefined;

  const [{ accountID, seed, passkey }, crypto] = await Promise.all([
    openVault(platform, vault),
    createSessionCrypto(),
  ]);
  const [genesis, copies = []] = await Promise.all([
    createGenesis(crypto, platform.subtle, seed),
    unlessDeviceFails(device.keyringCopiesOf(accountID), logger),
  ]);
  if (genesis.accountID !== accountID) throw vaultDamaged('leads to another account');
  throwIfAborted(signal);
  const keyrings = copies.flatMap(({ content }) => content);
  const session = await openSession(platform, { crypto, genesis, seed, keyrings, passkey }, options);
  // Not awaited: the disk may be slow, and the time only orders accounts.
  void unlessDeviceFails(device.markUsed(accountID), logger);
  return session;
}

/** Rejects with ACCOUNT_NOT_FOUND if no record here names the requested account. */
async function vaultToOpen(device: DeviceAccounts, accountID: string | undefined): Promise<unknown> {
  if (accountID === undefined) return device.latestVault();
  const vault = await device.vaultOf(accountID);
  if (vault === undefined && !(await device.knows(accountID))) throw accountUnknownHere(accountID);
  return vault;
}
