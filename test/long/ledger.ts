/** Transactions by `CoValue id/session id`. */
export type Counts = ReadonlyMap<string, number>;

export const countKey = (id: string, session: string) => `${id}/${session}`;

export interface Ledger {
  /** What relays have said that they have, of every CoValue and session; each entry only grows. */
  readonly counts: Counts;
  /** All of them together. */
  readonly total: number;
  /** Those of one session, over all CoValues. */
  totalOf(session: string): number;
  /** Takes what a relay has sent in one WebSocket message. */
  read(frame: string): void;
}

/** Kept from the bytes of the wire, so that nothing rests on what a client makes of them. */
export function createLedger(): Ledger {
  const counts = new Map<string, number>();
  const totalsBySession = new Map<string, number>();
  let total = 0;

  function raise(id: string, session: string, count: number): void {
    const key = countKey(id, session);
    const more = count - (counts.get(key) ?? 0);
    if (more <= 0) return;
    counts.set(key, count);
    totalsBySession.set(session, (totalsBySession.get(session) ?? 0) + more);
    total += more;
  }

  return {
    counts,
    get total() {
      return total;
    },
    totalOf: (session) => totalsBySession.get(session) ?? 0,
    read(frame) {
      for (const line of frame.split('\n')) {
        const message = JSON.parse(line) as { action?: string; id: string; sessions: Record<string, number> };
        // `load` too says what its sender has.
        if (message.action !== 'known' && message.action !== 'load') continue;
        for (const [session, count] of Object.entries(message.sessions)) raise(message.id, session, count);
      }
    },
  };
}

/** What is claimed and not kept, in words. */
export function findLost(claimed: Counts, kept: Counts): string[] {
  return [...claimed]
    .filter(([key, count]) => (kept.get(key) ?? 0) < count)
    .map(([key, count]) => `${key}: ${count} acknowledged, ${kept.get(key) ?? 0} there`);
}
