import type { RawCoID } from 'cojson';
import type { Clock } from '../platform/clock.ts';
import { createKernelError, type KernelError } from '../platform/kernel-error.ts';
import type { Logger } from '../platform/logger.ts';
import type { Platform } from '../platform/platform.ts';
import { foreignStorageStatus, startSync } from '../sync/start-sync.ts';
import type { SyncOptions, SyncPeers } from '../sync/sync-peers.ts';
import { resolveSyncUrls } from '../sync/sync-url.ts';
import { aborted, throwIfAborted } from './ceremony-errors.ts';
import type { Content } from './genesis.ts';
import { createKeyringNode, keyringContentIn, readKeyring } from './keyring-content.ts';
import type { Keyring } from './keyring-keys.ts';
import type { SessionCrypto } from './session-crypto.ts';

/** A relay that is there, and says nothing about the entry for this long, is not waited for. */
const answerMs = 10_000;

/**
 * Asks the relay for a passkey's entry, once. Rejects with ACCOUNT_NOT_FOUND only where a relay answered that it has
 * none; where none could be asked, with what kept it: SYNC_OFF, SYNC_URL_INVALID, a relay's code; or with ABORTED.
 */
export async function lookUpKeyring(options: {
  readonly crypto: SessionCrypto;
  readonly keyring: Keyring;
  readonly sync: SyncOptions | false;
  readonly platform: Platform;
  readonly signal: AbortSignal | undefined;
  readonly logger: Logger;
}): Promise<readonly Content[]> {
  const { crypto, keyring, sync, platform, signal, logger } = options;
  if (sync === false) throw syncOff();
  throwIfAborted(signal);
  const urls = resolveSyncUrls(sync);
  const { host } = new URL(urls[0]);
  const node = createKeyringNode(crypto, keyring);
  const peers = startSync({ node, sync, storage: { status: foreignStorageStatus(node) }, platform, logger });
  const ended = new AbortController();
  try {
    const prevented = whenPrevented(peers, urls.length, signal, ended.signal);
    await Promise.race([prevented, whenConnected(peers)]);
    const overdue = whenOverdue(platform.clock, host, ended.signal);
    await Promise.race([prevented, overdue, node.loadCoValueCore(keyring.mapID, undefined, true)]);
    if (readKeyring(node, keyring.mapID).kind === 'missing') throw notFound(host, keyring.mapID);
    return keyringContentIn(node, keyring);
  } finally {
    ended.abort();
    await peers.close();
    await node.gracefulShutdown();
  }
}

function whenConnected(peers: SyncPeers): Promise<void> {
  return new Promise((resolve) => {
    peers.subscribe(({ peers: [relay] }) => {
      if (relay?.phase === 'connected') resolve();
    });
  });
}

/** Rejects when it is known that no answer comes from this attempt. */
function whenPrevented(
  peers: SyncPeers,
  addressCount: number,
  signal: AbortSignal | undefined,
  ended: AbortSignal,
): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(aborted(signal)), { signal: ended });
    peers.subscribe(({ peers: [relay] }) => {
      const allTried = relay?.phase === 'waiting' && relay.attempt >= addressCount;
      if (allTried || relay?.phase === 'failed') reject(relay.error);
      if (relay?.phase === 'offline') reject(offline());
    });
  });
}

function whenOverdue(clock: Clock, host: string, ended: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const cancel = clock.after(answerMs, () => reject(silent(host)));
    ended.addEventListener('abort', cancel);
  });
}

function notFound(host: string, mapID: RawCoID): KernelError {
  return createKernelError(
    'ACCOUNT_NOT_FOUND',
    `The relay at ${host} has no account for this passkey. Open the app, online, on the device where the account was made, then try again.`,
    { details: { host, mapID } },
  );
}

function syncOff(): KernelError {
  return createKernelError(
    'SYNC_OFF',
    'This device has no copy of the account, and with `sync: false` no relay is asked for it. Sign in with sync once.',
  );
}

function offline(): KernelError {
  return createKernelError(
    'RELAY_UNREACHABLE',
    'This device has no copy of the account, and there is no network to ask a relay over. Sign in again when there is one.',
  );
}

function silent(host: string): KernelError {
  return createKernelError(
    'RELAY_SILENT',
    `The relay at ${host} did not answer whether it has the account. Try again.`,
  );
}
