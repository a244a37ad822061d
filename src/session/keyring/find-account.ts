import { isKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { SyncOptions } from '../../sync/sync-peers.ts';
import { unlessDeviceFails } from '../device/prepare-device.ts';
import { deviceAccounts } from '../device/device-accounts.ts';
import { madePasskeyIn } from '../device/device-records.ts';
import { createGenesis, type Content } from '../account/genesis.ts';
import { createKeyringNode, readKeyring } from './keyring-content.ts';
import { openEntry } from './keyring-entry.ts';
import type { KeyringKeys } from './keyring-keys.ts';
import { lookUpKeyring } from './look-up-keyring.ts';
import { passkeyRemoved } from '../passkeys/passkey-removed.ts';
import type { StorableAccount } from '../device/create-device-records.ts';
import type { SecurePlatform } from '../account/secure-platform.ts';
import type { SessionCrypto } from '../../engine/session-crypto.ts';

/** Looks for the account in this device's copy of the passkey's entry, without a network, and then at the relay. */
export async function findAccount(options: {
  readonly crypto: SessionCrypto;
  readonly keyring: KeyringKeys;
  readonly sync: SyncOptions | false;
  readonly platform: SecurePlatform;
  readonly signal: AbortSignal | undefined;
  readonly logger: Logger;
}): Promise<StorableAccount> {
  const { crypto, keyring, platform, logger } = options;
  const copy = await unlessDeviceFails(deviceAccounts(platform)?.keyringCopy(keyring.mapID), logger);
  if (copy) {
    try {
      const account = await openKeyring(platform, crypto, keyring, copy.content);
      const made = madePasskeyIn(copy);
      return { ...account, passkey: made && { ...made, removalSecret: keyring.agentSecret } };
    } catch (error) {
      if (isKernelError(error, 'PASSKEY_REMOVED')) throw error;
      logger.warn('This device’s copy of the passkey’s entry cannot be opened; asking the relay', {
        error,
      });
    }
  }
  return openKeyring(platform, crypto, keyring, await lookUpKeyring(options));
}

/** Rejects with PASSKEY_REMOVED or ACCOUNT_INVALID. */
async function openKeyring(
  platform: SecurePlatform,
  crypto: SessionCrypto,
  keyring: KeyringKeys,
  content: readonly Content[],
): Promise<StorableAccount> {
  const node = createKeyringNode(crypto, keyring);
  for (const piece of content) node.syncManager.handleNewContent(piece, 'import');
  const reading = readKeyring(node, keyring.mapID);
  if (reading.kind === 'removed') throw passkeyRemoved();
  const sealed = reading.kind === 'entry' ? reading.sealed : undefined;
  const seed = await openEntry(crypto, platform, keyring, sealed);
  const genesis = await createGenesis(crypto, platform.subtle, seed);
  return { crypto, seed, genesis, mapID: keyring.mapID, keyrings: content };
}
