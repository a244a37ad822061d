/** The value below which `share` of the numbers lie, interpolated. Throws for an empty list. */
export function quantile(numbers: readonly number[], share: number): number {
  if (numbers.length === 0) throw new Error('There is no quantile of no numbers.');
  const sorted = [...numbers].sort((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? NaN;
  const above = sorted[Math.ceil(position)] ?? NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}

export type Spread = readonly [lowest: number, highest: number];

export function spreadOf(numbers: readonly number[]): Spread {
  return [quantile(numbers, 0), quantile(numbers, 1)];
}
