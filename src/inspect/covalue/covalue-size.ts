import type { CoValueCore, SessionID } from 'cojson';
import type { SizeFacts } from './covalue-facts.ts';
import { totalOf } from './session-rows.ts';
import { bytesOf } from './transactions.ts';

/** Counts a CoValue's bytes incrementally over several reads. */
export interface Sizes {
  of(coValue: CoValueCore): SizeFacts;
  /** Undefined until all its transactions are counted. */
  whole(coValue: CoValueCore): number | undefined;
}

/** Transactions counted per read, which takes well under a millisecond. */
const maxCountedPerRead = 5_000;

export function createSizes(): Sizes {
  const countedBySession = new WeakMap<CoValueCore, Map<string, number>>();
  const sizes = new WeakMap<CoValueCore, SizeFacts>();

  function of(coValue: CoValueCore): SizeFacts {
    const counted = countedBySession.get(coValue) ?? new Map<string, number>();
    countedBySession.set(coValue, counted);
    const before = sizes.get(coValue) ?? { bytes: 0, counted: 0 };
    let { bytes } = before;
    let left = maxCountedPerRead;
    for (const [sessionID, count] of Object.entries(coValue.knownState().sessions)) {
      const from = counted.get(sessionID) ?? 0;
      if (from >= count || left === 0) continue;
      const to = Math.min(count, from + left);
      const transactions = coValue.verified?.getSession(sessionID as SessionID)?.transactions ?? [];
      for (let index = from; index < to; index++) {
        const transaction = transactions[index];
        if (transaction) bytes += bytesOf(transaction);
      }
      counted.set(sessionID, to);
      left -= to - from;
    }
    const size = { bytes, counted: before.counted + maxCountedPerRead - left };
    sizes.set(coValue, size);
    return size;
  }

  return {
    of,
    whole(coValue) {
      const { bytes, counted } = of(coValue);
      return counted === totalOf(coValue.knownState().sessions).transactions ? bytes : undefined;
    },
  };
}
