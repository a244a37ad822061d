import { isDeleteSession, sessionsOf, type Content, type RawCoID } from '../../../engine/content.ts';
import { maxFreeBytes, maxFreeDeletions } from '../../admission/payment.ts';
import { addedBy } from '../../admission/judge-session.ts';
import {
  amountOfHeader,
  amountOfTransactions,
  nothing,
  sumOf,
  type Amount,
} from '../../storage/stored-amount.ts';

/** What a push takes of its sender's quota. */
export interface PushCost {
  /** The relay has this already. */
  isStored(piece: Content): void;
  /** Deletions of stored CoValues are free, as over a connection. */
  of(contents: readonly Content[], deletions: ReadonlySet<RawCoID>): Amount;
}

export function createPushCost(): PushCost {
  /** How many transactions of each session the relay has, by CoValue. */
  const countsByID = new Map<string, Map<string, number>>();

  function note({ id, new: sessions }: Pick<Content, 'id' | 'new'>): Map<string, number> {
    const counts = countsByID.get(id) ?? new Map<string, number>();
    countsByID.set(id, counts);
    for (const [sessionID, { after, newTransactions }] of Object.entries(sessions))
      counts.set(sessionID, Math.max(counts.get(sessionID) ?? 0, after + newTransactions.length));
    return counts;
  }

  function amountOf(content: Content): Amount {
    const { id, header } = content;
    const counts = countsByID.get(id);
    const amount = sessionsOf(content).reduce(
      (sum, [sessionID, session]) =>
        sumOf(sum, amountOfTransactions(addedBy(session, counts?.get(sessionID) ?? 0))),
      header && !counts ? amountOfHeader(header) : nothing,
    );
    note(content);
    return amount;
  }

  return {
    isStored: (piece) => void note(piece),
    of(contents, deletions) {
      const stored = new Map(
        [...countsByID].map(([id, counts]) => [id, [...counts.keys()].filter(isDeleteSession).length]),
      );
      return contents.reduce((sum, content) => {
        const amount = amountOf(content);
        const isFree =
          deletions.has(content.id) &&
          amount.bytes <= maxFreeBytes &&
          (stored.get(content.id) ?? maxFreeDeletions) < maxFreeDeletions;
        return isFree ? sum : sumOf(sum, amount);
      }, nothing);
    },
  };
}
