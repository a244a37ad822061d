import { isEqual } from '../../base/equal.ts';
import type { PeerInspection } from '../../sync/inspection.ts';
import { errorOf, type PeerStatus } from '../../sync/peer-status.ts';
import { relayNames } from '../../sync/relay-names.ts';
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

/** Facts that the sync state does not contain. */
export interface RelayCircumstances {
  isOnline?(): boolean;
  urlSource?(url: string): UrlSource | undefined;
  /** Includes what the sync observed before this inspector. */
  peerOf?(id: string): PeerInspection | undefined;
  /** Of a time by the clock's `elapsedMs`. */
  momentOf?(elapsedMs: number): number;
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
      const hosts = relayNames(peers.map(({ url }) => withoutURLSecrets(url)));
      entriesByID = new Map(
        peers.map((peer, index) => [
          peer.id,
          nextEntry(entriesByID.get(peer.id), peer, hosts[index] ?? peer.id, atMs, circumstances),
        ]),
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
  host: string,
  atMs: number,
  circumstances: RelayCircumstances,
): Entry {
  const from = before?.relay.phase;
  const urlSource = circumstances.urlSource?.(peer.url);
  const known = circumstances.peerOf?.(peer.id);
  const outage = nextOutage(before?.relay, peer, known, circumstances);
  const disconnectedSinceMs =
    momentIn(known?.disconnection?.sinceMs, circumstances) ?? before?.relay.disconnectedSinceMs ?? atMs;
  const failure = errorOf(peer);
  const error = failure && toPlainError(failure);
  const phaseSinceMs = from === peer.phase ? before?.relay.phaseSinceMs : undefined;
  const relay: Relay = {
    id: peer.id,
    host,
    url: withoutURLSecrets(peer.url),
    ...(peer.transport !== undefined && { transport: peer.transport }),
    ...(peer.relay && { software: { name: peer.relay.name, version: peer.relay.version } }),
    phase: peer.phase,
    phaseSinceMs: peer.phase === 'connected' ? peer.sinceMs : (phaseSinceMs ?? atMs),
    ...(peer.phase !== 'connected' && { disconnectedSinceMs }),
    ...('attempt' in peer && { attempt: peer.attempt }),
    ...('retryAtMs' in peer && { retryAtMs: peer.retryAtMs }),
    ...('roundTripMs' in peer && { roundTripMs: peer.roundTripMs }),
    ...(error && { error }),
    ...(urlSource !== undefined && { urlSource }),
    ...(outage && { outage }),
    ...(peer.quota && { quota: peer.quota }),
    ...(peer.contradiction && { contradiction: peer.contradiction.why }),
  };
  const changes = before?.changes ?? [];
  if (from === undefined || from === peer.phase) return { relay, changes };
  const hasFailed = error !== undefined && peer.phase !== 'connecting';
  const change: PhaseChange = { atMs, from, to: peer.phase, ...(hasFailed && { error }) };
  return { relay, changes: [change, ...changes].slice(0, maxChanges) };
}

/** An attempt that has not ended shows nothing new, but the first reading needs the end of the one before it. */
function nextOutage(
  before: Relay | undefined,
  peer: PeerStatus,
  known: PeerInspection | undefined,
  circumstances: RelayCircumstances,
): Outage | undefined {
  const last = known?.disconnection;
  const error = errorOf(peer);
  if ((before?.phase === peer.phase || peer.phase === 'connecting') && before?.outage) return before.outage;
  if (!error) return undefined;
  return outageOf(error, {
    wasConnected: last?.wasConnected ?? before?.phase === 'connected',
    isOnline: circumstances.isOnline?.() ?? true,
    lastReceivedMs: momentIn(known?.receivedAtMs, circumstances),
  });
}

function momentIn(elapsedMs: number | undefined, { momentOf }: RelayCircumstances): number | undefined {
  return elapsedMs === undefined ? undefined : momentOf?.(elapsedMs);
}
