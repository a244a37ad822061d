import type { CorrectionCallback } from 'cojson';
import { sessionsOf, type KnownState, type NewContent, type RawCoID } from '../content.ts';
import type { Piece, Run } from './pieces.ts';

/** Content that is to be written. */
export interface ContentWrite {
  readonly content: NewContent;
  readonly correct: CorrectionCallback;
  /** What cojson gave for what was missing. It is asked once, however often the write is tried. */
  correction?: readonly NewContent[];
}

export interface WritePlan {
  readonly pieces: readonly Piece[];
  /** Of all CoValues that are written, once they are. */
  readonly known: ReadonlyMap<RawCoID, KnownState>;
  /** Where nothing was missing, or cojson gave it. The others are not written, or not whole. */
  readonly whole: ReadonlySet<ContentWrite>;
}

/** What of the contents is not on this device yet. Asks cojson where something is missing in between. */
export function planWrites(
  writes: readonly ContentWrite[],
  knownBefore: (id: RawCoID) => KnownState | undefined,
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
    write.correction ??= correct(knownOf(content.id)) ?? [];
    if (write.correction.length > 0 && write.correction.every(add)) whole.add(write);
  }
  return { pieces, known, whole };

  /** False where something that comes before is missing. */
  function add(content: NewContent): boolean {
    const { id, header } = content;
    const before = knownOf(id);
    if (!before.header && !header) return false;
    const runs: Run[] = [];
    const sessions = { ...before.sessions };
    let isWhole = true;
    for (const [sessionID, { after, newTransactions, lastSignature }] of sessionsOf(content)) {
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
