/** How far the relay's clock is ahead of this device's clock, measured by the relay's pings. */
export interface ClockOffset {
  readonly currentMs: number | undefined;
  addSample(relayTimeMs: number, nowMs: number): void;
}

const maxSamples = 16;
/** No ping takes longer, except while the device sleeps. */
const maxLatencyMs = 30_000;

export function createClockOffset(): ClockOffset {
  let samples: number[] = [];
  // Latency makes every sample too small, so the largest one is the most accurate.
  const largest = () => Math.max(...samples);

  return {
    get currentMs() {
      return samples.length === 0 ? undefined : largest();
    },
    addSample(relayTimeMs, nowMs) {
      samples = [...samples, Math.round(relayTimeMs - nowMs)].slice(-maxSamples);
      // Two pings in a row that latency does not explain: a clock was set. One may have waited while the device slept.
      const latest = samples.slice(-2);
      if (latest.every((sample) => largest() - sample > maxLatencyMs)) samples = latest;
    },
  };
}

/** The smallest among several relays: a clock that agrees with one of them is right. */
export function smallestOffset(offsetsMs: readonly number[]): number | undefined {
  return offsetsMs.toSorted((a, b) => Math.abs(a) - Math.abs(b))[0];
}
