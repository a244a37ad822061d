import { emptyKnownState, type CoValueCore, type StorageAPI } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Database } from '../database/database.ts';
import { isConflict } from '../database/postgres-facts.ts';
import { createBatchReader } from './batch-reader.ts';
import { createBatchWriter, type BatchWriterOptions } from './batch-writer.ts';
import { createCommitQueue } from './commit-queue.ts';
import { createContentLoader, type StoredContent } from './content-loader.ts';
import { contentBytes, type Content, type KnownState, type RawCoID } from '../../engine/content.ts';
import type { Fork } from './find-forks.ts';
import { createKnownForks } from './known-forks.ts';
import { createEraser } from './eraser.ts';
import { readKnownStates } from './read-rows.ts';
import { createListing } from './listing.ts';
import { createNewerLoader, type LoadNewer } from './newer-loader.ts';
import { createReconciliationLocks } from './reconciliation-locks.ts';
import { createStoredStates } from './stored-states.ts';
import { createSyncTracking } from './sync-tracking.ts';
import type { StoreRequest, WrittenBatch } from './write-batch.ts';

/** cojson's storage in an SQL database, which also says when what was stored is committed. */
export interface SqlStorage extends StorageAPI {
  /**
   * Calls `run` once all is committed that was stored so far, of this CoValue or, without an id, of all; at once where
   * nothing is pending. Never where it could not be stored, so that nobody is told it was.
   */
  afterCommit(id: string | undefined, run: () => void): void;
  /** Calls `run` once nothing that was stored so far waits for its commit, also where some of it could not be stored. */
  onceWritten(run: () => void): void;
  /** Why nothing can be committed at present; it is tried again by itself. */
  readonly failure: unknown;
  /** How many messages wait for their commit. */
  readonly pending: number;
  readonly pendingBytes: number;
  /** What is stored, once all that was stored of it before is committed. Rejects when the storage is closed. */
  readContent(id: string): Promise<StoredContent | undefined>;
  /** How far it is committed at this moment: nothing is waited for. Rejects when the storage is closed. */
  readCommitted(id: string): Promise<KnownState | undefined>;
  /** What other relays stored beyond what is in memory here. */
  readonly loadNewer: LoadNewer;
  /** Writes out what is queued, for at most `withinMs`, then closes the database. Safe to call twice. */
  close(withinMs?: number): Promise<void>;
}

export interface SqlStorageOptions extends Partial<Pick<BatchWriterOptions, 'committed' | 'publish'>> {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A peer began a CoValue anew that is in the database and was never loaded: load it, or its history stays hidden. */
  foundOlder(id: RawCoID): void;
  /**
   * The database has other transactions of this session than came here; those that came are neither stored nor
   * acknowledged. The CoValue has to go from memory, so that it shows what is stored.
   */
  forked?(fork: Fork): void;
  /** Commits have begun to fail; they are tried again by themselves. */
  failed?(): void;
  /** Commits work again; `failure` stays until this resolves. */
  recovered?(): Promise<void>;
}

const readAgainAfterMs = 500;
const defaultCloseMs = 10_000;

export function createSqlStorage(options: SqlStorageOptions): SqlStorage {
  const { database, clock, logger, foundOlder } = options;
  const validDeletions = new Set<RawCoID>();
  /** CoValues of which something was not stored: cojson could not give what comes before it. */
  const damaged = new Set<string>();
  const forks = createKnownForks();
  const states = createStoredStates();
  const loader = createContentLoader(database, states.add);
  const loadNewer = createNewerLoader(database, states.add);
  const stateReader = createBatchReader((ids) => readKnownStates(database.query, ids));
  const eraser = createEraser(database, clock, logger);
  const writer = createBatchWriter({
    database,
    isDeletionValid: (id) => validDeletions.has(id),
    committed: options.committed,
    publish: options.publish,
  });
  const queue = createCommitQueue<StoreRequest>({
    idOf: ({ content }) => content.id,
    bytesOf: ({ content }) => contentBytes(content),
    commit,
    failed(error) {
      logger.warn('Storing failed and is tried again; nothing is acknowledged meanwhile', { error });
      options.failed?.();
    },
    recovered: async () => options.recovered?.(),
    isPassing: isConflict,
    clock,
  });
  let closing: Promise<void> | undefined;

  async function commit(queued: readonly StoreRequest[]): Promise<void> {
    if (queued[0]) forks.forgetUpTo(queued[0].forkCount);
    const batch = queued.map(withoutForked);
    const written = await writer.commit(batch);
    settle(batch, written);
  }

  function withoutForked(request: StoreRequest): StoreRequest {
    const content = forks.strip(request.content, request.forkCount);
    return content === request.content ? request : { ...request, content };
  }

  function settle(batch: readonly StoreRequest[], written: WrittenBatch): void {
    const { stored, incomplete, wereThere } = written;
    for (const state of stored.values()) states.add(state);
    for (const fork of written.forks) refuse(fork);
    for (const request of batch) {
      const { id } = request.content;
      if (forks.hasAny(id, request.forkCount)) continue;
      if (incomplete.has(request)) {
        damaged.add(id);
        logger.warn('Content was not stored, as what comes before it is missing', { id });
        continue;
      }
      damaged.delete(id);
      if (wereThere.has(id) && !loader.wasHandedOut(id)) foundOlder(id);
      else if (request.content.header) loader.markHandedOut(id);
      request.done?.();
    }
  }

  function refuse(fork: Fork): void {
    logger.warn(
      'Two relays were given different transactions at one place; the ones stored first stand',
      fork,
    );
    forks.add(fork);
    states.forget(fork.id);
    loader.forget(fork.id);
    options.forked?.(fork);
  }

  function afterCommit(id: string | undefined, run: () => void): void {
    const since = forks.count;
    queue.afterCommit(id, () => {
      if (forks.hasAny(id, since)) return;
      if (id === undefined ? damaged.size === 0 : !damaged.has(id)) run();
    });
  }

  /** Reading that fails says nothing about what is there: cojson would take "not found" for the truth, for ever. */
  async function readUntilDone<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await read();
      } catch (error) {
        if (closing) throw error;
        logger.warn('Reading from the storage failed and is tried again', { error });
        await new Promise<void>((resolve) => clock.after(readAgainAfterMs, resolve));
      }
    }
  }

  /** Once all that was stored of the CoValue can be read. */
  function read<T>(id: string, readNow: () => Promise<T>, use: (result: T) => void): void {
    queue.afterCommit(id, () => {
      readUntilDone(readNow)
        .then(use)
        .catch((error: unknown) =>
          logger.warn('What was read from the storage could not be used', { id, error }),
        );
    });
  }

  return {
    afterCommit,
    onceWritten: (run) => queue.afterCommit(undefined, run),
    get failure() {
      return queue.failure;
    },
    get pendingBytes() {
      return queue.pendingBytes;
    },
    get pending() {
      return queue.pending;
    },
    store(content, correct, done) {
      queue.push({ content, correct, done, forkCount: forks.count });
    },
    loadNewer: (known, handOut) => readUntilDone(() => loadNewer(known, handOut)),
    load(id, callback, done) {
      const handOut = (content: Content) => {
        try {
          callback(content);
        } catch (error) {
          logger.warn('Stored content was rejected', { id: content.id, error });
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
    readCommitted: (id) => readUntilDone(() => stateReader.read(id)),
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
    ...createSyncTracking(database, logger),
    ...createReconciliationLocks(database, clock, logger),
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
    await new Promise<void>((resolve) => {
      const cancel = clock.after(withinMs, resolve);
      queue.afterCommit(undefined, () => {
        cancel();
        resolve();
      });
    });
    if (queue.pending > 0) {
      logger.warn('The relay stopped before all could be stored; nothing of it was acknowledged', {
        messages: queue.pending,
      });
    }
    queue.stop();
    await database.close();
  }
}

function asCoValueID(id: string): RawCoID {
  return id as RawCoID;
}
