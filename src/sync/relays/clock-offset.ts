/** How far the relay's clock is ahead of this device's clock, measured by the relay's pings. */
export interface ClockOffset {
  readonly currentMs: number | undefined;
  addSample(relayTimeMs: number, nowMs: number): void;
}

const maxSamples = 16;

export function createClockOffset(): ClockOffset {
  const samples: number[] = [];
  return {
    get currentMs() {
      // Network latency makes every sample too small, so the largest one is the most accurate.
      return samples.length === 0 ? undefined : Math.max(...samples);
    },
    addSample(relayTimeMs, nowMs) {
      samples.push(Math.round(relayTimeMs - nowMs));
      if (samples.length > maxSamples) samples.shift();
    },
  };
}
