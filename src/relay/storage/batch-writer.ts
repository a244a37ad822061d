import type { Claim } from '../beginnings/claims.ts';
import type { Database, Query } from '../database/database.ts';
import { appendRows, planAppend, type AppendPlan } from './append-batch.ts';
import { contentBytes, type KnownState, type RawCoID } from '../../engine/content.ts';
import { createRecentSessions } from './recent-sessions.ts';
import { writeBatch, type StoreRequest, type WrittenBatch } from './write-batch.ts';

export interface BatchWriterOptions {
  readonly database: Pick<Database, 'transaction' | 'write'>;
  isDeletionValid(id: RawCoID): boolean;
  /** Called after each commit, for metrics. */
  readonly committed:
    | ((commit: { readonly tookMs: number; readonly messages: number; readonly bytes: number }) => void)
    | undefined;
  /** Called within the transaction of a commit, with the CoValues that gained content. */
  readonly publish: ((query: Query, ids: readonly string[]) => Promise<void>) | undefined;
  /** Called after a commit that published. */
  readonly published: (() => void) | undefined;
}

/** A batch that only appends to rows this relay wrote last is one statement, which verifies them; others read first. */
export function createBatchWriter(options: BatchWriterOptions) {
  const { database, isDeletionValid, committed, publish, published } = options;
  const recent = createRecentSessions();

  async function append(requests: readonly StoreRequest[]): Promise<WrittenBatch | undefined> {
    const append = planAppend(
      requests.map(({ content }) => content),
      recent,
    );
    if (!append) return undefined;
    const ids = new Set(requests.map(({ content }) => content.id));
    if (!(await appendAndPublish(append, [...ids]))) return undefined;
    const sessions = append.plan.changedSessions();
    const stored = new Map<RawCoID, KnownState>();
    for (const id of ids) stored.set(id, { id, header: true, sessions: append.plan.knownSessions(id) });
    return { stored, sessions, incomplete: new Set(), alreadyStored: new Set(), changed: ids, forks: [] };
  }

  function appendAndPublish(append: AppendPlan, ids: readonly string[]): Promise<boolean> {
    if (!publish) return appendRows(database.write, append);
    return database.transaction(async (query) => {
      const isWritten = await appendRows(query, append);
      if (isWritten) await publish(query, ids);
      return isWritten;
    });
  }

  function write(requests: readonly StoreRequest[], claims: readonly Claim[]): Promise<WrittenBatch> {
    return database.transaction(async (query) => {
      const written = await writeBatch(query, requests, isDeletionValid, claims);
      if (written.changed.size > 0) await publish?.(query, [...written.changed]);
      return written;
    });
  }

  return {
    async commit(requests: readonly StoreRequest[], claims: readonly Claim[] = []): Promise<WrittenBatch> {
      const startedMs = performance.now();
      try {
        const appended = claims.length === 0 ? await append(requests) : undefined;
        const written = appended ?? (await write(requests, claims));
        if (written.changed.size > 0) published?.();
        recent.add(written.sessions);
        committed?.({
          tookMs: performance.now() - startedMs,
          messages: requests.length,
          bytes: requests.reduce((sum, { content }) => sum + contentBytes(content), 0),
        });
        return written;
      } catch (error) {
        // The database may have been replaced or restored by the time it is reachable again.
        recent.clear();
        throw error;
      }
    },
    forget: recent.clear,
  };
}
