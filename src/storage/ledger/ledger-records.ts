import { isRecord } from '../../base/record.ts';
import { atOnce } from '../../base/sliced-steps.ts';
import type { RawCoID } from '../../engine/content.ts';
import { isCount } from '../../base/json.ts';
import type { LedgerFacts } from '../ledger.ts';

/** Stored format. Text, because parsing one is several times faster than cloning ten thousand small objects. */
export interface LedgerRecord {
  readonly v: 1;
  /** Replaces all earlier records: the first of a compaction. */
  readonly whole?: true;
  /** JSON of `StoredFacts`. */
  readonly facts: string;
}

type SessionIndex = number;
type StoredCount = readonly [id: string, session: SessionIndex, count: number];
type SaidAtRelay = readonly [relayID: string, generation: number, counts: StoredCount[]];
interface StoredFacts {
  readonly sessions: readonly string[];
  readonly owed: readonly (readonly [
    ...StoredCount,
    sinceMs: number,
    relayID?: string,
    generation?: number,
  ])[];
  readonly said: readonly (readonly [relayID: string, generation: number, counts: readonly StoredCount[]])[];
  readonly released: readonly StoredCount[];
}

export function packFacts({ debts, confirmations, releases }: LedgerFacts, isWhole = false): LedgerRecord {
  const sessions = new Map<string, SessionIndex>();
  const indexOf = (session: string) => {
    const index = sessions.get(session) ?? sessions.size;
    sessions.set(session, index);
    return index;
  };
  const count = ({ id, session, count }: { id: string; session: string; count: number }): StoredCount => [
    id,
    indexOf(session),
    count,
  ];
  const said = new Map<string, SaidAtRelay>();
  for (const confirmation of confirmations) {
    const { relayID, generation } = confirmation;
    const key = `${generation} ${relayID}`;
    const entry: SaidAtRelay = said.get(key) ?? [relayID, generation, []];
    entry[2].push(count(confirmation));
    said.set(key, entry);
  }
  const stored: Omit<StoredFacts, 'sessions'> = {
    owed: debts.map((debt) => [
      ...count(debt),
      debt.sinceMs,
      ...(debt.relayID === undefined ? [] : [debt.relayID, debt.generation ?? 0]),
    ]) as readonly unknown[] as StoredFacts['owed'],
    said: [...said.values()],
    released: releases.map(count),
  };
  return {
    v: 1,
    ...(isWhole && { whole: true }),
    facts: JSON.stringify({ sessions: [...sessions.keys()], ...stored } satisfies StoredFacts),
  };
}

/** Throws if a record is malformed: its debts are unknown then, which must not look like none. */
export function unpackFacts(record: unknown): LedgerFacts {
  if (!isLedgerRecord(record)) throw malformed();
  const { sessions, owed, said, released } = JSON.parse(record.facts) as Partial<StoredFacts>;
  if (!sessions || !owed || !said || !released) throw malformed();
  const nameOf = (index: SessionIndex): string => {
    const name = sessions[index];
    if (name === undefined) throw malformed();
    return name;
  };
  const countOf = ([id, session, count]: readonly unknown[]) => {
    if (typeof id !== 'string' || typeof session !== 'number' || !isCount(count)) throw malformed();
    return { id: id as RawCoID, session: nameOf(session), count };
  };
  return {
    debts: owed.map(([id, session, count, sinceMs, relayID, generation = 0]: readonly unknown[]) => {
      if (typeof sinceMs !== 'number' || !isOptionalText(relayID) || !isCount(generation)) throw malformed();
      const atRelay = relayID !== undefined && { relayID, generation };
      return { ...countOf([id, session, count]), sinceMs, ...atRelay };
    }),
    confirmations: said.flatMap(([relayID, generation, counts]) => {
      if (typeof relayID !== 'string' || !isCount(generation)) throw malformed();
      return counts.map((stored) => ({ relayID, generation, ...countOf(stored) }));
    }),
    releases: released.map(countOf),
  };
}

/** Only the last compaction and what follows it count. */
export function joinRecords(records: readonly unknown[]): LedgerFacts {
  return atOnce(joinSteps(records));
}

/** The steps of `joinRecords`. */
export function* joinSteps(records: readonly unknown[]): Generator<void, LedgerFacts> {
  const from = records.findLastIndex(isWholeRecord);
  const facts: LedgerFacts[] = [];
  for (const record of records.slice(Math.max(0, from))) {
    facts.push(unpackFacts(record));
    yield;
  }
  return {
    debts: facts.flatMap(({ debts }) => debts),
    confirmations: facts.flatMap(({ confirmations }) => confirmations),
    releases: facts.flatMap(({ releases }) => releases),
  };
}

export function isWholeRecord(record: unknown): boolean {
  return isRecord(record) && record['whole'] === true;
}

export function isReadable(record: unknown): boolean {
  try {
    unpackFacts(record);
    return true;
  } catch {
    return false;
  }
}

function isLedgerRecord(value: unknown): value is LedgerRecord {
  return isRecord(value) && value['v'] === 1 && typeof value['facts'] === 'string';
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

function malformed(): DOMException {
  return new DOMException('A record of the ledger is malformed.', 'DataError');
}
