import type { Transaction } from '../../engine/content.ts';

/** cojson's clients correct their clocks to the relay's by up to this much. */
export const maxAheadMs = 24 * 60 * 60 * 1_000;

/**
 * GUARD, G4: where edits win by their dates, one from next year wins for a year. Only the relay's clock decides: a client with
 * a right clock dates no edit further ahead.
 */
export function isTooFarAhead({ madeAt }: Transaction, nowMs: number): boolean {
  return madeAt > nowMs + maxAheadMs;
}
