/**
 * Wilcoxon's signed-rank statistic of differences within pairs. If it is chance which of two comes out longer, it is about
 * normal, with mean 0 and deviation 1, however the differences are spread.
 */
export function signedRank(differences: readonly number[]): number {
  const sorted = differences
    .filter((difference) => difference !== 0)
    .sort((one, other) => Math.abs(one) - Math.abs(other));
  let sum = 0;
  let squares = 0;
  for (let start = 0; start < sorted.length;) {
    const size = Math.abs(sorted[start] ?? 0);
    let end = start;
    while (end < sorted.length && Math.abs(sorted[end] ?? 0) === size) end++;
    // Those of the same size share their ranks.
    const rank = (start + 1 + end) / 2;
    for (const difference of sorted.slice(start, end)) {
      sum += Math.sign(difference) * rank;
      squares += rank ** 2;
    }
    start = end;
  }
  return squares === 0 ? 0 : sum / Math.sqrt(squares);
}
