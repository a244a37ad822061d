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

/** The slope of the straight line that fits best, and the distance of the farthest point from it, divided by the largest value. */
export function slopeOf(
  points: readonly (readonly [x: number, y: number])[],
): readonly [slope: number, residual: number] {
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const slope =
    points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) /
    points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const distances = points.map(([x, y]) => Math.abs(y - (meanY + slope * (x - meanX))));
  return [slope, Math.max(...distances) / Math.max(...points.map(([, y]) => Math.abs(y)))];
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
