import type { CorrectionCallback } from 'cojson';
import type { Query } from '../database/database.ts';
import type { Content, KnownState, RawCoID } from '../../engine/content.ts';
import { findForks, forkKey, withoutForks, type Fork } from './find-forks.ts';
import { createWritePlan, type SessionRow } from './write-plan.ts';
import {
  insertDeletions,
  insertHeaders,
  insertRows,
  lockCoValues,
  readKnownSessions,
  readSessions,
} from './write-rows.ts';

/** Content that cojson wants stored. */
export interface StoreRequest {
  readonly content: Content;
  readonly correct: CorrectionCallback;
  readonly done: (() => void) | undefined;
  /** How many forks were known when this was queued. */
  readonly forkCount: number;
  /** What cojson added when the database turned out to lack earlier transactions. It is asked once. */
  correction?: readonly Content[];
}

export interface WrittenBatch {
  /** What is stored now, of the sessions that were written to. */
  readonly stored: ReadonlyMap<RawCoID, KnownState>;
  /** The rows that were written of sessions. */
  readonly sessions: readonly SessionRow[];
  /** Requests that stay incomplete because cojson had no correction for them. */
  readonly incomplete: ReadonlySet<StoreRequest>;
  /** Ids that came with a header and were in the database before. */
  readonly wereThere: ReadonlySet<RawCoID>;
  /** Of which something was written that was not there. */
  readonly changed: ReadonlySet<RawCoID>;
  /** Sessions that go on otherwise in the database. Nothing of them was written; the rest of their requests was. */
  readonly forks: readonly Fork[];
}

/** Writes a batch within the caller's transaction, each table by one statement. Content that is there already changes nothing. */
export async function writeBatch(
  query: Query,
  requests: readonly StoreRequest[],
  isDeletionValid: (id: RawCoID) => boolean,
): Promise<WrittenBatch> {
  const plan = createWritePlan();
  const existing = new Set<RawCoID>();
  const wereThere = new Set<RawCoID>();
  const changed = new Set<RawCoID>();
  const forks = new Map<string, Fork>();
  const contents = requests.map(({ content }) => content);

  await prepare(contents);
  const lacking = requests.filter(({ content }) => !add(content));
  for (const request of lacking) request.correction ??= await correctionFor(request);
  const corrections = lacking.flatMap(({ correction }) => correction ?? []);
  await prepare(corrections);
  const unfit = new Set(corrections.filter((content) => !add(content)));
  const incomplete = lacking.filter(
    ({ correction = [] }) => correction.length === 0 || correction.some((content) => unfit.has(content)),
  );

  const all = [...contents, ...corrections].map(withoutRefused);
  await insertRows(query, plan);
  for (const { covalueID } of plan.changedSessions()) changed.add(covalueID);
  await insertDeletions(query, all, isDeletionValid);
  const stored = new Map<RawCoID, KnownState>();
  for (const { id } of all) {
    if (existing.has(id)) stored.set(id, { id, header: true, sessions: plan.knownSessions(id) });
  }
  return {
    stored,
    sessions: plan.changedSessions(),
    incomplete: new Set(incomplete),
    wereThere,
    changed,
    forks: [...forks.values()],
  };

  /** Writes the headers, and reads what the plan has to know. */
  async function prepare(batch: readonly Content[]): Promise<void> {
    const added = await insertHeaders(query, batch);
    for (const id of added) changed.add(id);
    for (const { id, header } of batch) if (header && !added.has(id) && !existing.has(id)) wereThere.add(id);
    const others = batch.filter(({ id }) => !added.has(id) && !existing.has(id));
    for (const id of [...added, ...(await lockCoValues(query, others))]) existing.add(id);
    const unseen = batch.filter(({ id }) => !added.has(id));
    const rows = await readSessions(query, unseen);
    for (const fork of await findForks(query, unseen, rows)) forks.set(forkKey(fork), fork);
    for (const row of rows) plan.learn(row);
  }

  function add(content: Content): boolean {
    return existing.has(content.id) && plan.add(withoutRefused(content));
  }

  function withoutRefused(content: Content): Content {
    return withoutForks(content, (sessionID) => forks.has(forkKey({ id: content.id, sessionID })));
  }

  async function correctionFor({ content: { id }, correct }: StoreRequest): Promise<readonly Content[]> {
    if (!existing.has(id)) return correct({ id, header: false, sessions: {} }) ?? [];
    const sessions = { ...(await readKnownSessions(query, id)), ...plan.knownSessions(id) };
    return correct({ id, header: true, sessions }) ?? [];
  }
}
