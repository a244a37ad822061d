import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CojsonInternalTypes, CoValueCore, LocalNode, PeerState, RawCoID, SessionID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { retry } from '../../base/retry.ts';
import type { Change, ChangeLog } from '../bus/change-log.ts';
import type { KnownCoValue } from '../storage/read-newer.ts';
import type { SqlStorage } from '../storage/sql-storage.ts';
import type { SubscriberIndex } from '../client/subscriber-index.ts';
import { isDeleteSession } from '../../engine/content.ts';
import { getKnownCoValue } from '../../engine/covalue-lookup.ts';
import { covers, deletionOnly, knownCountsOfState, type KnownCounts } from '../../engine/known-counts.ts';

/**
 * Passes on what other relays commit: through this relay's node what it has loaded, and from the storage to the clients that
 * follow it what it has not.
 */
export interface CommitApplier {
  /** Other relays committed content of these CoValues. */
  apply(ids: readonly string[]): void;
  /** Notices of other relays may have been missed: reads their commits from the log. */
  catchUp(): void;
  /** Reads the log no more. */
  stop(): void;
}

export interface CommitApplierOptions {
  readonly node: LocalNode;
  readonly storage: Pick<SqlStorage, 'load' | 'loadNewer' | 'readCommitted'>;
  readonly subscribers: Pick<SubscriberIndex, 'has' | 'ids' | 'of'>;
  /** See `Eviction`. */
  forgetUnloaded(coValue: CoValueCore): boolean;
  /** Sends a client what is stored beyond what it has. */
  sendNewer(peerID: string, id: RawCoID): void;
  readonly log: Pick<ChangeLog, 'read'>;
  /** The log was read. Undefined: anything may have changed. */
  logRead?(changes: readonly Change[] | undefined): void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const idsPerRead = 200;
const firstRetryMs = 1_000;

export function createCommitApplier({
  node,
  storage,
  subscribers,
  forgetUnloaded,
  sendNewer,
  log,
  logRead,
  clock,
  logger,
}: CommitApplierOptions): CommitApplier {
  const due = new Set<string>();
  let isReading = false;
  let isLogDue = false;
  let isReadingLog = false;
  const ending = new AbortController();

  function apply(ids: Iterable<string>): void {
    // Includes subscribed CoValues that are not in memory: a client that got "not found" still waits for the content.
    for (const id of ids)
      if (node.isCoValueInMemory(asCoValueID(id)) || subscribers.has(asCoValueID(id))) due.add(id);
    if (isReading || due.size === 0) return;
    isReading = true;
    queueMicrotask(() => void readDue());
  }

  async function readDue(): Promise<void> {
    while (due.size > 0) {
      const ids = [...due].slice(0, idsPerRead);
      for (const id of ids) due.delete(id);
      try {
        await readNow(ids);
      } catch (error) {
        logger.warn('Could not read content that another relay stored', { error });
      }
      await nextTurn();
    }
    isReading = false;
  }

  async function readNow(ids: readonly string[]): Promise<void> {
    const known: KnownCoValue[] = [];
    const cold: string[] = [];
    for (const id of ids) {
      const coValue = getKnownCoValue(node, id);
      if (coValue?.hasVerifiedContent()) {
        known.push({ header: coValue.verified.header, state: coValue.knownState() });
      } else if (!coValue || forgetUnloaded(coValue)) {
        cold.push(id);
      } else {
        // cojson queries the storage only once, and remembers "not found".
        storage.load(id, handOut);
      }
    }
    await Promise.all([
      known.length > 0 ? storage.loadNewer(known, handOut) : undefined,
      ...cold.map(sendToFollowers),
    ]);
  }

  async function sendToFollowers(id: string): Promise<void> {
    const stored = await storage.readCommitted(id);
    if (!stored) return;
    const counts = knownCountsOfState(stored);
    const needed = Object.keys(counts).some(isDeleteSession) ? deletionOnly(counts) : counts;
    for (const peer of subscribers.of(stored.id))
      if (lacks(peer, stored.id, needed)) sendNewer(peer.id, stored.id);
  }

  /** Passes the content on to subscribed clients too. The source `storage` keeps cojson from storing it again. */
  function handOut(content: CojsonInternalTypes.NewContentMessage): void {
    try {
      node.syncManager.handleNewContent(content, 'storage');
    } catch (error) {
      logger.warn('Rejected content that another relay stored', { id: content.id, error });
    }
  }

  async function readLog(): Promise<void> {
    while (isLogDue && !ending.signal.aborted) {
      isLogDue = false;
      const read = await retry(async () => ({ changes: await log.read() }), {
        clock,
        signal: ending.signal,
        failed: (error) => logger.warn('Could not read what other relays stored; retrying', { error }),
        firstDelayMs: firstRetryMs,
      });
      if (read) logRead?.(read.changes);
      if (read) apply(read.changes?.filter(isNews).map(({ id }) => id) ?? allIDs());
    }
    isReadingLog = false;
  }

  function isNews({ id, sessionID, count }: Change): boolean {
    const verified = getKnownCoValue(node, id)?.verified;
    if (verified) return (verified.getTransactionsCount(sessionID as SessionID) ?? 0) < count;
    const needed = { ...knownCountsOfState({ header: true, sessions: {} }), [sessionID]: count };
    return (
      node.isCoValueInMemory(asCoValueID(id)) ||
      subscribers.of(asCoValueID(id)).some((peer) => lacks(peer, asCoValueID(id), needed))
    );
  }

  const allIDs = () => [...[...node.allCoValues()].map(({ id }) => id), ...subscribers.ids()];

  return {
    apply,
    catchUp() {
      isLogDue = true;
      if (isReadingLog || ending.signal.aborted) return;
      isReadingLog = true;
      void readLog();
    },
    stop: () => ending.abort(),
  };
}

function lacks(peer: PeerState, id: RawCoID, needed: KnownCounts): boolean {
  const known = peer.getOptimisticKnownState(id);
  return !known || !covers(knownCountsOfState(known), needed);
}

function asCoValueID(id: string): RawCoID {
  return id as RawCoID;
}
