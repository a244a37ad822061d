import type { SyncMessage } from 'cojson';
import { coverageOfContent, coverageOfState, covers, type Coverage } from '../engine/known-counts.ts';

/** The content messages of this connection that no `known` or `load` of the relay has covered yet. */
export interface Unacknowledged {
  readonly count: number;
  sent(message: SyncMessage): void;
  handled(message: SyncMessage): void;
  lost(): void;
}

export function createUnacknowledged(): Unacknowledged {
  const sentByID = new Map<string, readonly Coverage[]>();
  let count = 0;
  return {
    get count() {
      return count;
    },
    sent(message) {
      if (message.action !== 'content') return;
      sentByID.set(message.id, [...(sentByID.get(message.id) ?? []), coverageOfContent(message)]);
      count++;
    },
    handled(message) {
      if (message.action !== 'known' && message.action !== 'load') return;
      const sent = sentByID.get(message.id) ?? [];
      const left = sent.filter((coverage) => !covers(coverageOfState(message), coverage));
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
