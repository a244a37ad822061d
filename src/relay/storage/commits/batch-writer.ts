import type { Claim } from '../../beginnings/claims.ts';
import type { Database } from '../../database/database.ts';
import { lackingMark, parametersOf, setMark, type RelayMark } from '../../database/relay-mark.ts';
import { appendRows, planAppend } from './append-batch.ts';
import { contentBytes, type KnownState, type RawCoID } from '../../../engine/content.ts';
import { createRecentSessions } from './recent-sessions.ts';
import { NotWrittenTogether } from './written-together.ts';
import { chargesOf, writeBatch, type StoreRequest, type WrittenBatch } from './write-batch.ts';

export interface BatchWriterOptions {
  readonly database: Pick<Database, 'transaction' | 'write' | 'lockMs'>;
  isDeletionValid(id: RawCoID): boolean;
  /** Called after each commit, for metrics. */
  readonly committed:
    | ((commit: { readonly tookMs: number; readonly messages: number; readonly bytes: number }) => void)
    | undefined;
  /** Present if other relays use the database, too. */
  readonly mark: RelayMark | undefined;
  /** Called after each commit, with the CoValues that gained content, and a name of the client that pushed it over HTTP. */
  readonly changed: ((ids: readonly RawCoID[], pushedBy?: string) => void) | undefined;
}

const limitsLockWaits = { limitsLockWaits: true };

/** A batch that only appends to rows this relay wrote last is one statement, which verifies them; others read first. */
export function createBatchWriter(options: BatchWriterOptions) {
  const { database, isDeletionValid, committed, mark, changed } = options;
  const recent = createRecentSessions();
  /** An attempt to commit content of these failed, but it may have been committed. */
  const uncertain = new Set<RawCoID>();

  async function append(requests: readonly StoreRequest[], lane: number): Promise<WrittenBatch | undefined> {
    const append = planAppend(requests, recent);
    if (!append) return undefined;
    const ids = new Set(requests.map(({ content }) => content.id));
    // Without a statement, the mark is not written either.
    const advance = append.before.length > 0 ? mark?.advance(lane) : undefined;
    if (!(await appendRows(database, append, advance))) return undefined;
    if (advance) mark?.confirm(lane);
    const sessions = append.plan.changedSessions();
    const stored = new Map<RawCoID, KnownState>();
    for (const id of ids) stored.set(id, { id, header: true, sessions: append.plan.knownSessions(id) });
    return {
      stored,
      sessions,
      incomplete: new Set(),
      alreadyStored: new Set(),
      changed: ids,
      forks: [],
      charges: chargesOf(append.plan),
    };
  }

  async function write(
    requests: readonly StoreRequest[],
    claims: readonly Claim[],
    lane: number,
    isValid: (id: RawCoID) => boolean,
    check: (written: WrittenBatch) => void = () => {},
    pushedBy?: string,
  ): Promise<WrittenBatch> {
    const written = await database.transaction(async (query) => {
      if (mark && (await query(setMark(1), parametersOf(mark.advance(lane)))).length === 0)
        throw lackingMark();
      const batch = await writeBatch(query, requests, isValid, claims, pushedBy);
      check(batch);
      return batch;
    }, limitsLockWaits);
    mark?.confirm(lane);
    return written;
  }

  async function commitBy(
    requests: readonly StoreRequest[],
    run: () => Promise<WrittenBatch>,
    pushedBy?: string,
  ): Promise<WrittenBatch> {
    const startedMs = performance.now();
    try {
      const written = await run();
      const ids = requests.map(({ content }) => content.id).filter((id) => uncertain.delete(id));
      if (written.changed.size > 0) changed?.([...written.changed], pushedBy);
      if (ids.length > 0) changed?.(ids);
      recent.add(written.sessions);
      committed?.({
        tookMs: performance.now() - startedMs,
        messages: requests.length,
        bytes: requests.reduce((sum, { content }) => sum + contentBytes(content), 0),
      });
      return written;
    } catch (error) {
      // Nothing was written, by decision.
      if (error instanceof NotWrittenTogether) throw error;
      // The database may have been replaced or restored by the time it is reachable again.
      recent.clear();
      for (const { content } of requests) uncertain.add(content.id);
      throw error;
    }
  }

  return {
    /** Commits with the same `lane` may not run at once. */
    commit: (requests: readonly StoreRequest[], claims: readonly Claim[] = [], lane = 0) =>
      commitBy(
        requests,
        async () =>
          (claims.length === 0 ? await append(requests, lane) : undefined) ??
          (await write(requests, claims, lane, isDeletionValid)),
      ),
    /** Commits all of the requests. If a part of them cannot be written, rejects with `NotWrittenTogether`. */
    commitTogether: (
      requests: readonly StoreRequest[],
      claims: readonly Claim[],
      lane: number,
      isValid: (id: RawCoID) => boolean,
      pushedBy?: string,
    ) => commitBy(requests, () => write(requests, claims, lane, isValid, checkWhole, pushedBy), pushedBy),
    forget: recent.clear,
  };
}

function checkWhole({ forks, incomplete }: WrittenBatch): void {
  if (forks.length > 0 || incomplete.size > 0)
    throw new NotWrittenTogether(
      forks,
      [...incomplete].map(({ content }) => content),
    );
}
