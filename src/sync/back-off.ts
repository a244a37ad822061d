const firstMs = 1_000;
const longestMs = 30_000;

/** Exponential back-off with full jitter, so that clients do not return all at once. `random` is in [0, 1). */
export function backOffMs(failures: number, random: number): number {
  const bound = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 16));
  return Math.round(bound * random);
}
