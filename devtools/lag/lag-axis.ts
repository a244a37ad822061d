/** A logarithmic axis that starts at 1 ms. */
export interface LagAxis {
  /** The position in percent. Values below 1 ms are at the start. */
  at(ms: number): number;
  readonly ticks: readonly { readonly at: number; readonly words: string }[];
}

/** The axis ends at 100 s, or later if needed, so that it stays still in normal use. */
const fewestDecades = 5;

export function lagAxis(longestMs: number): LagAxis {
  const decades = Math.max(fewestDecades, Math.ceil(decadesOf(longestMs)));
  return {
    at: (ms) => round((100 * decadesOf(ms)) / decades),
    ticks: Array.from({ length: decades + 1 }, (_, decade) => ({
      at: round((100 * decade) / decades),
      words: formatTick(10 ** decade),
    })),
  };
}

function decadesOf(ms: number): number {
  return Math.log10(Math.max(1, ms));
}

function formatTick(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 1_000_000) return `${ms / 1_000} s`;
  if (ms < 10_000_000) return `${Math.round(ms / 60_000)} min`;
  const hours = ms / 3_600_000;
  return `${hours < 9.95 ? hours.toFixed(1) : Math.round(hours).toLocaleString('en')} h`;
}

function round(percent: number): number {
  return Math.round(percent * 10) / 10;
}
