import { emptyKnownState, type CoValueCore, type StorageAPI } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Database, WriteRefusal, Query } from '../database/database.ts';
import { isConflict, isLockTimeout } from '../database/postgres-facts.ts';
import { readClaims, type Claim } from '../beginnings/claims.ts';
import { createBatchReader } from './batch-reader.ts';
import { createChangesSince, type ChangesSince } from './changes-since.ts';
import { createBatchWriter, type BatchWriterOptions } from './commits/batch-writer.ts';
import { createCommitQueue, type CommitQueue } from './commits/commit-queue.ts';
import { withoutErased, type Dropped } from './commits/drop-erased.ts';
import { isOfErased } from '../database/guard/erasure-guard.ts';
import { findLocked } from './commits/find-locked.ts';
import { createTogether } from './commits/commit-together.ts';
import type { WrittenTogether } from './commits/written-together.ts';
import { dependedOn } from '../../engine/covalue-access.ts';
import { createContentLoader, type ContentLoader, type StoredContent } from './content-loader.ts';
import {
  contentBytes,
  type Content,
  type CoValueHeader,
  type KnownState,
  type RawCoID,
} from '../../engine/content.ts';
import type { Fork } from './find-forks.ts';
import { createKnownForks } from './known-forks.ts';
import { createEraser } from './eraser.ts';
import { readKnownStates } from './read-rows.ts';
import { createListing } from './listing.ts';
import { createOwners, type Owners } from './owners.ts';
import { createNewerLoader, type LoadNewer } from './read-newer.ts';
import { noUpstream } from './no-upstream.ts';
import { createStoredStates } from './stored-states.ts';
import type { Amount } from './stored-amount.ts';
import type { StoreRequest, WrittenBatch } from './commits/write-batch.ts';

/** cojson's storage in an SQL database, extended by notifications about commits. */
export interface SqlStorage extends StorageAPI {
  /** Calls `run` once everything stored so far (for one ID, or all) is committed; never if some of it could not be. */
  afterCommit(id: string | undefined, run: () => void): void;
  /**
   * Calls `run` once nothing stored so far (for one ID, or all) is waiting for its commit, even if some of it could not be
   * stored.
   */
  onceWritten(id: string | undefined, run: () => void): void;
  /** Why commits are failing. They are retried automatically. */
  readonly failure: unknown;
  /** The commits that are being attempted. */
  readonly attempts: CommitQueue<unknown>['attempts'];
  /** The number of CoValues whose commit waits because another transaction locks them. */
  readonly setAside: number;
  /** Why content cannot be stored at present, although it can be read. */
  refusal(): WriteRefusal | undefined;
  /** The number of messages waiting for their commit. */
  readonly pending: number;
  readonly pendingBytes: number;
  /** How long the oldest of these messages has waited; 0 if there is none. */
  readonly oldestPendingMs: number;
  /** Reads the stored content after pending commits of the CoValue. Rejects once the storage is closed. */
  readContent(id: string): Promise<StoredContent | undefined>;
  /** Reads what is committed beyond what a client has, or a part of it. Rejects once the storage is closed. */
  readNewer(known: KnownState): Promise<StoredContent | undefined>;
  /** Reads the committed state without waiting for pending commits. Rejects once the storage is closed. */
  readCommitted(id: string): Promise<KnownState | undefined>;
  /** Reads the place that a beginning is stored for. Rejects once the storage is closed. */
  readClaim(digest: string): Promise<string | undefined>;
  /**
   * Commits all of it in one transaction, or nothing. Rejects with `NotWrittenTogether` if a part of it does not fit, and by
   * `isOfErased` if another relay has erased a part of it, which this one then knows; after any other failure, it may be committed
   * nevertheless. The node does not learn of it.
   */
  commitTogether(together: WrittenTogether): Promise<void>;
  /**
   * Reads what is committed, for a reader that has nothing yet. Of CoValues other than groups and accounts, it reads only these
   * sessions and deletions, or all.
   */
  openReader(
    onlySessions?: readonly string[],
    query?: Query,
  ): Pick<ContentLoader, 'load' | 'read' | 'readNewer'>;
  /** What has changed, from the log. Rejects if a read fails. */
  readonly changes: ChangesSince;
  readonly owners: Owners;
  /** Reads what other relays stored beyond the state in memory. */
  readonly loadNewer: LoadNewer;
  /** The CoValue was erased, and the node has discarded it: discards what is left of it in memory. */
  forgetErased(id: RawCoID): void;
  /** The database went back to an earlier state: discards all that memory says of what is stored, and reads in progress. */
  forgetStored(): void;
  /** Commits queued content, for at most `withinMs`, and closes the database. Safe to call twice. */
  close(withinMs?: number): Promise<void>;
}

export interface SqlStorageOptions extends Partial<
  Pick<BatchWriterOptions, 'committed' | 'mark' | 'changed'>
> {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A peer recreated a CoValue that is stored but was never loaded. Load it, or its history stays hidden. */
  foundOlder(id: RawCoID): void;
  /** The principal whose content cojson stores at this moment; undefined if clients need not sign in. */
  payer?(): string | undefined;
  /** So much was committed of what the principal has sent. */
  charged?(payer: string, amount: Amount): void;
  /** What the principal has deleted was erased, and does not count any more. */
  gaveBack?(payer: string): void;
  /** The header of a CoValue in memory. Without it, only its authors are known to be its dependencies. */
  headerOf?(id: RawCoID): CoValueHeader | undefined;
  /** The places to claim together with this content. */
  claimsIn?(content: Content): readonly Claim[];
  /** The transactions received are neither stored nor acknowledged. Evict the CoValue, so that it shows the stored ones. */
  forked?(fork: Fork): void;
  /** What the database refuses because it was erased, maybe by another relay. Without it, such commits are retried for ever. */
  erased?: {
    has(id: string): boolean;
    /** Resolves once `has` knows of what was erased until now. */
    refresh(): Promise<void>;
    /** This is not stored. Evict the CoValue, and disconnect who follows it, before it is acknowledged: they compare it again. */
    dropped(dropped: Dropped): void;
  };
  /** Calls `run` as soon as memory and the database are known to agree; never if they do not. */
  onceSure?(run: () => void): void;
  /** Called when a commit begins; the result, when it has succeeded and before anything is acknowledged. */
  commitBegun?(): () => void;
  /** Commits started to fail. They are retried automatically. */
  failed?(): void;
  /** Commits succeed again; `failure` remains set until this resolves. */
  recovered?(): Promise<void>;
}

const authorsOnly: CoValueHeader = {
  type: 'comap',
  ruleset: { type: 'unsafeAllowAll' },
  meta: null,
  uniqueness: null,
};
const readRetryMs = 500;
const defaultCloseMs = 10_000;

export function createSqlStorage(options: SqlStorageOptions): SqlStorage {
  const { database, clock, logger, foundOlder, onceSure = (run) => run() } = options;
  const validDeletions = new Set<RawCoID>();
  /** CoValues with content that could not be stored because cojson could not supply earlier content. */
  const damaged = new Set<string>();
  const forks = createKnownForks();
  const states = createStoredStates();
  const loader = createContentLoader(database, states.add, beginRead);
  const loadNewer = createNewerLoader(database, states.add, beginRead);
  const stateReader = createBatchReader((ids) => readKnownStates(database.query, ids));
  const claimReader = createBatchReader((digests) => readClaims(database.query, digests));
  const eraser = createEraser(database, clock, logger, (payer) => attempt(() => options.gaveBack?.(payer)));
  const owners = createOwners(database, clock, logger);
  const writer = createBatchWriter({
    database,
    isDeletionValid: (id) => validDeletions.has(id),
    committed: (commit) => attempt(() => options.committed?.(commit)),
    mark: options.mark,
    changed: (...news) => attempt(() => options.changed?.(...news)),
  });
  const queue = createCommitQueue<StoreRequest>({
    idOf: ({ content }) => content.id,
    bytesOf: ({ content }) => contentBytes(content),
    lanes: database.lanes ?? 1,
    dependenciesOf: ({ content }) => dependenciesOf(content),
    commit,
    failed(error) {
      logger.warn('Could not commit to the storage; retrying, and acknowledging nothing until it succeeds', {
        error,
      });
      options.failed?.();
    },
    recovered: async () => options.recovered?.(),
    callbackFailed,
    isTransient: isConflict,
    findLocked(error, batch) {
      if (!isLockTimeout(error)) return undefined;
      const ids = batch.map(({ content }) => content.id);
      return findLocked(database.query, ids);
    },
    clock,
  });
  let closing: Promise<void> | undefined;
  /** What was read or begun in an earlier generation no longer counts. */
  let generation = 0;
  const together = createTogether({
    firstLane: (database.lanes ?? 1) + 1,
    clock,
    write: (one, lane) =>
      counted(() =>
        writer.commitTogether(
          one.contents.map((content) => ({
            ...request(content),
            payer: one.payer,
            correct: () => undefined,
            done: undefined,
          })),
          one.claims,
          lane,
          (id) => one.deletions.has(id),
          one.pushedBy,
        ),
      ),
  });

  const refusal = () => database.writeRefusal?.();

  async function commit(queued: readonly StoreRequest[], lane: number): Promise<void> {
    const refused = refusal();
    if (refused !== undefined) throw new Error(`Content cannot be written at present: ${refused}.`);
    const batch = queued.map(withoutForked);
    try {
      settle(batch, await write(batch, lane));
    } catch (error) {
      await refreshErased(error);
      const { left, dropped } = await leaveOutErased(batch);
      const written = await write(left, lane);
      settle(left, written, dropped);
    }
  }

  function write(batch: readonly StoreRequest[], lane: number): Promise<WrittenBatch> {
    const claims = batch.flatMap(({ content }) => options.claimsIn?.(content) ?? []);
    return counted(() => writer.commit(batch, claims, lane));
  }

  /** Rethrows the error if it is another one. */
  async function refreshErased(error: unknown): Promise<void> {
    if (!options.erased || !isOfErased(error)) throw error;
    await options.erased.refresh();
  }

  async function leaveOutErased(batch: readonly StoreRequest[]) {
    const rows = await database.query<{ id: string }>(
      `select id from relay.covalues where id = any($1::text[])`,
      [batch.map(({ content }) => content.id)],
    );
    const stored = new Set(rows.map(({ id }) => id));
    return withoutErased(batch, stored, (id) => options.erased?.has(id) === true);
  }

  /** Rejects if the database went back meanwhile. */
  async function counted(write: () => Promise<WrittenBatch>): Promise<WrittenBatch> {
    const since = generation;
    const succeeded = options.commitBegun?.();
    const written = await write();
    succeeded?.();
    if (since !== generation) {
      writer.forget();
      throw wentBack();
    }
    for (const [payer, amount] of written.charges) attempt(() => options.charged?.(payer, amount));
    return written;
  }

  const request = (content: Content) => ({ content, forkCount: forks.count, generation });

  /** A CoValue is of no use, and its acknowledgement misleads, before its group and its authors are stored. */
  function dependenciesOf(content: Content): Iterable<string> {
    const header = content.header ?? options.headerOf?.(content.id) ?? authorsOnly;
    return dependedOn(header, content);
  }

  function withoutForked(request: StoreRequest): StoreRequest {
    const content = forks.strip(request.content, request.forkCount);
    return content === request.content ? request : { ...request, content };
  }

  function settle(
    batch: readonly StoreRequest[],
    written: WrittenBatch,
    dropped: readonly Dropped[] = [],
  ): void {
    const { stored, incomplete, alreadyStored } = written;
    for (const state of stored.values()) attempt(() => states.add(state));
    for (const fork of written.forks) attempt(() => refuse(fork));
    const droppedIDs = new Set(dropped.map(({ id }) => id));
    for (const one of dropped) attempt(() => options.erased?.dropped(one));
    for (const request of batch) {
      const { id } = request.content;
      if (forks.hasAny(id, request.forkCount) || droppedIDs.has(id)) continue;
      // The client of an earlier generation got no acknowledgement, and sends everything again.
      const isCurrent = request.generation === generation;
      if (incomplete.has(request)) {
        if (isCurrent) damaged.add(id);
        logger.warn('Did not store content because earlier content of its session is missing', { id });
        continue;
      }
      damaged.delete(id);
      if (alreadyStored.has(id) && !loader.wasHandedOut(id)) attempt(() => foundOlder(id));
      else if (request.content.header && isCurrent) loader.markHandedOut(id);
      if (request.done) attempt(request.done);
    }
  }

  /** What is committed stays so if its news cannot be passed on. */
  function attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      callbackFailed(error);
    }
  }

  function callbackFailed(error: unknown): void {
    logger.warn('Could not pass on that content was committed', { error });
  }

  function refuse(fork: Fork): void {
    logger.warn('Refused transactions that conflict with stored transactions of the same session', fork);
    forks.add(fork);
    const { count } = forks;
    queue.afterCommit(fork.id, () => forks.forget(fork.id, count));
    states.forget(fork.id);
    loader.forget(fork.id);
    options.forked?.(fork);
  }

  function afterCommit(id: string | undefined, run: () => void): void {
    const since = forks.count;
    const current = generation;
    queue.afterCommit(id, () => {
      if (forks.hasAny(id, since)) return;
      onceSure(() => {
        if (current !== generation) return;
        if (id === undefined ? damaged.size === 0 : !damaged.has(id)) run();
      });
    });
  }

  /** Retries, because cojson would take a failed read for "not found", permanently. */
  async function readUntilDone<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await read();
      } catch (error) {
        if (closing) throw error;
        logger.warn('Could not read from the storage; retrying', { error });
        await new Promise<void>((resolve) => clock.after(readRetryMs, resolve));
      }
    }
  }

  /** Makes a read that began before the database went back fail, so that it is repeated. */
  function beginRead(): () => void {
    const since = generation;
    return () => {
      if (since !== generation) throw wentBack();
    };
  }

  /** Reads after pending commits of the CoValue. */
  function read<T>(id: string, readNow: () => Promise<T>, use: (result: T) => void): void {
    queue.afterCommit(id, () => {
      readUntilDone(readNow)
        .then(use)
        .catch((error: unknown) =>
          logger.warn('Could not process content read from the storage', { id, error }),
        );
    });
  }

  return {
    afterCommit,
    onceWritten: queue.afterCommit,
    refusal,
    get failure() {
      return queue.failure;
    },
    get attempts() {
      return queue.attempts;
    },
    get setAside() {
      return queue.setAside;
    },
    get pendingBytes() {
      return queue.pendingBytes;
    },
    get pending() {
      return queue.pending;
    },
    get oldestPendingMs() {
      return queue.oldestPendingMs;
    },
    store(content, correct, done) {
      queue.push({ ...request(content), correct, done, payer: options.payer?.() });
    },
    async commitTogether(one) {
      const since = generation;
      await together.commit(one).catch(async (error: unknown) => {
        await refreshErased(error);
        throw error;
      });
      if (one.deletions.size > 0) eraser.notify();
      await new Promise<void>((resolve) => onceSure(resolve));
      if (since !== generation) throw wentBack();
    },
    changes: createChangesSince(database.query),
    owners,
    openReader: (onlySessions, query = database.query) =>
      createContentLoader({ query }, () => {}, beginRead, onlySessions),
    loadNewer: (known, handOut) => readUntilDone(() => loadNewer(known, handOut)),
    forgetErased(id) {
      writer.forget();
      damaged.delete(id);
      validDeletions.delete(id);
    },
    forgetStored() {
      generation++;
      states.forgetAll();
      loader.forgetAll();
      writer.forget();
      damaged.clear();
    },
    load(id, callback, done) {
      const handOut = (content: Content) => {
        try {
          callback(content);
        } catch (error) {
          logger.warn('cojson rejected stored content', { id: content.id, error });
        }
      };
      read(
        id,
        () => loader.load(id, handOut),
        (found) => done?.(found),
      );
    },
    readContent: (id) =>
      new Promise((resolve, reject) =>
        queue.afterCommit(id, () => void readUntilDone(() => loader.read(id)).then(resolve, reject)),
      ),
    readNewer: (known) => readUntilDone(() => loader.readNewer(known)),
    readCommitted: (id) => readUntilDone(() => stateReader.read(id)),
    readClaim: (digest) => readUntilDone(() => claimReader.read(digest)),
    loadKnownState(id, callback) {
      read(id, () => stateReader.read(id), callback);
    },
    getKnownState: (id) => states.get(id) ?? emptyKnownState(asCoValueID(id)),
    waitForSync: (id: string, coValue: CoValueCore) => states.waitFor(id, () => coValue.knownState()),
    markDeleteAsValid(id) {
      validDeletions.add(id);
      eraser.notify();
    },
    enableDeletedCoValuesErasure: eraser.enable,
    eraseAllDeletedCoValues: eraser.eraseAll,
    ...createListing(database, readUntilDone, logger),
    ...noUpstream,
    onCoValueUnmounted(id) {
      loader.forget(id);
      states.forget(id);
    },
    close(withinMs = defaultCloseMs) {
      closing ??= closeNow(withinMs);
      return closing;
    },
  };

  async function closeNow(withinMs: number): Promise<void> {
    eraser.stop();
    owners.stop();
    await new Promise<void>((resolve) => {
      const cancel = clock.after(withinMs, resolve);
      queue.afterCommit(undefined, () => {
        cancel();
        resolve();
      });
    });
    if (queue.pending > 0) {
      logger.warn('The relay stopped before it could store all content; the rest was not acknowledged', {
        messages: queue.pending,
      });
    }
    queue.stop();
    await database.close();
  }
}

function wentBack(): Error {
  return new Error('The database went back to an earlier state meanwhile.');
}

function asCoValueID(id: string): RawCoID {
  return id as RawCoID;
}
