import type { CorrectionCallback } from 'cojson';
import type { Query } from '../../database/database.ts';
import type { Content, KnownState, RawCoID } from '../../../engine/content.ts';
import { storeClaims, type Claim } from '../../beginnings/claims.ts';
import { findForks, forkKey, withoutForks, type Fork } from '../find-forks.ts';
import { amountOfHeader, nothing, sumOf, type Amount } from '../stored-amount.ts';
import { createWritePlan, type SessionRow, type WritePlan } from './write-plan.ts';
import { insertDeletions, insertHeaders, insertRows, readKnownSessions, readSessions } from './write-rows.ts';

export interface StoreRequest {
  readonly content: Content;
  readonly correct: CorrectionCallback;
  readonly done: (() => void) | undefined;
  /** The principal that sent it; undefined if clients need not sign in. */
  readonly payer?: string | undefined;
  /** The number of forks known when this was queued. */
  readonly forkCount: number;
  /** How often the storage had been forgotten when this was queued. */
  readonly generation: number;
  /** Earlier content from cojson, after the database turned out to lack it. Requested only once. */
  correction?: readonly Content[];
}

export interface WrittenBatch {
  /** The stored state of each CoValue, with only the sessions that are in the requests. */
  readonly stored: ReadonlyMap<RawCoID, KnownState>;
  readonly sessions: readonly SessionRow[];
  /** Requests that remain incomplete because cojson had no correction for them. */
  readonly incomplete: ReadonlySet<StoreRequest>;
  /** IDs that came with a header but were already stored. */
  readonly alreadyStored: ReadonlySet<RawCoID>;
  /** CoValues that gained content. */
  readonly changed: ReadonlySet<RawCoID>;
  /** Sessions that conflict with the database. None of their content was written; the rest of their requests was. */
  readonly forks: readonly Fork[];
  /** What was not stored before, by the principals that sent it. */
  readonly charges: ReadonlyMap<string, Amount>;
}

/** Writes a batch within the caller's transaction, each table in one statement. Idempotent for stored content. */
export async function writeBatch(
  query: Query,
  requests: readonly StoreRequest[],
  isDeletionValid: (id: RawCoID) => boolean,
  claims: readonly Claim[],
  pushedBy?: string,
): Promise<WrittenBatch> {
  const plan = createWritePlan();
  const storedIDs = new Set<RawCoID>();
  const alreadyStored = new Set<RawCoID>();
  const changed = new Set<RawCoID>();
  const forks = new Map<string, Fork>();
  const contents = requests.map(({ content }) => content);
  const payers = new Map(requests.map(({ content, payer }) => [content, payer]));
  const created = new Map<RawCoID, Amount & { readonly payer: string }>();

  await prepare(contents);
  const unforked = claims.filter((claim) => !forks.has(forkKey(claim)));
  for (const { id, sessionID, peerID } of await storeClaims(query, unforked))
    forks.set(forkKey({ id, sessionID }), { id, sessionID, copiedBy: peerID });
  const gapped = requests.filter(({ content }) => !add(content));
  for (const request of gapped) request.correction ??= await correctionFor(request);
  const corrections = gapped.flatMap(({ correction }) => correction ?? []);
  await prepare(corrections);
  const stillGapped = new Set(corrections.filter((content) => !add(content)));
  const incomplete = gapped.filter(
    ({ correction = [] }) =>
      correction.length === 0 || correction.some((content) => stillGapped.has(content)),
  );

  const all = [...contents, ...corrections].map((content) => ({
    content: withoutRefused(content),
    payer: payers.get(content),
  }));
  await insertRows(query, plan, pushedBy);
  for (const { covalueID } of plan.changedSessions()) changed.add(covalueID);
  await insertDeletions(query, all, isDeletionValid);
  const stored = new Map<RawCoID, KnownState>();
  for (const {
    content: { id },
  } of all) {
    if (storedIDs.has(id)) stored.set(id, { id, header: true, sessions: plan.knownSessions(id) });
  }
  return {
    stored,
    sessions: plan.changedSessions(),
    incomplete: new Set(incomplete),
    alreadyStored,
    changed,
    forks: [...forks.values()],
    charges: chargesOf(plan, created.values()),
  };

  /** Inserts the headers and reads the rows that the plan needs. */
  async function prepare(batch: readonly Content[]): Promise<void> {
    const { added, locked } = await insertHeaders(query, batch, pushedBy);
    for (const id of added) changed.add(id);
    for (const content of batch) {
      const { id, header } = content;
      const payer = payers.get(content);
      if (header && !added.has(id) && !storedIDs.has(id)) alreadyStored.add(id);
      if (header && payer !== undefined && added.has(id) && !created.has(id))
        created.set(id, { ...amountOfHeader(header), payer });
    }
    for (const id of [...added, ...locked]) storedIDs.add(id);
    const unseen = batch.filter(({ id }) => !added.has(id));
    const rows = await readSessions(query, unseen);
    for (const fork of await findForks(query, unseen, rows)) forks.set(forkKey(fork), fork);
    for (const row of rows) plan.learn(row);
  }

  function add(content: Content): boolean {
    return storedIDs.has(content.id) && plan.add(withoutRefused(content), payers.get(content));
  }

  function withoutRefused(content: Content): Content {
    return withoutForks(content, (sessionID) => forks.has(forkKey({ id: content.id, sessionID })));
  }

  async function correctionFor({ content: { id }, correct }: StoreRequest): Promise<readonly Content[]> {
    if (!storedIDs.has(id)) return correct({ id, header: false, sessions: {} }) ?? [];
    const sessions = { ...(await readKnownSessions(query, id)), ...plan.knownSessions(id) };
    return correct({ id, header: true, sessions }) ?? [];
  }
}

/** `created`: the headers of CoValues that were not there before. */
export function chargesOf(
  { charges: bytesByPayer }: Pick<WritePlan, 'charges'>,
  created: Iterable<Amount & { readonly payer: string }> = [],
): ReadonlyMap<string, Amount> {
  const charges = new Map<string, Amount>();
  const add = (payer: string, amount: Amount) =>
    charges.set(payer, sumOf(charges.get(payer) ?? nothing, amount));
  for (const [payer, bytes] of bytesByPayer) add(payer, { bytes, coValues: 0 });
  for (const { payer, bytes, coValues } of created) add(payer, { bytes, coValues });
  return charges;
}
