import type { LocalNode, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { SyncOptions, SyncPeers } from '../../sync/sync-peers.ts';
import { resolveSyncUrls } from '../../sync/sync-url.ts';
import { aborted, throwIfAborted } from '../passkeys/ceremony-errors.ts';

/** How long to wait for a connected relay that does not answer. */
const answerMs = 10_000;

/** The host of the relay to ask. Throws SYNC_OFF or SYNC_URL_INVALID. */
export function hostToAsk(sync: SyncOptions | false): string {
  return new URL(urlsToAsk(sync)[0]).host;
}

function urlsToAsk(sync: SyncOptions | false): [string, ...string[]] {
  if (sync === false) throw syncOff();
  return resolveSyncUrls(sync);
}

/** Resolves on any answer of the relay. Rejects with SYNC_OFF, SYNC_URL_INVALID, ABORTED or a relay error. */
export async function askRelay(options: {
  readonly node: LocalNode;
  readonly id: RawCoID;
  readonly sync: SyncOptions | false;
  /** The node's peers, created with the same options. */
  readonly peers: SyncPeers;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}): Promise<void> {
  const { node, id, sync, peers, clock, signal } = options;
  throwIfAborted(signal);
  const host = hostToAsk(sync);
  const ended = new AbortController();
  try {
    const prevented = whenPrevented(peers, urlsToAsk(sync).length, signal, ended.signal);
    await Promise.race([prevented, whenConnected(peers)]);
    const overdue = whenOverdue(clock, host, ended.signal);
    await Promise.race([prevented, overdue, node.loadCoValueCore(id, undefined, true)]);
  } finally {
    ended.abort();
  }
}

function whenConnected(peers: SyncPeers): Promise<void> {
  return new Promise((resolve) => {
    peers.subscribe(({ peers: [relay] }) => {
      if (relay?.phase === 'connected') resolve();
    });
  });
}

/** Rejects once this attempt can no longer get an answer. */
function whenPrevented(
  peers: SyncPeers,
  addressCount: number,
  signal: AbortSignal | undefined,
  ended: AbortSignal,
): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(aborted(signal)), { signal: ended });
    const stop = peers.subscribe(({ peers: [relay] }) => {
      const allTried = relay?.phase === 'waiting' && relay.attempt >= addressCount;
      if (allTried || relay?.phase === 'failed') reject(relay.error);
      if (relay?.phase === 'offline') reject(offline());
    });
    ended.addEventListener('abort', stop);
  });
}

function whenOverdue(clock: Clock, host: string, ended: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const cancel = clock.after(answerMs, () => reject(silent(host)));
    ended.addEventListener('abort', cancel);
  });
}

function syncOff(): KernelError {
  return createKernelError(
    'SYNC_OFF',
    'This device has no copy of the account, and with `sync: false` the app does not ask a relay for it. Sign in once with sync enabled.',
  );
}

function offline(): KernelError {
  return createKernelError(
    'RELAY_UNREACHABLE',
    'This device has no copy of the account, and there is no network to reach a relay. Connect to a network, then sign in again.',
  );
}

function silent(host: string): KernelError {
  return createKernelError(
    'RELAY_SILENT',
    `The relay at ${host} did not report whether it has the account. Try again.`,
  );
}
