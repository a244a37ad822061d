import type { Samples } from './rounds.ts';
import { median, quantile, spreadOf, type Spread } from './statistics.ts';

/** One comparison, as in bench/results.json. Values are medians over the rounds. */
export interface Line {
  readonly suite: string;
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number;
  readonly peerName: string;
  /** Above 1, ours is better. */
  readonly ratio: number;
  readonly rounds: number;
  readonly oursSpread: Spread;
  readonly peerSpread: Spread;
  /** How to read it. */
  readonly reading: string;
  readonly goal?: Goal;
  readonly isMet?: boolean;
}

export type Goal =
  | { readonly ratioAtLeast: number }
  | { readonly oursAtMost: number }
  /** In the comparison's unit. */
  | { readonly aboveByAtMost: number }
  /** Our median is within the middle half of the peer's rounds, or better. */
  | { readonly withinNoise: true };

export interface Comparison {
  readonly suite: string;
  readonly name: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly ours: string;
  readonly peer: string;
  readonly figure: string;
  readonly reading: string;
  readonly goal?: Goal;
}

export function compare(samples: Samples, comparison: Comparison): Line {
  const { suite, name, unit, better, figure, reading, goal } = comparison;
  const ourNumbers = samples.of(comparison.ours, figure);
  const peerNumbers = samples.of(comparison.peer, figure);
  const ours = median(ourNumbers);
  const peer = median(peerNumbers);
  const ratio = better === 'higher' ? ours / peer : peer / ours;
  return {
    suite,
    name,
    unit,
    ours: rounded(ours),
    peer: rounded(peer),
    peerName: comparison.peer,
    ratio: rounded(ratio),
    rounds: ourNumbers.length,
    oursSpread: roundedSpread(spreadOf(ourNumbers)),
    peerSpread: roundedSpread(spreadOf(peerNumbers)),
    reading,
    ...(goal && {
      goal,
      isMet: isMet(goal, { ours, peer, ratio, better, peerNumbers }),
    }),
  };
}

function isMet(
  goal: Goal,
  found: Pick<Line, 'ours' | 'peer' | 'ratio'> &
    Pick<Comparison, 'better'> & { readonly peerNumbers: readonly number[] },
): boolean {
  const { ours, peer, ratio, better, peerNumbers } = found;
  if ('ratioAtLeast' in goal) return ratio >= goal.ratioAtLeast;
  if ('withinNoise' in goal) {
    return better === 'lower' ? ours <= quantile(peerNumbers, 0.75) : ours >= quantile(peerNumbers, 0.25);
  }
  return 'oursAtMost' in goal ? ours <= goal.oursAtMost : ours - peer <= goal.aboveByAtMost;
}

export function describeLine({ name, ours, unit, peer, peerName, ratio, isMet }: Line): string {
  const verdict = isMet === undefined ? '' : isMet ? ', goal met' : ', GOAL MISSED';
  return `${name}: ${ours} ${unit}; ${peerName}: ${peer}; ratio ${ratio}${verdict}`;
}

/** Measurements are not more precise than four digits. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function roundedSpread([lowest, highest]: Spread): Spread {
  return [rounded(lowest), rounded(highest)];
}
