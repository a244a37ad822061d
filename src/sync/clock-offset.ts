/** How far the relay's clock is ahead of this device's, from its pings. */
export interface ClockOffset {
  readonly currentMs: number | undefined;
  heard(relayTimeMs: number, nowMs: number): void;
}

const samplesKept = 16;

export function createClockOffset(): ClockOffset {
  const samples: number[] = [];
  return {
    get currentMs() {
      // The way here makes each sample too small by its time: the largest is the nearest to the truth.
      return samples.length === 0 ? undefined : Math.max(...samples);
    },
    heard(relayTimeMs, nowMs) {
      samples.push(Math.round(relayTimeMs - nowMs));
      if (samples.length > samplesKept) samples.shift();
    },
  };
}
