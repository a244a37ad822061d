import type { KernelError } from '../base/kernel-error.ts';
import type { StorageStatus } from '../storage/device-storage.ts';
import type { HelloFrame } from '../wire/frames.ts';
import type { ConnectionState } from './connection-state.ts';
import type { Ladder } from './ladder.ts';
import type { PeerStatus } from './peer-status.ts';
import { statusOf } from './sync-status.ts';
import type { Durability, Rung, SyncState } from './sync-state.ts';

export interface SyncFacts {
  readonly ladder: Pick<Ladder, 'count' | 'firstError'>;
  readonly storage: StorageStatus;
  /** False until the sync knows what an earlier run left unconfirmed. */
  readonly isComplete: boolean;
  /** Why there is no relay to connect to. */
  readonly failure: KernelError | undefined;
  readonly relays: readonly RelayFacts[];
}

export interface RelayFacts {
  readonly id: string;
  readonly url: string;
  readonly transport: string;
  readonly state: ConnectionState;
  /** Of the current or the latest connection. */
  readonly hello: HelloFrame | undefined;
  /** False while the relay may have lost what it confirmed. */
  readonly isSure: boolean;
  readonly download: SyncState['download'];
  readonly clockOffsetMs: number | undefined;
}

export function describeSync(facts: SyncFacts): SyncState {
  const { ladder, storage, failure, relays } = facts;
  const isComplete = facts.isComplete && relays.every(({ isSure }) => isSure);
  const saved = rung(ladder.count('saved'), storage.error);
  const confirmed = rung(ladder.count('confirmed'), ladder.firstError);
  const durability = weakest(relays);
  const clockOffsetMs = relays.find((relay) => relay.clockOffsetMs !== undefined)?.clockOffsetMs;
  return {
    ...statusOf({ failure, peers: relays.map(({ state }) => state), storage, confirmed, isComplete }),
    saved,
    sent: rung(ladder.count('sent'), confirmed.error),
    confirmed,
    // A relay that promises durability acknowledges after its commit, so whatever it confirmed is durable.
    ...(durability !== 'none' && durability !== 'unknown' && { durable: confirmed }),
    durability,
    download: together(relays),
    storage,
    ...(clockOffsetMs !== undefined && { clockOffsetMs }),
    peers: relays.map(peerStatus),
  };
}

const strengths: readonly Durability[] = ['none', 'process-crash', 'power-loss'];

/** `unknown` if a relay has not stated its durability, unless another one has stated that it promises none. */
function weakest(relays: readonly RelayFacts[]): SyncState['durability'] {
  const promises = relays.map(({ hello }) => hello?.durability);
  const known = strengths.find((strength) => promises.includes(strength));
  return known === 'none' || (known && !promises.includes(undefined)) ? known : 'unknown';
}

function together(relays: readonly RelayFacts[]): SyncState['download'] {
  const sum = (of: (download: SyncState['download']) => number) =>
    relays.reduce((all, { download }) => all + of(download), 0);
  return {
    received: sum(({ received }) => received),
    expected: sum(({ expected = 0 }) => expected),
    caughtUp: relays.length > 0 && relays.every(({ download }) => download.caughtUp),
  };
}

function rung(count: Omit<Rung, 'error'>, error: KernelError | undefined): Rung {
  return { ...count, ...(error && count.pending > 0 && { error }) };
}

function peerStatus({ id, url, transport, state, hello }: RelayFacts): PeerStatus {
  const { failures: _, ...phase } = state;
  return { id, url, transport, ...(hello && { relay: hello.relay }), ...phase };
}
