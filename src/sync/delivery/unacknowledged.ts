import type { SyncMessage } from 'cojson';
import {
  isEmpty,
  knownCountsOfContent,
  knownCountsOfState,
  missingIn,
  type KnownCounts,
} from '../../engine/known-counts.ts';

/**
 * Content messages of this connection that the relay's `known` and `load` have not covered yet. A relay may acknowledge the
 * sessions of one message in several.
 */
export interface Unacknowledged {
  readonly count: number;
  has(id: string): boolean;
  sent(message: SyncMessage): void;
  handled(message: SyncMessage): void;
  lost(): void;
}

export function createUnacknowledged(): Unacknowledged {
  const sentByID = new Map<string, readonly KnownCounts[]>();
  let count = 0;
  return {
    get count() {
      return count;
    },
    has: (id) => sentByID.has(id),
    sent(message) {
      if (message.action !== 'content') return;
      sentByID.set(message.id, [...(sentByID.get(message.id) ?? []), knownCountsOfContent(message)]);
      count++;
    },
    handled(message) {
      if (message.action !== 'known' && message.action !== 'load') return;
      const sent = sentByID.get(message.id) ?? [];
      const known = knownCountsOfState(message);
      const left = sent.map((counts) => missingIn(known, counts)).filter((counts) => !isEmpty(counts));
      count -= sent.length - left.length;
      if (left.length > 0) sentByID.set(message.id, left);
      else sentByID.delete(message.id);
    },
    lost() {
      sentByID.clear();
      count = 0;
    },
  };
}
