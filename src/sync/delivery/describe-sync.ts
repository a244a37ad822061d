import type { KernelError } from '../../base/kernel-error.ts';
import type { StorageStatus } from '../../storage/device-storage.ts';
import type { HelloFrame, RelayQuota } from '../../wire/frames.ts';
import type { ConnectionState } from '../connection/connection-state.ts';
import type { Ladder } from './ladder.ts';
import type { PeerStatus } from '../peer-status.ts';
import type { RelayContradiction } from '../relays/relay-receipts.ts';
import { smallestOffset } from '../relays/clock-offset.ts';
import { statusOf } from '../sync-status.ts';
import type { CountedRung } from '../rungs.ts';
import type { Durability, Rung, SyncState } from '../sync-state.ts';

export interface SyncFacts {
  readonly ladder: Pick<Ladder, 'count' | 'firstError'>;
  readonly storage: StorageStatus;
  readonly notCounted: SyncState['notCounted'];
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
  /** False until this device’s record of the relay was read, and while everything has yet to be compared with it. */
  readonly isCompared: boolean;
  /** False while the relay may have lost what it confirmed. */
  readonly isSure: boolean;
  /** Whether the relay of the latest connection in this run has shown that it still has its earlier data. */
  readonly isVerified: boolean;
  readonly download: SyncState['download'];
  readonly upload: NonNullable<SyncState['upload']>;
  readonly clockOffsetMs: number | undefined;
  /** As of the last sign-in. */
  readonly quota: RelayQuota | undefined;
  readonly contradiction: RelayContradiction | undefined;
}

export function describeSync(facts: SyncFacts): SyncState {
  const { ladder, storage, failure, relays } = facts;
  const isComplete = facts.isComplete && relays.every(({ isSure }) => isSure);
  const known = facts.isComplete && relays.every(({ isCompared }) => isCompared);
  const rung = (name: CountedRung, error: KernelError | undefined): Rung => {
    const count = ladder.count(name);
    // What waits to be saved was made in this run.
    return { known: known || name === 'saved', ...count, ...(error && count.pending > 0 && { error }) };
  };
  const saved = rung('saved', storage.error);
  const confirmed = rung('confirmed', ladder.firstError);
  const durability = weakest(relays);
  const clockOffsetMs = smallestOffset(relays.flatMap((relay) => relay.clockOffsetMs ?? []));
  return {
    ...statusOf({ failure, peers: relays.map(({ state }) => state), storage, confirmed, isComplete }),
    saved,
    sent: rung('sent', confirmed.error),
    confirmed,
    // A relay that promises durability acknowledges after its commit, so whatever it confirmed is durable.
    ...(isPromise(durability) && { durable: confirmed }),
    durability,
    notCounted: facts.notCounted,
    download: downloads(relays.map(({ download }) => download)),
    upload: uploads(relays.map(({ upload }) => upload)),
    storage,
    ...(clockOffsetMs !== undefined && { clockOffsetMs }),
    peers: relays.map(peerStatus),
  };
}

/** Whether what the ladder counts as confirmed is. For `durable`, each relay must also have promised it in this run. */
export function isCertain(rung: 'confirmed' | 'durable', relays: readonly RelayFacts[]): boolean {
  if (!relays.every(({ isSure }) => isSure)) return false;
  return rung === 'confirmed' || (isPromise(weakest(relays)) && relays.every(({ isVerified }) => isVerified));
}

const strengths: readonly Durability[] = ['none', 'process-crash', 'power-loss'];

function isPromise(durability: SyncState['durability']): boolean {
  return durability !== 'none' && durability !== 'unknown';
}

/** `unknown` if a relay has not stated its durability, unless another one has stated that it promises none. */
function weakest(relays: readonly RelayFacts[]): SyncState['durability'] {
  const promises = relays.map(({ hello }) => hello?.durability);
  const known = strengths.find((strength) => promises.includes(strength));
  return known === 'none' || (known && !promises.includes(undefined)) ? known : 'unknown';
}

function downloads(all: readonly SyncState['download'][]): SyncState['download'] {
  return {
    received: sum(all, ({ received }) => received),
    expected: sum(all, ({ expected = 0 }) => expected),
    bytes: sum(all, ({ bytes = 0 }) => bytes),
    caughtUp: all.length > 0 && all.every(({ caughtUp }) => caughtUp),
  };
}

function uploads(all: readonly RelayFacts['upload'][]): RelayFacts['upload'] {
  return {
    bytes: sum(all, ({ bytes }) => bytes),
    bufferedBytes: sum(all, ({ bufferedBytes }) => bufferedBytes),
  };
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}

function peerStatus({ id, url, transport, state, hello, quota, contradiction }: RelayFacts): PeerStatus {
  const { failures: _, ...phase } = state;
  return {
    id,
    url,
    transport,
    ...(hello && { relay: { name: hello.relay.name, version: hello.relay.version } }),
    ...(quota && { quota }),
    ...(contradiction && { contradiction }),
    ...phase,
  };
}
