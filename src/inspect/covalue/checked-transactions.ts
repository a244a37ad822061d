import type { CoValueCore } from 'cojson';
import { lastCheckedOf, readChecked, type CheckedTransaction } from '../../engine/private-fields.ts';
import type { TransactionCursor } from './transaction-types.ts';

/** Finds what cojson has found out of a transaction. It keeps them as chains, from the last of a session to its first. */
export interface CheckedTransactions {
  /** Undefined where cojson has not looked at it; `unknown` where it keeps that elsewhere. */
  at(sessionID: string, index: number): CheckedTransaction | 'unknown' | undefined;
  /** The next page begins there: what was read last of each session is kept, so that it does not begin at the end of the chain. */
  keepPlaces(older: TransactionCursor): void;
}

/** Of pages that were left; beyond, a page that is read again walks from the end. */
const mostPlaces = 5_000;

export function createCheckedTransactions(coValue: CoValueCore): CheckedTransactions {
  const places = new Map<string, unknown>();
  /** Where the walk along each session stands. */
  const current = new Map<string, CheckedTransaction>();

  function begin(sessionID: string, index: number): CheckedTransaction | 'unknown' | undefined {
    const kept = places.get(`${sessionID} ${index}`);
    const last = kept ?? lastCheckedOf(coValue, sessionID);
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
    keepPlaces(older) {
      if (places.size > mostPlaces) places.clear();
      for (const [sessionID, checked] of current) {
        if (older[sessionID] === checked.index)
          places.set(`${sessionID} ${checked.index - 1}`, checked.previous);
      }
      current.clear();
    },
  };
}
