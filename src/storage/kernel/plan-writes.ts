import type { CorrectionCallback } from 'cojson';
import { sessionsOf, type KnownState, type Content, type RawCoID } from '../../engine/content.ts';
import type { KnownStates } from './known-states.ts';
import type { Piece, Run } from './pieces.ts';

export interface ContentWrite {
  readonly content: Content;
  readonly correct: CorrectionCallback;
}

export interface WritePlan {
  readonly pieces: readonly Piece[];
  /** Known states after the write. */
  readonly known: ReadonlyMap<RawCoID, KnownState>;
  /** Writes without gaps, or whose gaps cojson filled. The others are not stored, or only in part. */
  readonly whole: ReadonlySet<ContentWrite>;
}

/** Works out what is not stored yet. Asks cojson to fill gaps. */
export function planWrites(
  writes: readonly ContentWrite[],
  knownBefore: (id: RawCoID) => KnownState | undefined,
  isFork: KnownStates['isFork'],
): WritePlan {
  const pieces: Piece[] = [];
  const known = new Map<RawCoID, KnownState>();
  const whole = new Set<ContentWrite>();

  for (const write of writes) {
    const { content, correct } = write;
    if (add(content)) {
      whole.add(write);
      continue;
    }
    // Each time, because before a retry the database may have been emptied.
    const correction = correct(knownOf(content.id)) ?? [];
    if (correction.length > 0 && correction.every(add)) whole.add(write);
  }
  return { pieces, known, whole };

  /** False if it follows a gap. Empty content always does. */
  function add(content: Content): boolean {
    const { id, header } = content;
    const before = knownOf(id);
    if (!header && (!before.header || sessionsOf(content).length === 0)) return false;
    const runs: Run[] = [];
    const sessions = { ...before.sessions };
    let isWhole = true;
    for (const [sessionID, { after, newTransactions, lastSignature }] of sessionsOf(content)) {
      if (isFork(id, sessionID)) continue;
      const have = sessions[sessionID] ?? 0;
      const end = after + newTransactions.length;
      if (after > have) isWhole = false;
      if (after > have || end <= have) continue;
      const transactions = newTransactions.slice(have - after);
      runs.push({ sessionID, after: have, transactions, signature: lastSignature });
      sessions[sessionID] = end;
    }
    const isNew = !before.header && header !== undefined;
    if (runs.length > 0 || isNew) pieces.push({ id, ...(isNew && { header }), runs });
    known.set(id, { id, header: true, sessions });
    return isWhole;
  }

  function knownOf(id: RawCoID): KnownState {
    return known.get(id) ?? knownBefore(id) ?? { id, header: false, sessions: {} };
  }
}
