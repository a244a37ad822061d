import { sessionsOf, type Content, type Signature } from '../engine/content.ts';

/**
 * The signatures at the ends of what this run has sent. With them a relay can prove that it has these transactions, although
 * the device has more by now: cojson keeps few signatures besides the last one.
 */
export interface SentSignatures {
  add(content: Content): void;
  /** Over the first so many transactions of the session. */
  of(id: string, sessionID: string, count: number): Signature | undefined;
}

/** Of the latest messages, because older ones have been acknowledged. */
const mostKept = 10_000;

export function createSentSignatures(): SentSignatures {
  const byEnd = new Map<string, Signature>();
  const keyOf = (id: string, sessionID: string, count: number) => `${id} ${sessionID} ${count}`;
  return {
    add(content) {
      for (const [sessionID, { after, newTransactions, lastSignature }] of sessionsOf(content))
        byEnd.set(keyOf(content.id, sessionID, after + newTransactions.length), lastSignature);
      for (const oldest of byEnd.keys()) {
        if (byEnd.size <= mostKept) break;
        byEnd.delete(oldest);
      }
    },
    of: (id, sessionID, count) => byEnd.get(keyOf(id, sessionID, count)),
  };
}
