import { atOnce } from '../base/sliced-steps.ts';
import type { RawCoID } from '../engine/content.ts';
import type { KnownCounts } from '../engine/known-counts.ts';

/** Every relay, or the one named, must get this much of a session. The header counts as a session. */
export interface Debt {
  readonly id: RawCoID;
  /** A name that begins with `wholePrefix` stands for everything that is stored of the CoValue. */
  readonly session: string;
  readonly count: number;
  readonly sinceMs: number;
  readonly relayID?: string;
  /** Of that relay's data, which it does not end in an earlier one: the ledger may have the debt before the record has the loss. */
  readonly generation?: number;
}

/** A relay has reported that it has this much of a session. */
export interface Confirmation {
  readonly relayID: string;
  /** Of the relay's data, when it reported this. A loss begins a new generation, in which this counts no more. */
  readonly generation: number;
  readonly id: RawCoID;
  readonly session: string;
  readonly count: number;
}

/** This much of a session is no longer owed: the CoValue was deleted, or other debts replace this one. */
export interface Release {
  readonly id: RawCoID;
  readonly session: string;
  readonly count: number;
}

/** What a device owes its relays. Facts only grow, so joining them in any order gives the same result. */
export interface LedgerFacts {
  readonly debts: readonly Debt[];
  readonly confirmations: readonly Confirmation[];
  readonly releases: readonly Release[];
}

/** Everything in the ledger, and the current generation of each relay that this device has been configured to use. */
export interface LedgerContents extends LedgerFacts {
  readonly generations: ReadonlyMap<string, number>;
  /** Relays with which not everything on this device has been compared. Default: none. */
  readonly unfilled?: ReadonlySet<string>;
}

/** An append-only log, shared by all tabs of the device. */
export interface Ledger {
  /** Records relays before anything counts as confirmed there. */
  useRelays(relayIDs: readonly string[]): void;
  /**
   * Debts and releases are on disk before content that is stored later. Confirmations are on disk after content that was
   * stored earlier, and dropped if their generation is over.
   */
  add(facts: Partial<LedgerFacts>): void;
  /** Every relay has confirmed everything of the CoValue, so what the storage keeps for it alone can go. */
  settled(id: string): void;
  /** Resolves after at least one attempt to write everything added so far. */
  attempted(): Promise<void>;
  /** Resolves once everything added so far is on disk. Never resolves while writing fails. */
  written(): Promise<void>;
  /** Includes what other tabs and earlier runs have added. Rejects if it cannot be read. */
  read(): Promise<LedgerContents>;
  /** Whether nothing was deleted or emptied since this tab opened. Absent if the storage cannot tell. Rejects like `read`. */
  isIntact?(): Promise<boolean>;
}

/** Only those of their relay's current generation. */
export function currentConfirmations(
  confirmations: readonly Confirmation[],
  generations: LedgerContents['generations'],
): readonly Confirmation[] {
  return confirmations.filter(({ relayID, generation }) => generations.get(relayID) === generation);
}

/** A debt may be of a generation that its relay's record does not have yet. */
export function latestGenerations(
  recorded: LedgerContents['generations'],
  debts: readonly Debt[],
): LedgerContents['generations'] {
  const latest = new Map(recorded);
  for (const { relayID = '', generation = 0 } of debts) {
    const before = latest.get(relayID);
    if (before !== undefined && generation > before) latest.set(relayID, generation);
  }
  return latest;
}

export const wholePrefix = '*';

/** Of marks that a tab of an earlier version can still set, so a release would hide later ones. */
export const stockMarks = 'stock';

/** One debt for each session and relay: the highest count, since the earliest time. */
export function joinDebts(debts: readonly Debt[]): readonly Debt[] {
  const joined = new Map<string, Debt>();
  for (const debt of debts) {
    const key = JSON.stringify([debt.id, debt.session, debt.relayID]);
    const { count = 0, sinceMs = Infinity, generation = 0 } = joined.get(key) ?? {};
    joined.set(key, {
      ...debt,
      count: Math.max(debt.count, count),
      sinceMs: Math.min(debt.sinceMs, sinceMs),
      ...(debt.generation !== undefined && { generation: Math.max(debt.generation, generation) }),
    });
  }
  return [...joined.values()];
}

export const noFacts: LedgerFacts = { debts: [], confirmations: [], releases: [] };

/** Debts for everything that is stored of these CoValues. `name` says where they come from. */
export function wholeDebts(ids: readonly RawCoID[], name: string, sinceMs: number): readonly Debt[] {
  return ids.map((id) => ({ id, session: `${wholePrefix}${name}`, count: 1, sinceMs }));
}

/** What of one CoValue some relay may lack. */
export interface PendingDebts {
  readonly sinceMs: number;
  readonly need: KnownCounts;
  /** The debts that stand for everything that is stored. */
  readonly whole: readonly string[];
  /** What each relay needs no more. */
  readonly confirmed: ReadonlyMap<string, KnownCounts>;
  /** Of the relays' data, in which `confirmed` holds. */
  readonly generations: LedgerContents['generations'];
}

/** Computes what is pending, by CoValue: at these relays or, without any, at those that this device has used. */
export function pendingDebts(
  contents: LedgerContents,
  configured: readonly string[],
): ReadonlyMap<RawCoID, PendingDebts> {
  return atOnce(foldDebts(contents, configured));
}

/** The steps of `pendingDebts`. */
export function* foldDebts(
  contents: LedgerContents,
  configured: readonly string[],
): Generator<void, ReadonlyMap<RawCoID, PendingDebts>> {
  const { generations } = contents;
  const relayIDs = configured.length > 0 ? configured : [...generations.keys()];
  const pending = new Map<RawCoID, PendingDebts>();
  for (const { id, open, confirmed: counts } of openCoValues(contents, relayIDs)) {
    yield;
    if (open.length === 0) continue;
    const confirmed = new Map([...counts].map(([relayID, has]) => [relayID, settledAt(relayID, has, open)]));
    pending.set(id, { ...needOf(open), confirmed, generations });
  }
  return pending;
}

export interface OpenCoValue {
  readonly id: RawCoID;
  /** Debts that one of the relays may lack. Without relays, all that are not released. */
  readonly open: readonly Debt[];
  /** The highest counts in the current generation of each relay. */
  readonly confirmed: ReadonlyMap<string, KnownCounts>;
}

/** Each CoValue of the ledger. */
export function* openCoValues(
  contents: LedgerContents,
  relayIDs: readonly string[],
): Generator<OpenCoValue, void> {
  for (const [id, { debts, confirmations, releases }] of factsByID(contents)) {
    const confirmed = new Map(
      relayIDs.map((relayID) => {
        const generation = contents.generations.get(relayID) ?? 0;
        const said = confirmations.filter(
          (said) => said.relayID === relayID && said.generation === generation,
        );
        return [relayID, highest(said)];
      }),
    );
    yield { id, open: openDebts(debts, highest(releases), confirmed), confirmed };
  }
}

interface FactsOfOne {
  readonly debts: Debt[];
  readonly confirmations: Confirmation[];
  readonly releases: Release[];
}

function factsByID({ debts, confirmations, releases }: LedgerFacts): ReadonlyMap<RawCoID, FactsOfOne> {
  const byID = new Map<RawCoID, FactsOfOne>();
  const of = (id: RawCoID) => {
    let facts = byID.get(id);
    if (!facts) byID.set(id, (facts = { debts: [], confirmations: [], releases: [] }));
    return facts;
  };
  for (const debt of debts) of(debt.id).debts.push(debt);
  // What is not owed is of no interest.
  for (const said of confirmations) byID.get(said.id)?.confirmations.push(said);
  for (const release of releases) byID.get(release.id)?.releases.push(release);
  return byID;
}

function openDebts(
  debts: readonly Debt[],
  released: KnownCounts,
  confirmed: OpenCoValue['confirmed'],
): readonly Debt[] {
  return debts.filter(({ session, count, relayID }) => {
    if ((released[session] ?? 0) >= count) return false;
    return (
      confirmed.size === 0 ||
      [...confirmed].some(
        ([other, counts]) => (relayID === undefined || relayID === other) && (counts[session] ?? 0) < count,
      )
    );
  });
}

/** What the relay does not need: what it has confirmed, and what is owed only to others. */
function settledAt(relayID: string, confirmed: KnownCounts, open: readonly Debt[]): KnownCounts {
  const counts: Record<string, number> = { ...confirmed };
  for (const { session, count, relayID: only } of open) {
    const isOthers = only !== undefined && only !== relayID;
    const isShared = open.some((debt) => debt.session === session && debt.relayID !== only);
    if (isOthers && !isShared) counts[session] = Math.max(count, counts[session] ?? 0);
  }
  return counts;
}

function needOf(debts: readonly Debt[]): Pick<PendingDebts, 'sinceMs' | 'need' | 'whole'> {
  const need: Record<string, number> = {};
  for (const { session, count } of debts) {
    if (!session.startsWith(wholePrefix)) need[session] = Math.max(count, need[session] ?? 0);
  }
  return {
    sinceMs: Math.min(...debts.map(({ sinceMs }) => sinceMs)),
    need,
    whole: [...new Set(debts.map(({ session }) => session))].filter((session) =>
      session.startsWith(wholePrefix),
    ),
  };
}

function highest(facts: readonly Release[]): KnownCounts {
  const counts: Record<string, number> = {};
  for (const { session, count } of facts) counts[session] = Math.max(count, counts[session] ?? 0);
  return counts;
}
