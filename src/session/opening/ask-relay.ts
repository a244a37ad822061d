import type { LocalNode, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { getAvailableCoValue } from '../../engine/covalue-lookup.ts';
import { confirmationsOf } from '../../sync/confirmations.ts';
import type { PeerStatus } from '../../sync/peer-status.ts';
import { readRelayTargets, type RelayTargets } from '../../sync/relay-targets.ts';
import type { SyncOptions, SyncPeers } from '../../sync/sync-peers.ts';
import { aborted, throwIfAborted } from '../passkeys/ceremony-errors.ts';

/** How long to wait for a connected relay that does not answer. */
const answerMs = 10_000;

/** The hosts of the relays to ask, as text. Throws SYNC_OFF or SYNC_URL_INVALID. */
export function hostsToAsk(sync: SyncOptions | false): string {
  return targetsToAsk(sync)
    .map(([url]) => new URL(url).host)
    .join(', ');
}

function targetsToAsk(sync: SyncOptions | false): RelayTargets {
  if (sync === false) throw syncOff();
  return readRelayTargets(sync);
}

/**
 * Asks every relay, each at all of its addresses, until `isFound`. Resolves without it only if every relay has answered:
 * one that cannot be reached may have the account. Rejects with SYNC_OFF, SYNC_URL_INVALID, ABORTED or a relay error.
 */
export async function askRelay(options: {
  readonly node: LocalNode;
  readonly id: RawCoID;
  readonly sync: SyncOptions | false;
  /** The node's peers, created with the same options. */
  readonly peers: SyncPeers;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Default: whether the node has anything of the CoValue. */
  readonly isFound?: () => boolean;
}): Promise<void> {
  const { node, id, sync, peers, clock, signal } = options;
  const { isFound = () => getAvailableCoValue(node, id) !== undefined } = options;
  throwIfAborted(signal);
  const targets = targetsToAsk(sync);
  const asked = new Set<string>();
  const ended = new AbortController();
  const isAborted = whenAborted(signal, ended.signal);
  const isLost = whenState(peers, ended.signal, (relays) => relays.every(isPrevented) || undefined);

  function isPrevented(relay: PeerStatus, index: number): boolean {
    const addressCount = targets[index]?.length ?? 1;
    if (relay.phase === 'waiting') return relay.attempt >= addressCount;
    return relay.phase === 'failed' || relay.phase === 'offline';
  }

  /** The relays to ask now. None if all that are left cannot be asked. Undefined: one may still connect. */
  function nextToAsk(relays: readonly PeerStatus[]): readonly PeerStatus[] | undefined {
    const connected = relays.filter(({ id: relayID, phase }) => phase === 'connected' && !asked.has(relayID));
    if (connected.length > 0) return connected;
    return relays.every((relay, index) => asked.has(relay.id) || isPrevented(relay, index)) ? [] : undefined;
  }

  // cojson asks each relay that connects for what the node has a part of, so the answer may come before the question.
  const whenAnswered = () => confirmationsOf(peers)?.whenAnswered(id);
  let answer = whenAnswered();

  try {
    for (;;) {
      const relays = await Promise.race([isAborted, whenState(peers, ended.signal, nextToAsk)]);
      if (relays.length === 0) {
        const missed = peers.current.peers.find((relay) => !asked.has(relay.id));
        if (missed) throw errorOf(missed);
        return;
      }
      for (const relay of relays) asked.add(relay.id);
      const overdue = whenOverdue(clock, hostsToAsk(sync), ended.signal);
      const lost = isLost.then(() => {
        throw errorOf(peers.current.peers[0]);
      });
      const answered = getAvailableCoValue(node, id) ? answer : node.loadCoValueCore(id, undefined, true);
      if (!isFound()) await Promise.race([isAborted, lost, overdue, answered]);
      if (isFound()) return;
      answer = whenAnswered();
    }
  } finally {
    ended.abort();
  }
}

/** Resolves with what `read` returns of the relays' states, once that is not undefined. */
function whenState<T>(
  peers: SyncPeers,
  ended: AbortSignal,
  read: (relays: readonly PeerStatus[]) => T | undefined,
): Promise<T> {
  return new Promise((resolve) => {
    const stop = peers.subscribe(({ peers: relays }) => {
      const found = relays.length > 0 ? read(relays) : undefined;
      if (found !== undefined) resolve(found);
    });
    ended.addEventListener('abort', stop);
  });
}

function whenAborted(signal: AbortSignal | undefined, ended: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(aborted(signal)), { signal: ended });
  });
}

function errorOf(relay: PeerStatus | undefined): KernelError {
  return relay && 'error' in relay ? relay.error : offline();
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
