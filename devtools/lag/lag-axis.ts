/** A logarithmic axis from 1 ms on. */
export interface LagAxis {
  /** In percent of its length; what is shorter than 1 ms stands at its beginning. */
  at(ms: number): number;
  readonly ticks: readonly { readonly at: number; readonly words: string }[];
}

/** It ends at 100 s, or with the decade that the longest one needs: then nothing moves while things are as usual. */
const fewestDecades = 5;

export function lagAxis(longestMs: number): LagAxis {
  const decades = Math.max(fewestDecades, Math.ceil(decadesOf(longestMs)));
  return {
    at: (ms) => round((100 * decadesOf(ms)) / decades),
    ticks: Array.from({ length: decades + 1 }, (_, decade) => ({
      at: round((100 * decade) / decades),
      words: tickWords(10 ** decade),
    })),
  };
}

function decadesOf(ms: number): number {
  return Math.log10(Math.max(1, ms));
}

function tickWords(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 1_000_000) return `${ms / 1_000} s`;
  if (ms < 10_000_000) return `${Math.round(ms / 60_000)} min`;
  const hours = ms / 3_600_000;
  return `${hours < 9.95 ? hours.toFixed(1) : Math.round(hours).toLocaleString('en')} h`;
}

function round(percent: number): number {
  return Math.round(percent * 10) / 10;
}
