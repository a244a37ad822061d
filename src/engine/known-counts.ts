import type { CojsonInternalTypes } from 'cojson';

/**
 * How many transactions of each session: what an edit needs, or what a place has. The CoValue's header counts as a
 * session of its own, as a new CoValue may have nothing else.
 */
export type Coverage = Readonly<Record<string, number>>;
const header = 'header';

export function coverageOfContent(content: CojsonInternalTypes.NewContentMessage): Coverage {
  const counts: [string, number][] = Object.entries(content.new).map(
    ([session, { after, newTransactions }]) => [session, after + newTransactions.length],
  );
  return { ...(content.header && { [header]: 1 }), ...Object.fromEntries(counts) };
}

export function coverageOfState(state: Omit<CojsonInternalTypes.CoValueKnownState, 'id'>): Coverage {
  return { ...(state.header && { [header]: 1 }), ...state.sessions };
}

export function joined(a: Coverage, b: Coverage): Coverage {
  const result: Record<string, number> = { ...a };
  for (const [session, count] of Object.entries(b)) {
    result[session] = Math.max(count, result[session] ?? 0);
  }
  return result;
}

export function covers(have: Coverage, need: Coverage): boolean {
  return Object.entries(need).every(([session, count]) => (have[session] ?? 0) >= count);
}

/** The sessions in which `have` is behind `need`. */
export function missingIn(have: Coverage, need: Coverage): Coverage {
  return Object.fromEntries(Object.entries(need).filter(([session, count]) => (have[session] ?? 0) < count));
}

/** The sessions that `have` does not speak of at all. */
export function missingSessions(have: Coverage, need: Coverage): Coverage {
  return Object.fromEntries(Object.entries(need).filter(([session]) => !Object.hasOwn(have, session)));
}

export function isNothing(coverage: Coverage): boolean {
  return Object.keys(coverage).length === 0;
}

/** Of a deleted CoValue only the deletion is kept and passed on; its sessions end in `$`. */
export function deletionOnly(coverage: Coverage): Coverage {
  return Object.fromEntries(
    Object.entries(coverage).filter(([session]) => session === header || session.endsWith('$')),
  );
}
