const firstMs = 1_000;
const longestMs = 30_000;

/**
 * Exponential back-off with full jitter: anything from nothing to the bound, so that clients that lost one relay
 * together do not come back together. `random` is in [0, 1).
 */
export function backOffMs(failures: number, random: number): number {
  const bound = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 16));
  return Math.round(bound * random);
}
