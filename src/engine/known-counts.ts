import { isDeleteSession, type Content, type KnownState } from './content.ts';

/** Transactions by session. The CoValue's header counts as a session, because a new CoValue may have nothing else. */
export type KnownCounts = Readonly<Record<string, number>>;
const header = 'header';

export function knownCountsOfContent(content: Content): KnownCounts {
  const counts: [string, number][] = Object.entries(content.new).map(
    ([session, { after, newTransactions }]) => [session, after + newTransactions.length],
  );
  return { ...(content.header && { [header]: 1 }), ...Object.fromEntries(counts) };
}

export function knownCountsOfState(state: Omit<KnownState, 'id'>): KnownCounts {
  return { ...(state.header && { [header]: 1 }), ...state.sessions };
}

export function mergeCounts(a: KnownCounts, b: KnownCounts): KnownCounts {
  const result: Record<string, number> = { ...a };
  for (const [session, count] of Object.entries(b)) {
    result[session] = Math.max(count, result[session] ?? 0);
  }
  return result;
}

/** Of each session that both have, the lower count. */
export function lowerOf(a: KnownCounts, b: KnownCounts): KnownCounts {
  const both = Object.entries(a).filter(([session]) => session in b);
  return Object.fromEntries(both.map(([session, count]) => [session, Math.min(count, b[session] ?? 0)]));
}

export function covers(have: KnownCounts, need: KnownCounts): boolean {
  return Object.entries(need).every(([session, count]) => (have[session] ?? 0) >= count);
}

/** The entries of `need` that exceed those of `have`. */
export function missingIn(have: KnownCounts, need: KnownCounts): KnownCounts {
  return Object.fromEntries(Object.entries(need).filter(([session, count]) => (have[session] ?? 0) < count));
}

/** The entries of `need` whose sessions `have` does not mention. */
export function missingSessions<T>(have: KnownCounts, need: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(need).filter(([session]) => !Object.hasOwn(have, session)));
}

export function isEmpty(counts: KnownCounts): boolean {
  return Object.keys(counts).length === 0;
}

/** What storages and relays keep of a deleted CoValue. */
export function deletionOnly(counts: KnownCounts): KnownCounts {
  return Object.fromEntries(
    Object.entries(counts).filter(([session]) => session === header || isDeleteSession(session)),
  );
}
