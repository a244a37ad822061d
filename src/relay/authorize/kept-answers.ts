import type { Clock } from '../../base/clock.ts';

/** What `authorize` has answered lately, with a bound on how much of it. */
export interface KeptAnswers {
  /** Undefined if the question has to be asked. */
  find(question: string): boolean | undefined;
  /** `askedAtMs`: by the clock's `elapsedMs`. */
  keep(question: string, answer: boolean, askedAtMs: number): void;
}

const keptYesMs = 60_000;
/** For a function that fails, which each question might burden more. */
const keptNoMs = 1_000;
/** Each takes about 200 bytes. */
export const maxKept = 100_000;

interface Kept {
  readonly answer: boolean;
  readonly untilMs: number;
}

export function createKeptAnswers(clock: Pick<Clock, 'elapsedMs'>): KeptAnswers {
  /** Oldest first. */
  const kept = new Map<string, Kept>();

  function dropOldest(): void {
    const nowMs = clock.elapsedMs();
    for (const [question, { untilMs }] of kept) {
      if (untilMs > nowMs && kept.size < maxKept) return;
      kept.delete(question);
    }
  }

  return {
    find(question) {
      const known = kept.get(question);
      return known && known.untilMs > clock.elapsedMs() ? known.answer : undefined;
    },
    keep(question, answer, askedAtMs) {
      kept.delete(question);
      dropOldest();
      const fromMs = answer ? askedAtMs : clock.elapsedMs();
      kept.set(question, { answer, untilMs: fromMs + (answer ? keptYesMs : keptNoMs) });
    },
  };
}
