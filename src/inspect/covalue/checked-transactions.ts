import type { CoValueCore } from 'cojson';
import { lastCheckedOf, readChecked, type CheckedTransaction } from '../../engine/private-fields.ts';
import type { TransactionCursor } from './transaction-types.ts';

/** Looks up cojson's check of a transaction. cojson links the checks of each session, from newest to oldest. */
export interface CheckedTransactions {
  /** Undefined if cojson has not checked it; `unknown` if cojson keeps its checks elsewhere. */
  at(sessionID: string, index: number): CheckedTransaction | 'unknown' | undefined;
  /** Remembers the position in each session, so that the next page need not start from the newest check. */
  keepPositions(older: TransactionCursor): void;
}

/** Beyond this many remembered positions, all are dropped, and pages start from the newest check again. */
const maxPositions = 5_000;

export function createCheckedTransactions(coValue: CoValueCore): CheckedTransactions {
  const positions = new Map<string, unknown>();
  const current = new Map<string, CheckedTransaction>();

  function begin(sessionID: string, index: number): CheckedTransaction | 'unknown' | undefined {
    const last = positions.get(`${sessionID} ${index}`) ?? lastCheckedOf(coValue, sessionID);
    return last === 'unknown' ? last : readChecked(last);
  }

  return {
    at(sessionID, index) {
      const before = current.get(sessionID);
      let checked = before && before.index >= index ? before : begin(sessionID, index);
      while (typeof checked === 'object' && checked.index > index) checked = readChecked(checked.previous);
      if (typeof checked !== 'object') return checked;
      current.set(sessionID, checked);
      return checked.index === index ? checked : undefined;
    },
    keepPositions(older) {
      if (positions.size > maxPositions) positions.clear();
      for (const [sessionID, checked] of current) {
        if (older[sessionID] === checked.index)
          positions.set(`${sessionID} ${checked.index - 1}`, checked.previous);
      }
      current.clear();
    },
  };
}
