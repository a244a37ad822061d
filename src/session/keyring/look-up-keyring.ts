import type { RawCoID } from 'cojson';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { foreignStorageStatus } from '../../sync/begin-sync.ts';
import { startSync } from '../../sync/start-sync.ts';
import type { SyncOptions } from '../../sync/sync-peers.ts';
import { askRelay, hostsToAsk } from '../opening/ask-relay.ts';
import { accountIDFor, type Content } from '../account/genesis.ts';
import { createKeyringNode, keyringContentIn, readKeyring } from './keyring-content.ts';
import type { Keyring } from './keyring-keys.ts';
import type { SessionCrypto } from '../../engine/session-crypto.ts';
import { getAvailableCoValue } from '../../engine/covalue-lookup.ts';

/** Asks once. Rejects with ACCOUNT_NOT_FOUND (no entry), ACCOUNT_INVALID (incomplete entry), or like `askRelay`. */
export async function lookUpKeyring(options: {
  readonly crypto: SessionCrypto;
  readonly keyring: Keyring;
  readonly sync: SyncOptions | false;
  readonly platform: Platform;
  readonly signal: AbortSignal | undefined;
  readonly logger: Logger;
}): Promise<readonly Content[]> {
  const { crypto, keyring, sync, platform, signal, logger } = options;
  const host = hostsToAsk(sync);
  const node = createKeyringNode(crypto, keyring);
  const { agentSecret } = keyring;
  const peers = startSync({
    ...{ node, sync, platform, logger },
    storage: { status: foreignStorageStatus(node) },
    account: { accountID: accountIDFor(crypto, agentSecret), agentSecret, scope: 'lookup' },
  });
  try {
    const isFound = () => readKeyring(node, keyring.mapID).kind !== 'missing';
    await askRelay({ node, id: keyring.mapID, sync, peers, clock: platform.clock, signal, isFound });
    if (!isFound()) {
      throw getAvailableCoValue(node, keyring.mapID) ? incompleteEntry(host) : notFound(host, keyring.mapID);
    }
    return keyringContentIn(node, keyring);
  } finally {
    await peers.close();
    await node.gracefulShutdown();
  }
}

/** The relay has the entry's CoValue, but its content is missing or was altered. */
function incompleteEntry(host: string): KernelError {
  return createKernelError(
    'ACCOUNT_INVALID',
    `The relay at ${host} has only part of the passkey’s entry, or an altered version of it, so nothing was opened. While online, open the app on a device that has the account, then try again; or sign in with another passkey.`,
    { details: { host } },
  );
}

function notFound(host: string, mapID: RawCoID): KernelError {
  return createKernelError(
    'ACCOUNT_NOT_FOUND',
    `The relay at ${host} has no account for this passkey. While online, open the app on the device where the account was created, then try again.`,
    { details: { host, mapID } },
  );
}
