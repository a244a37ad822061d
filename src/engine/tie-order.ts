import { CoValueCore, RawCoList } from 'cojson';

const { compareTransactions } = CoValueCore.prototype;
const { processNewTransactions } = RawCoList.prototype;

/**
 * Orders transactions of equal time by session ID. cojson 0.20 has no order for them: the one received first wins, so that
 * two devices may show different values permanently. Process-wide and idempotent.
 */
export function patchTieOrder(): void {
  CoValueCore.prototype.compareTransactions = compareWithTies;
  RawCoList.prototype.processNewTransactions = processWithTies;
}

const compareWithTies: CoValueCore['compareTransactions'] = (a, b) => {
  const order = Reflect.apply(compareTransactions, undefined, [a, b]);
  if (order !== 0 || a.txID.sessionID === b.txID.sessionID) return order;
  return a.txID.sessionID < b.txID.sessionID ? -1 : 1;
};

/** cojson rebuilds a list only if a transaction is older than its last; this also rebuilds it at equal times. */
function processWithTies(this: RawCoList): void {
  processNewTransactions.call(this);
  if (this.lastValidTransaction === undefined) return;
  // Half a millisecond later, so that a transaction of the same time counts as older.
  this.lastValidTransaction = Math.floor(this.lastValidTransaction) + 0.5;
}
