import { atOnce } from '../../../src/base/sliced-steps.ts';
import type { RememberedRelay } from '../../../src/storage/remembered-relay.ts';
import { joinRecords, packFacts, type LedgerRecord } from '../../../src/storage/ledger/ledger-records.ts';
import { compactSteps } from '../../../src/storage/ledger/ledger-store.ts';
import {
  currentConfirmations,
  latestGenerations,
  noFacts,
  pendingDebts,
  type Confirmation,
  type LedgerContents,
  type LedgerFacts,
} from '../../../src/storage/ledger.ts';

/** A ledger's records in memory, in their stored format. */
export interface LedgerLog {
  readonly length: number;
  useRelays(relayIDs: readonly string[]): void;
  /** Returns the confirmations that were written. */
  add(facts: Partial<LedgerFacts>): readonly Confirmation[];
  compact(): void;
  contents(): LedgerContents;
  /** `relays`: those of the copy's device. */
  copy(relays: Map<string, RememberedRelay>): LedgerLog;
  /** IDs of CoValues that a known relay may lack. */
  readonly pending: readonly string[];
}

export function createLedgerLog(
  relays = new Map<string, RememberedRelay>(),
  earlier: readonly LedgerRecord[] = [],
): LedgerLog {
  let records = [...earlier];
  const generations = () => new Map([...relays].map(([relayID, { losses = 0 }]) => [relayID, losses]));
  function contents(): LedgerContents {
    const facts = joinRecords(structuredClone(records));
    return {
      ...facts,
      generations: latestGenerations(generations(), facts.debts),
      unfilled: new Set([...relays].flatMap(([relayID, { refill }]) => (refill ? relayID : []))),
    };
  }

  return {
    get length() {
      return records.length;
    },
    useRelays(relayIDs) {
      const isFirst = relays.size === 0;
      for (const relayID of relayIDs) {
        if (!relays.has(relayID)) relays.set(relayID, isFirst ? {} : { refill: true });
      }
    },
    add(facts) {
      const confirmations = currentConfirmations(facts.confirmations ?? [], generations());
      records.push(packFacts({ ...noFacts, ...facts, confirmations }));
      return confirmations;
    },
    compact() {
      const facts = atOnce(compactSteps(contents()));
      records = [noFacts, ...facts].map((some, index) => packFacts(some, index === 0));
    },
    contents,
    copy: (others) => createLedgerLog(others, structuredClone(records)),
    get pending() {
      return [...pendingDebts(contents(), [...relays.keys()]).keys()].sort();
    },
  };
}
