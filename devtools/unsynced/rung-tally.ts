import { rungStatesOf, type RungState } from '../../src/inspect/unsynced/rung-states.ts';
import { rungs, type Overview, type RungName } from '../../src/inspect/snapshot/overview-facts.ts';
import type { UnsyncedRow } from '../../src/inspect/snapshot/unsynced-row.ts';
import { formatDuration } from '../../src/inspect/shared/format.ts';
import type { Tone } from '../../src/inspect/report/headline.ts';

/** The state of one rung across all CoValues, for the header. */
export interface RungTally {
  readonly rung: RungName;
  /** The worst state of any CoValue. */
  readonly state: RungState;
  readonly tone: Tone;
  readonly words: string;
  /** Additional text for wide layouts. */
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
      const entry = (counts[rung][states[rung]] ??= { count: 0, oldestSinceMs: Infinity });
      entry.count++;
      entry.oldestSinceMs = Math.min(entry.oldestSinceMs, row.sinceMs);
    }
  }
  return rungs.map((rung) => tally(rung, counts[rung], explainUnknown(rung, overview), nowMs));
}

function tally(rung: RungName, counts: Counts, unknown: string | undefined, nowMs: number): RungTally {
  const state = worstFirst.find((known) => counts[known]) ?? (unknown === undefined ? 'reached' : 'unknown');
  const entry = counts[state];
  if (state === 'reached') return { rung, state, tone: 'plain', words: 'all' };
  if (state === 'unknown' || !entry)
    return { rung, state: 'unknown', tone: 'plain', words: unknown ?? 'unknown' };
  const age = ` · ${formatDuration(nowMs - entry.oldestSinceMs)}`;
  const togo = (counts.stuck?.count ?? 0) + (counts.waiting?.count ?? 0) + (counts.ahead?.count ?? 0);
  const count = entry.count.toLocaleString('en');
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

function explainUnknown(rung: RungName, overview: Overview | undefined): string | undefined {
  if (!overview) return 'no session';
  if (rung === 'saved' && overview.storage.state === 'memory-only') return 'not saved';
  if (rung === 'durable' && !overview.rungs.durable) return 'not promised';
  return undefined;
}
