import type { SyncMessage } from 'cojson';
import {
  knownCountsOfContent,
  knownCountsOfState,
  covers,
  type KnownCounts,
} from '../../engine/known-counts.ts';

/** Content messages of this connection that no `known` or `load` of the relay has covered yet. */
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
      const left = sent.filter((counts) => !covers(knownCountsOfState(message), counts));
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
