/** A plot's shapes in a 240 by 60 box, which stretches to fit. */
export interface PlotPaths {
  readonly line: string;
  readonly area: string;
  /** Ranges without measurements. */
  readonly gaps: readonly { readonly x: number; readonly width: number }[];
  readonly peakY: number;
}

export const plotWidth = 240;
export const plotHeight = 60;
const top = 4;
const bottom = 58;

/** `max` is the highest value to draw. If it is 0, the plot lies on its base line. */
export function plotPaths(values: readonly (number | null)[], max: number): PlotPaths {
  const step = plotWidth / Math.max(1, values.length - 1);
  const x = (index: number) => round(index * step);
  const y = (value: number) => round(bottom - (max > 0 ? value / max : 0) * (bottom - top));
  const line: string[] = [];
  const area: string[] = [];
  const gaps: { x: number; width: number }[] = [];
  for (const { from, to, isGap } of runsOf(values)) {
    if (isGap) {
      // From the point before the gap to the point after it.
      const begin = Math.max(0, from - 1);
      const end = Math.min(values.length - 1, to + 1);
      gaps.push({ x: x(begin), width: round(x(end) - x(begin)) });
      continue;
    }
    const points = values.slice(from, to + 1).map((value, index) => `${x(from + index)} ${y(value ?? 0)}`);
    // A single point has no width, so draw a short stroke.
    if (points.length === 1) points.push(`${round(x(from) + step / 2)} ${y(values[from] ?? 0)}`);
    line.push(`M${points.join('L')}`);
    area.push(`M${x(from)} ${bottom}L${points.join('L')}V${bottom}Z`);
  }
  return { line: line.join(''), area: area.join(''), gaps, peakY: max > 0 ? top : bottom };
}

function runsOf(values: readonly (number | null)[]): { from: number; to: number; isGap: boolean }[] {
  const runs: { from: number; to: number; isGap: boolean }[] = [];
  values.forEach((value, index) => {
    const last = runs.at(-1);
    if (last?.isGap === (value === null)) last.to = index;
    else runs.push({ from: index, to: index, isGap: value === null });
  });
  return runs;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
