import type { LocalNode, PeerState, RawCoID, SyncMessage } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { getAvailableCoValue, getOrCreateCoValue, hasWaitingContent } from '../../engine/covalue-lookup.ts';
import { listen } from '../../engine/node-events.ts';
import { errorOf, type PeerStatus } from '../../sync/peer-status.ts';
import { readRelayTargets, type RelayTargets } from '../../sync/relay-targets.ts';
import type { SyncOptions, SyncPeers } from '../../sync/sync-peers.ts';
import { throwIfAborted } from '../passkeys/ceremony-errors.ts';

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
  /** By relay, the connection on which it was asked last. */
  const asked = new Map<string, PeerState>();
  const answers = new Map<string, 'has' | 'lacks'>();
  /** Relays whose time to answer is over. */
  const overdue = new Set<string>();
  let changed = (): void => {};
  const stops = [
    peers.subscribe(() => changed()),
    getOrCreateCoValue(node, id).subscribe(() => changed()),
    listen(node, { handled }),
  ];
  signal?.addEventListener('abort', () => changed(), { once: true });

  /** What a relay pushed before it was asked is no answer. */
  function handled(message: SyncMessage, { id: relayID }: PeerState): void {
    if (message.id !== id || !asked.has(relayID)) return;
    if (message.action === 'content') answers.set(relayID, 'has');
    else if (message.action === 'known') answers.set(relayID, message.header ? 'has' : 'lacks');
    changed();
  }

  /** A relay may claim what it does not deliver, or deliver what this device cannot read. */
  function isAnswered(relayID: string): boolean {
    const answer = answers.get(relayID);
    return answer === 'lacks' || (answer === 'has' && getAvailableCoValue(node, id) !== undefined);
  }

  function askOnce({ id: relayID, phase }: PeerStatus): void {
    const peer = node.syncManager.peers[relayID];
    if (phase !== 'connected' || !peer || isAnswered(relayID) || asked.get(relayID) === peer) return;
    // A relay gets no more time for having connected again.
    if (!asked.has(relayID))
      stops.push(
        clock.after(answerMs, () => {
          overdue.add(relayID);
          changed();
        }),
      );
    asked.set(relayID, peer);
    // Not beyond what a relay has only announced.
    node.syncManager.trySendToPeer(peer, { action: 'load', ...getOrCreateCoValue(node, id).knownState() });
  }

  function isOver(relay: PeerStatus, index: number): boolean {
    if (isAnswered(relay.id) && !hasWaitingContent(getOrCreateCoValue(node, id))) return true;
    if (overdue.has(relay.id) || relay.phase === 'failed' || relay.phase === 'offline') return true;
    return relay.phase === 'waiting' && relay.attempt >= (targets[index]?.length ?? 1);
  }

  try {
    for (;;) {
      throwIfAborted(signal);
      if (isFound()) return;
      const change = new Promise<void>((resolve) => (changed = resolve));
      const relays = peers.current.peers;
      for (const relay of relays) askOnce(relay);
      if (relays.length > 0 && relays.every(isOver)) {
        const missed = relays.find((relay) => !isAnswered(relay.id));
        if (!missed) return;
        throw overdue.has(missed.id) ? silent(hostsToAsk(sync)) : failureOf(missed);
      }
      await change;
    }
  } finally {
    for (const stop of stops) stop();
  }
}

function failureOf(relay: PeerStatus): KernelError {
  return errorOf(relay) ?? offline();
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
