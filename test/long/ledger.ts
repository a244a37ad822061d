/** Transaction counts by `CoValue ID/session ID`. */
export type Counts = ReadonlyMap<string, number>;

export const countKey = (id: string, session: string) => `${id}/${session}`;

export interface Ledger {
  /** The largest counts that relays have reported, by CoValue and session. */
  readonly counts: Counts;
  /** All of them together. */
  readonly total: number;
  /** Those of one session, over all CoValues. */
  totalOf(session: string): number;
  /** Reads one WebSocket message from a relay. */
  read(frame: string): void;
}

/** Read from the wire, independently of the client's own interpretation. */
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
        // `load` also contains the sender's known state.
        if (message.action !== 'known' && message.action !== 'load') continue;
        for (const [session, count] of Object.entries(message.sessions)) raise(message.id, session, count);
      }
    },
  };
}

/** Describes the claimed transactions that are not stored. */
export function findLost(claimed: Counts, kept: Counts): string[] {
  return [...claimed]
    .filter(([key, count]) => (kept.get(key) ?? 0) < count)
    .map(([key, count]) => `${key}: ${count} acknowledged, ${kept.get(key) ?? 0} there`);
}
