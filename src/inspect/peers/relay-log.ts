import { isEqual } from '../../base/equal.ts';
import type { PeerStatus } from '../../sync/peer-status.ts';
import { toPlainError } from '../shared/to-plain-error.ts';
import { withoutURLSecrets } from '../shared/url-secrets.ts';
import type { Outage, PhaseChange, Relay, UrlSource } from '../snapshot/relay-facts.ts';
import { outageOf } from './outage.ts';

/** Complements `SyncState` with the time at which each relay entered its phase, and with its earlier phases. */
export interface RelayLog {
  note(peers: readonly PeerStatus[], atMs: number): void;
  readonly relays: readonly Relay[];
  /** Newest first. */
  changesOf(id: string): readonly PhaseChange[];
}

/** What the sync state does not tell. */
export interface RelayCircumstances {
  isOnline?(): boolean;
  urlSource?(url: string): UrlSource | undefined;
  lastReceivedMs?(id: string): number | undefined;
}

interface Entry {
  readonly relay: Relay;
  readonly changes: readonly PhaseChange[];
}

const maxChanges = 50;

export function createRelayLog(circumstances: RelayCircumstances = {}): RelayLog {
  let entriesByID: ReadonlyMap<string, Entry> = new Map();
  let relays: readonly Relay[] = [];
  let lastPeers: readonly PeerStatus[] | undefined;
  return {
    note(peers, atMs) {
      // The state changes with each edit, but its relays seldom do.
      if (isEqual(peers, lastPeers)) return;
      lastPeers = peers;
      entriesByID = new Map(
        peers.map((peer) => [peer.id, nextEntry(entriesByID.get(peer.id), peer, atMs, circumstances)]),
      );
      relays = [...entriesByID.values()].map((entry) => entry.relay);
    },
    get relays() {
      return relays;
    },
    changesOf: (id) => entriesByID.get(id)?.changes ?? [],
  };
}

function nextEntry(
  before: Entry | undefined,
  peer: PeerStatus,
  atMs: number,
  circumstances: RelayCircumstances,
): Entry {
  const from = before?.relay.phase;
  const urlSource = circumstances.urlSource?.(peer.url);
  const outage = nextOutage(before?.relay, peer, circumstances);
  const error = 'error' in peer ? toPlainError(peer.error) : undefined;
  const phaseSinceMs = from === peer.phase ? before?.relay.phaseSinceMs : undefined;
  const relay: Relay = {
    id: peer.id,
    host: hostOf(peer.url),
    url: withoutURLSecrets(peer.url),
    ...(peer.transport !== undefined && { transport: peer.transport }),
    ...(peer.relay && { software: { name: peer.relay.name, version: peer.relay.version } }),
    phase: peer.phase,
    phaseSinceMs: peer.phase === 'connected' ? peer.sinceMs : (phaseSinceMs ?? atMs),
    ...(peer.phase !== 'connected' && { disconnectedSinceMs: before?.relay.disconnectedSinceMs ?? atMs }),
    ...('attempt' in peer && { attempt: peer.attempt }),
    ...('retryAtMs' in peer && { retryAtMs: peer.retryAtMs }),
    ...('roundTripMs' in peer && { roundTripMs: peer.roundTripMs }),
    ...(error && { error }),
    ...(urlSource !== undefined && { urlSource }),
    ...(outage && { outage }),
  };
  const changes = before?.changes ?? [];
  if (from === undefined || from === peer.phase) return { relay, changes };
  const change: PhaseChange = { atMs, from, to: peer.phase, ...(error && { error }) };
  return { relay, changes: [change, ...changes].slice(0, maxChanges) };
}

/** An attempt that has not ended shows nothing new. */
function nextOutage(
  before: Relay | undefined,
  peer: PeerStatus,
  { isOnline, lastReceivedMs }: RelayCircumstances,
): Outage | undefined {
  if (peer.phase === 'connecting') return before?.outage;
  if (!('error' in peer)) return undefined;
  if (before?.phase === peer.phase && before.outage) return before.outage;
  return outageOf(peer.error, {
    wasConnected: before?.phase === 'connected',
    isOnline: isOnline?.() ?? true,
    lastReceivedMs: lastReceivedMs?.(peer.id),
  });
}

/** Shows an unparsable address without its query and fragment. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : withoutURLSecrets(url);
}
