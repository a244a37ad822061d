import type { LagByPriority, LagFigures, Measure } from '../snapshot/lag-facts.ts';
import { priorities, type Priority } from '../snapshot/queue-facts.ts';
import { createHistogram, histogramBytes, type Histogram } from './histogram.ts';

/** The `place` of samples over all relays, or on this device. Other samples have the ID of one relay. */
export const everywhere = 'all';

export interface Sample {
  readonly place: string;
  readonly measure: Measure;
  readonly priority: Priority;
  /** When the edit reached the rung, in ms since the Unix epoch. */
  readonly atMs: number;
  readonly tookMs: number;
}

/** The samples of the last 15 minutes in slices of 30 seconds, in bounded memory. */
export interface LagHistory {
  add(sample: Sample): void;
  /** Incremented with each sample. */
  readonly version: number;
  /** Changes when the windows advance. */
  sliceAt(nowMs: number): number;
  window(nowMs: number, windowMs: number): HistoryWindow;
}

export interface HistoryWindow {
  readonly sinceMs: number;
  read(place: string, measure: Measure): LagByPriority;
}

interface Slice {
  readonly startMs: number;
  readonly histograms: Map<string, Histogram>;
}

export const sliceMs = 30_000;
export const longestWindowMs = 15 * 60_000;

/** Beyond `maxBytes`, evicts the oldest slices and advances `sinceMs`. Keeps at least one, of up to 23 kB per place. */
export function createLagHistory(options: {
  readonly startMs: number;
  readonly maxBytes: number;
}): LagHistory {
  const maxHistograms = Math.max(1, Math.floor(options.maxBytes / histogramBytes));
  /** Oldest first. */
  let slices: readonly Slice[] = [];
  let fromMs = options.startMs;
  let version = 0;

  function sliceFor(atMs: number): Slice {
    const startMs = startOf(atMs);
    const last = slices.at(-1);
    if (last?.startMs === startMs) return last;
    // The clock was set back, so samples of the later time would mix with new ones.
    if (last && startMs < last.startMs) {
      slices = [];
      fromMs = atMs;
    }
    const slice = { startMs, histograms: new Map<string, Histogram>() };
    slices = [...slices.filter((known) => known.startMs >= startMs - longestWindowMs), slice];
    return slice;
  }

  function histogramIn(slice: Slice, key: string): Histogram {
    const known = slice.histograms.get(key);
    if (known) return known;
    const count = slices.reduce((sum, { histograms }) => sum + histograms.size, 0);
    const [oldest, next] = slices;
    if (count >= maxHistograms && oldest && next) {
      slices = slices.slice(1);
      fromMs = next.startMs;
    }
    const histogram = createHistogram();
    slice.histograms.set(key, histogram);
    return histogram;
  }

  return {
    get version() {
      return version;
    },
    sliceAt: startOf,
    add({ place, measure, priority, atMs, tookMs }) {
      version++;
      histogramIn(sliceFor(atMs), keyOf(place, measure, priority)).record(tookMs);
    },
    window(nowMs, windowMs) {
      const beginMs = startOf(nowMs) - windowMs;
      const inside = slices.filter(({ startMs }) => startMs >= beginMs);
      return {
        sinceMs: Math.max(beginMs, fromMs),
        read: (place, measure) => readFigures(inside, (priority) => keyOf(place, measure, priority)),
      };
    },
  };
}

function readFigures(slices: readonly Slice[], key: (priority: Priority) => string): LagByPriority {
  const all = createHistogram();
  const byPriority = priorities.map((priority): [Priority, LagFigures | undefined] => {
    const sum = createHistogram();
    for (const { histograms } of slices) {
      const histogram = histograms.get(key(priority));
      if (histogram) sum.add(histogram);
    }
    all.add(sum);
    return [priority, sum.read()];
  });
  return Object.fromEntries([['all', all.read()] as const, ...byPriority].filter(([, figures]) => figures));
}

function keyOf(place: string, measure: Measure, priority: Priority): string {
  return `${measure}/${priority}@${place}`;
}

function startOf(atMs: number): number {
  return Math.floor(atMs / sliceMs) * sliceMs;
}
