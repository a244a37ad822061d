import type { Clock } from '../../base/clock.ts';
import { inSlices } from '../../base/sliced-steps.ts';
import { stores } from '../account-database.ts';
import { resultOf } from '../indexed-db.ts';
import {
  currentConfirmations,
  joinDebts,
  latestGenerations,
  noFacts,
  openCoValues,
  type Confirmation,
  type Debt,
  type LedgerContents,
  type LedgerFacts,
} from '../ledger.ts';
import { asRecorded, readRemembered } from '../relay-memory.ts';
import type { RememberedRelay } from '../remembered-relay.ts';
import { isReadable, isWholeRecord, joinSteps, packFacts } from './ledger-records.ts';

/** The stores that the functions of this file need. */
export const ledgerStores = [stores.ledger, stores.relays] as const;

/** Adds the first record. A ledger without one has been cleared. */
export async function beginLedger(transaction: IDBTransaction): Promise<void> {
  const store = transaction.objectStore(stores.ledger);
  if ((await resultOf(store.count())) === 0) store.add(packFacts(noFacts, true));
}

export function hasBegun({ records }: StoredLedger): boolean {
  return records.some(isWholeRecord);
}

/** Adds one record of facts, without confirmations of an earlier generation. Resolves with the number of facts added. */
export async function addFacts(transaction: IDBTransaction, facts: LedgerFacts): Promise<number> {
  const generations =
    facts.confirmations.length > 0 ? generationsOf(await readRelays(transaction)) : new Map();
  const confirmations = currentConfirmations(facts.confirmations, generations);
  const added = { ...facts, confirmations };
  const count = countFacts(added);
  if (count > 0) transaction.objectStore(stores.ledger).add(packFacts(added));
  return count;
}

/**
 * Records that these relays are used. `isEmptied`: debts were lost, so everything has to be compared with them, and nothing
 * counts that they confirmed before, in a generation that no tab knows yet.
 */
export async function recordRelays(
  transaction: IDBTransaction,
  relayIDs: readonly string[],
  nowMs: number,
  isEmptied = false,
): Promise<void> {
  const store = transaction.objectStore(stores.relays);
  const known = await resultOf(store.getAllKeys());
  for (const relayID of relayIDs) {
    const before = asRecorded(await resultOf(store.get(relayID)), relayID, known);
    const emptied = isEmptied && { losses: Math.max(nowMs, (before?.losses ?? 0) + 1), refill: true };
    store.put({ ...before, ...emptied, configuredMs: nowMs } satisfies RememberedRelay, relayID);
  }
}

/** Recorded where no relay is, so that the first one is not taken for one which there is nothing to compare with. */
const noRelay = '';

/**
 * Call if records are missing or cannot be read, and deletes the latter. Nobody knows what they owed, so everything has to be
 * compared with every relay.
 */
export async function recoverLedger(
  transaction: IDBTransaction,
  relayIDs: readonly string[],
  nowMs: number,
): Promise<void> {
  const store = transaction.objectStore(stores.ledger);
  for (const key of await resultOf(store.getAllKeys())) {
    const record: unknown = await resultOf(store.get(key));
    if (!isReadable(record)) store.delete(key);
  }
  const rest: readonly unknown[] = await resultOf(store.getAll());
  if (!rest.some(isWholeRecord)) {
    // The first record has the lowest key.
    store.clear();
    for (const record of [packFacts(noFacts, true), ...rest]) store.add(record);
  }
  const recorded = await resultOf(transaction.objectStore(stores.relays).getAllKeys());
  const all = new Set([...(recorded as string[]), ...relayIDs]);
  await recordRelays(transaction, all.size > 0 ? [...all] : [noRelay], nowMs, true);
}

/** As stored. */
export interface StoredLedger {
  readonly records: readonly unknown[];
  readonly relays: Relays;
}

/** Undefined where the record cannot be read. */
type Relays = ReadonlyMap<string, RememberedRelay | undefined>;

export async function readStored(transaction: IDBTransaction): Promise<StoredLedger> {
  const records: Promise<readonly unknown[]> = resultOf(transaction.objectStore(stores.ledger).getAll());
  const relays = await readRelays(transaction);
  return { records: await records, relays };
}

/** Throws if a record is malformed. */
export function* contentsOf({ records, relays }: StoredLedger): Generator<void, LedgerContents> {
  const facts = yield* joinSteps(records);
  return {
    ...facts,
    generations: latestGenerations(generationsOf(relays), facts.debts),
    unfilled: new Set([...relays].flatMap(([relayID, relay]) => (relay?.refill ? relayID : []))),
  };
}

/** A relay that no app has used for this long keeps no debt alive. */
const forgottenMs = 30 * 24 * 60 * 60_000;
const factsPerRecord = 1_000;

/** Replaces all records by what is pending. Resolves with the number of facts. */
export async function compactLedger(
  transaction: IDBTransaction,
  { clock, relayIDs }: { readonly clock: Clock; readonly relayIDs: readonly string[] },
): Promise<number> {
  const nowMs = clock.nowMs();
  const relays = transaction.objectStore(stores.relays);
  const all = await readRelays(transaction);
  const old: string[] = [];
  for (const [relayID, before] of all) {
    const { configuredMs = nowMs } = before ?? {};
    // This tab may have been open for longer, or the clock may have been set.
    if (relayIDs.includes(relayID)) relays.put({ ...before, configuredMs: nowMs }, relayID);
    else if (nowMs - configuredMs > forgottenMs) old.push(relayID);
  }
  // Without any record, the next relay would look like the first one, which has nothing to be compared with.
  if (old.length < all.size) for (const relayID of old) relays.delete(relayID);
  const store = transaction.objectStore(stores.ledger);
  // An idle transaction commits on its own, so each task begins with the result of a request.
  const timing = { nowMs: clock.elapsedMs, nextTask: () => resultOf(store.count()) };
  const contents = await inSlices(contentsOf(await readStored(transaction)), timing);
  const facts = await inSlices(compactSteps(contents), timing);
  store.clear();
  for (let at = 0; at < Math.max(1, facts.length); at++) {
    // Each record is made in its own task.
    await resultOf(store.add(packFacts(facts[at] ?? noFacts, at === 0)));
  }
  return facts.reduce((count, some) => count + countFacts(some), 0);
}

/** What is pending at any of the recorded relays, in parts of bounded size. */
export function* compactSteps(contents: LedgerContents): Generator<void, readonly LedgerFacts[]> {
  const { generations } = contents;
  const debts: Debt[] = [];
  const confirmations: Confirmation[] = [];
  for (const { id, open, confirmed } of openCoValues(contents, [...generations.keys()])) {
    yield;
    if (open.length === 0) continue;
    debts.push(...joinDebts(open));
    for (const [relayID, counts] of confirmed) {
      const generation = generations.get(relayID) ?? 0;
      for (const [session, count] of Object.entries(counts))
        confirmations.push({ relayID, generation, id, session, count });
    }
  }
  const facts: LedgerFacts[] = [];
  while (debts.length > 0) facts.push({ ...noFacts, debts: debts.splice(0, factsPerRecord) });
  while (confirmations.length > 0)
    facts.push({ ...noFacts, confirmations: confirmations.splice(0, factsPerRecord) });
  return facts;
}

/** The number of facts, or 0 if they are as a compaction leaves them. */
export function looseFacts({ records: [first, ...others] }: StoredLedger, facts: LedgerFacts): number {
  const { debts, confirmations } = facts;
  const parts = [debts, confirmations].reduce(
    (sum, some) => sum + Math.ceil(some.length / factsPerRecord),
    0,
  );
  const isCompact = isWholeRecord(first) && others.length < Math.max(1, parts);
  return isCompact ? 0 : countFacts(facts);
}

function countFacts({ debts, confirmations, releases }: LedgerFacts): number {
  return debts.length + confirmations.length + releases.length;
}

function generationsOf(relays: Relays): ReadonlyMap<string, number> {
  return new Map([...relays].map(([relayID, relay]) => [relayID, relay?.losses ?? 0]));
}

async function readRelays(transaction: IDBTransaction): Promise<Relays> {
  const store = transaction.objectStore(stores.relays);
  const [keys, values] = await Promise.all([resultOf(store.getAllKeys()), resultOf(store.getAll())]);
  return new Map(keys.map((key, index) => [key as string, readRemembered(values[index])]));
}
