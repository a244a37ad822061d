import { isEmpty, missingIn, type KnownCounts } from '../../engine/known-counts.ts';

/** Matches sent content with the `known` or `load` that completes its cover. Beyond the maximum, gives up the oldest content. */
export interface SentContents {
  /** Approximate. */
  readonly bytes: number;
  /** Returns the number of the content given up in exchange, if any. */
  sent(relayID: string, id: string, number: number, needs: KnownCounts): number | undefined;
  /** Returns the numbers of the confirmed contents, oldest first. */
  stated(relayID: string, id: string, has: KnownCounts): readonly number[];
}

interface Waiting {
  readonly key: string;
  readonly number: number;
  /** What no statement has covered yet. */
  needs: KnownCounts;
}

const maxWaiting = 10_000;
const bytesEach = 300;

export function createSentContents(max = maxWaiting): SentContents {
  const waitingByKey = new Map<string, Waiting[]>();
  const oldestFirst = new Map<number, Waiting>();

  function forget(waiting: Waiting): void {
    oldestFirst.delete(waiting.number);
    const left = (waitingByKey.get(waiting.key) ?? []).filter((other) => other !== waiting);
    if (left.length > 0) waitingByKey.set(waiting.key, left);
    else waitingByKey.delete(waiting.key);
  }

  return {
    get bytes() {
      return oldestFirst.size * bytesEach;
    },
    sent(relayID, id, number, needs) {
      if (isEmpty(needs)) return undefined;
      const key = `${relayID} ${id}`;
      const waiting = { key, number, needs };
      oldestFirst.set(number, waiting);
      const others = waitingByKey.get(key);
      if (others) others.push(waiting);
      else waitingByKey.set(key, [waiting]);
      if (oldestFirst.size <= max) return undefined;
      const [oldest] = oldestFirst.values();
      if (oldest) forget(oldest);
      return oldest?.number;
    },
    stated(relayID, id, has) {
      const key = `${relayID} ${id}`;
      const waiting = waitingByKey.get(key);
      if (!waiting) return [];
      for (const one of waiting) one.needs = missingIn(has, one.needs);
      const confirmed = waiting.filter(({ needs }) => isEmpty(needs));
      if (confirmed.length === 0) return [];
      for (const { number } of confirmed) oldestFirst.delete(number);
      const left = waiting.filter(({ number }) => oldestFirst.has(number));
      if (left.length > 0) waitingByKey.set(key, left);
      else waitingByKey.delete(key);
      return confirmed.map(({ number }) => number);
    },
  };
}
