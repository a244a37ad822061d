import type { Reading, Series } from '../snapshot/measures.ts';

/** Per-second figures by name for the last seconds, in bounded memory. */
export interface SecondsRing {
  /** Adds to a count; a second without events counts as 0. */
  count(name: string, atMs: number, amount: number): void;
  /** Records a reading; a second keeps its highest. A second without readings, or with `unknown` only, has no data. */
  measure(name: string, atMs: number, reading: Reading): void;
  /** Mean of the counts over the last `seconds` whole seconds, or fewer if the ring is younger. */
  perSecond(name: string, nowMs: number, seconds: number): number;
  /** The highest reading or count in the ring, including the current second; `unknown` without any. */
  peak(name: string, nowMs: number): Reading;
  counts(name: string, nowMs: number): Series;
  measures(name: string, nowMs: number): Series;
}

interface Lane {
  readonly values: Float64Array;
  /** The second each slot belongs to. Stale slots are not cleared, only recognized. */
  readonly seconds: Float64Array;
}

/** Holds `maxBytes / (16 × (seconds + 1))` names; one more name evicts the oldest. */
export function createSecondsRing(options: {
  readonly startMs: number;
  readonly seconds: number;
  readonly maxBytes: number;
}): SecondsRing {
  const { seconds: length, maxBytes } = options;
  // One extra slot for the current, unfinished second.
  const slots = length + 1;
  const maxLanes = Math.max(1, Math.floor(maxBytes / (slots * 2 * Float64Array.BYTES_PER_ELEMENT)));
  const startSecond = toSecond(options.startMs);
  const lanes = new Map<string, Lane>();

  function laneFor(name: string): Lane {
    const known = lanes.get(name);
    if (known) return known;
    const [oldest] = lanes.keys();
    if (lanes.size >= maxLanes && oldest !== undefined) lanes.delete(oldest);
    const lane = { values: new Float64Array(slots), seconds: new Float64Array(slots).fill(-1) };
    lanes.set(name, lane);
    return lane;
  }

  function valueAt(lane: Lane | undefined, second: number): number | undefined {
    const slot = second % slots;
    return lane?.seconds[slot] === second ? lane.values[slot] : undefined;
  }

  function set(lane: Lane, second: number, value: number): void {
    lane.seconds[second % slots] = second;
    lane.values[second % slots] = value;
  }

  function series(name: string, nowMs: number, missing: (second: number) => number | null): Series {
    const lane = lanes.get(name);
    const end = toSecond(nowMs);
    const values: (number | null)[] = [];
    for (let second = end - length; second < end; second++) {
      values.push(valueAt(lane, second) ?? missing(second));
    }
    return { endMs: end * 1000, values };
  }

  return {
    count(name, atMs, amount) {
      const lane = laneFor(name);
      const second = toSecond(atMs);
      set(lane, second, (valueAt(lane, second) ?? 0) + amount);
    },
    measure(name, atMs, reading) {
      if (reading === 'unknown') return;
      const lane = laneFor(name);
      const second = toSecond(atMs);
      set(lane, second, Math.max(valueAt(lane, second) ?? 0, reading));
    },
    perSecond(name, nowMs, seconds) {
      const lane = lanes.get(name);
      const end = toSecond(nowMs);
      const begin = Math.max(end - seconds, startSecond);
      let sum = 0;
      for (let second = begin; second < end; second++) sum += valueAt(lane, second) ?? 0;
      return end > begin ? sum / (end - begin) : 0;
    },
    peak(name, nowMs) {
      const lane = lanes.get(name);
      const end = toSecond(nowMs);
      let peak: Reading = 'unknown';
      for (let second = end - length; second <= end; second++) {
        const value = valueAt(lane, second);
        if (value !== undefined && (peak === 'unknown' || value > peak)) peak = value;
      }
      return peak;
    },
    counts: (name, nowMs) => series(name, nowMs, (second) => (second < startSecond ? null : 0)),
    measures: (name, nowMs) => series(name, nowMs, () => null),
  };
}

function toSecond(ms: number): number {
  return Math.floor(ms / 1000);
}
