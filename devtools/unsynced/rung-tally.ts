import { rungStatesOf, type RungState } from '../../src/inspect/unsynced/rung-states.ts';
import { rungs, type Overview, type RungName, type UnsyncedRow } from '../../src/inspect/snapshot.ts';
import { durationWords } from '../../src/inspect/shared/format.ts';
import type { Tone } from '../headline.ts';

/** One rung over all CoValues, as the header shows it. */
export interface RungTally {
  readonly rung: RungName;
  /** The worst of them. */
  readonly state: RungState;
  readonly tone: Tone;
  readonly words: string;
  /** What wide layouts add. */
  readonly more?: string;
}

interface Count {
  count: number;
  oldestSinceMs: number;
}
type Counts = Partial<Record<RungState, Count>>;

const worstFirst = ['failed', 'stuck', 'waiting', 'ahead'] as const;

export function tallyRungs(
  rows: readonly UnsyncedRow[],
  overview: Overview | undefined,
  nowMs: number,
): readonly RungTally[] {
  const counts: Record<RungName, Counts> = { saved: {}, sent: {}, confirmed: {}, durable: {} };
  for (const row of rows) {
    const states = rungStatesOf(row, nowMs);
    for (const rung of rungs) {
      const own = (counts[rung][states[rung]] ??= { count: 0, oldestSinceMs: Infinity });
      own.count++;
      own.oldestSinceMs = Math.min(own.oldestSinceMs, row.sinceMs);
    }
  }
  return rungs.map((rung) => tally(rung, counts[rung], unknownWords(rung, overview), nowMs));
}

function tally(rung: RungName, counts: Counts, unknown: string | undefined, nowMs: number): RungTally {
  const state = worstFirst.find((known) => counts[known]) ?? (unknown === undefined ? 'reached' : 'unknown');
  const own = counts[state];
  if (state === 'reached') return { rung, state, tone: 'plain', words: 'all' };
  if (state === 'unknown' || !own)
    return { rung, state: 'unknown', tone: 'plain', words: unknown ?? 'unknown' };
  const age = ` · ${durationWords(nowMs - own.oldestSinceMs)}`;
  const togo = (counts.stuck?.count ?? 0) + (counts.waiting?.count ?? 0) + (counts.ahead?.count ?? 0);
  const count = own.count.toLocaleString('en');
  switch (state) {
    case 'failed':
      return {
        rung,
        state,
        tone: 'fail',
        words: `${count} failed`,
        more: togo > 0 ? `, ${togo.toLocaleString('en')} to go` : age,
      };
    case 'stuck':
      return { rung, state, tone: 'warn', words: `${count} stuck`, more: age };
    case 'waiting':
      return { rung, state, tone: 'plain', words: `${count} waiting`, more: age };
    case 'ahead':
      return { rung, state, tone: 'plain', words: `${count} to go` };
  }
}

function unknownWords(rung: RungName, overview: Overview | undefined): string | undefined {
  if (!overview) return 'no session';
  if (rung === 'saved' && overview.storage.state === 'memory-only') return 'not kept';
  if (rung === 'durable' && !overview.rungs.durable) return 'not promised';
  return undefined;
}
