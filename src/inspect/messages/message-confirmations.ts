import { covers, isNothing, type Coverage } from '../../engine/known-counts.ts';

/**
 * Joins what was sent with what confirmed it: the first `known` or `load` of the same relay that states all of it. It may
 * come on a later connection. Bounded: of what waits longest is given up what does not fit.
 */
export interface SentContents {
  /** About. */
  readonly bytes: number;
  /** Returns the number of one that is given up for it. */
  sent(relayID: string, id: string, number: number, needs: Coverage): number | undefined;
  /** The numbers that it confirms, oldest first. */
  stated(relayID: string, id: string, has: Coverage): readonly number[];
}

interface Waiting {
  readonly key: string;
  readonly number: number;
  readonly needs: Coverage;
}

const mostWaiting = 10_000;
const bytesEach = 300;

export function createSentContents(most = mostWaiting): SentContents {
  const waitingByKey = new Map<string, Waiting[]>();
  const oldestFirst = new Map<number, Waiting>();

  function forget(waiting: Waiting): void {
    oldestFirst.delete(waiting.number);
    const left = (waitingByKey.get(waiting.key) ?? []).filter((own) => own !== waiting);
    if (left.length > 0) waitingByKey.set(waiting.key, left);
    else waitingByKey.delete(waiting.key);
  }

  return {
    get bytes() {
      return oldestFirst.size * bytesEach;
    },
    sent(relayID, id, number, needs) {
      if (isNothing(needs)) return undefined;
      const key = `${relayID} ${id}`;
      const waiting = { key, number, needs };
      oldestFirst.set(number, waiting);
      const others = waitingByKey.get(key);
      if (others) others.push(waiting);
      else waitingByKey.set(key, [waiting]);
      if (oldestFirst.size <= most) return undefined;
      const [oldest] = oldestFirst.values();
      if (oldest) forget(oldest);
      return oldest?.number;
    },
    stated(relayID, id, has) {
      const key = `${relayID} ${id}`;
      const waiting = waitingByKey.get(key);
      if (!waiting) return [];
      const confirmed = waiting.filter(({ needs }) => covers(has, needs));
      if (confirmed.length === 0) return [];
      for (const { number } of confirmed) oldestFirst.delete(number);
      const left = waiting.filter(({ number }) => oldestFirst.has(number));
      if (left.length > 0) waitingByKey.set(key, left);
      else waitingByKey.delete(key);
      return confirmed.map(({ number }) => number);
    },
  };
}
