import { atOnce } from '../../../src/base/sliced-steps.ts';
import type { RememberedRelay } from '../../../src/storage/remembered-relay.ts';
import { joinRecords, packFacts, type LedgerRecord } from '../../../src/storage/ledger/ledger-records.ts';
import { compactSteps } from '../../../src/storage/ledger/ledger-store.ts';
import { noFacts, pendingDebts, type LedgerContents, type LedgerFacts } from '../../../src/storage/ledger.ts';

/** A ledger's records in memory, in their stored format. */
export interface LedgerLog {
  readonly length: number;
  useRelays(relayIDs: readonly string[]): void;
  add(facts: Partial<LedgerFacts>): void;
  compact(): void;
  contents(): LedgerContents;
  /** IDs of CoValues that a known relay may lack. */
  readonly pending: readonly string[];
}

export function createLedgerLog(relays = new Map<string, RememberedRelay>()): LedgerLog {
  let records: LedgerRecord[] = [];
  const generationOf = (relayID: string) => relays.get(relayID)?.losses ?? 0;
  const contents = (): LedgerContents => ({
    ...joinRecords(structuredClone(records)),
    generations: new Map([...relays.keys()].map((relayID) => [relayID, generationOf(relayID)])),
    unfilled: new Set([...relays].flatMap(([relayID, { refill }]) => (refill ? relayID : []))),
  });

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
      const confirmations = (facts.confirmations ?? []).filter(
        ({ relayID, generation }) => relays.has(relayID) && generationOf(relayID) === generation,
      );
      records.push(packFacts({ ...noFacts, ...facts, confirmations }));
    },
    compact() {
      const facts = atOnce(compactSteps(contents()));
      records = [noFacts, ...facts].map((some, index) => packFacts(some, index === 0));
    },
    contents,
    get pending() {
      return [...pendingDebts(contents(), [...relays.keys()]).keys()].sort();
    },
  };
}
