import type { KernelError } from '../platform/kernel-error.ts';
import type { StorageStatus } from '../storage/device-storage.ts';
import type { HelloFrame } from '../transport/frames.ts';
import type { ConnectionState } from './connection-state.ts';
import type { Ladder, RungCount } from './ladder.ts';
import type { PeerStatus } from './peer-status.ts';
import { statusOf } from './sync-status.ts';
import type { Rung, SyncState } from './sync-state.ts';

/** What a sync state is made from. */
export interface SyncFacts {
  readonly ladder: Pick<Ladder, 'count' | 'pending'>;
  readonly storage: StorageStatus;
  readonly download: SyncState['download'];
  readonly clockOffsetMs: number | undefined;
  /** False until it is known what an earlier run left behind. */
  readonly isComplete: boolean;
  /** Of the connection that is, or was last. */
  readonly hello: HelloFrame | undefined;
  /** Why there is no relay to connect to. */
  readonly failure: KernelError | undefined;
  readonly peer:
    | {
        readonly id: string;
        readonly url: string;
        readonly transport: string;
        readonly state: ConnectionState;
      }
    | undefined;
}

export function describeSync(facts: SyncFacts): SyncState {
  const { ladder, storage, download, clockOffsetMs, isComplete, hello, failure, peer } = facts;
  const saved = rung(ladder.count('saved'), storage.error);
  const confirmed = rung(ladder.count('confirmed'), firstError(ladder));
  return {
    ...statusOf({ failure, peer: peer?.state, storage, confirmed, isComplete }),
    saved,
    sent: rung(ladder.count('sent'), confirmed.error),
    confirmed,
    // A relay that promises durability acknowledges after its commit, so what it confirmed is durable.
    ...(hello && hello.durability !== 'none' && { durable: confirmed }),
    durability: hello?.durability ?? 'unknown',
    download,
    storage,
    ...(clockOffsetMs !== undefined && { clockOffsetMs }),
    peers: peer ? [peerStatus(peer, hello)] : [],
  };
}

function rung(count: RungCount, error: KernelError | undefined): Rung {
  return { ...count, ...(error && count.pending > 0 && { error }) };
}

function firstError({ pending }: Pick<Ladder, 'pending'>): KernelError | undefined {
  for (const { error } of pending.values()) if (error) return error;
  return undefined;
}

function peerStatus(
  { id, url, transport, state }: NonNullable<SyncFacts['peer']>,
  hello: HelloFrame | undefined,
): PeerStatus {
  const { failures: _, ...phase } = state;
  return { id, url, transport, ...(hello && { relay: hello.relay }), ...phase };
}
