import type { Clock } from '../../base/clock.ts';

/** As much as a second regains may be taken at once. */
export interface Allowance {
  /** An amount above that of a second counts as that. */
  has(amount: number): boolean;
  /** Takes what `has` has found. */
  take(amount: number): void;
}

export function createAllowance(perSecond: number, clock: Pick<Clock, 'elapsedMs'>): Allowance {
  let left = perSecond;
  let countedAtMs = clock.elapsedMs();
  return {
    has(amount) {
      const nowMs = clock.elapsedMs();
      left = Math.min(perSecond, left + ((nowMs - countedAtMs) * perSecond) / 1_000);
      countedAtMs = nowMs;
      return left >= Math.min(amount, perSecond);
    },
    take(amount) {
      left -= Math.min(amount, perSecond);
    },
  };
}

/** Takes the amount of each of them, or of none. */
export function takeOfEach(allowances: readonly Allowance[], amount: number): boolean {
  if (!allowances.every((allowance) => allowance.has(amount))) return false;
  for (const allowance of allowances) allowance.take(amount);
  return true;
}
