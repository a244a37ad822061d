const firstMs = 1_000;
export const longestMs = 30_000;
/** In a tab that stays hidden and has nothing to send. */
export const longestIdleMs = 300_000;

/** Exponential back-off with full jitter, so that clients do not return all at once. `random` is in [0, 1). */
export function backOffMs(failures: number, random: number, maxMs = longestMs): number {
  const bound = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 16));
  return Math.round(bound * random);
}
