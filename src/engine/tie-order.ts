import { CoValueCore, RawCoList } from 'cojson';

const { compareTransactions } = CoValueCore.prototype;
const { processNewTransactions } = RawCoList.prototype;

/**
 * cojson 0.20 has no order for transactions of two sessions with one and the same time: which of them counts is decided by
 * which came first, so that two devices may show different values for good. With this, their sessions' IDs decide.
 *
 * It holds for all of this copy of cojson, at once. Safe to call again.
 */
export function orderTies(): void {
  CoValueCore.prototype.compareTransactions = compareWithTies;
  RawCoList.prototype.processNewTransactions = processWithTies;
}

const compareWithTies: CoValueCore['compareTransactions'] = (a, b) => {
  const order = Reflect.apply(compareTransactions, undefined, [a, b]);
  if (order !== 0 || a.txID.sessionID === b.txID.sessionID) return order;
  return a.txID.sessionID < b.txID.sessionID ? -1 : 1;
};

/** A list is read anew where something older comes than it has: here also where it is as old. */
function processWithTies(this: RawCoList): void {
  processNewTransactions.call(this);
  if (this.lastValidTransaction === undefined) return;
  // Half a millisecond later than anything that is as old.
  this.lastValidTransaction = Math.floor(this.lastValidTransaction) + 0.5;
}
