/** `unknown`: read from a private field of cojson whose shape differs from the one we know. */
export type Reading = number | 'unknown';

/** A reading and its highest value in the last two minutes. */
export interface Gauge {
  readonly now: Reading;
  readonly peak: Reading;
}

/** One value a second, up to the last whole second; `null` if nothing was measured. */
export interface Series {
  readonly endMs: number;
  readonly values: readonly (number | null)[];
}

/** Messages and bytes since the inspector was created. */
export interface Traffic {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * What inspecting itself costs, as means over the last seconds. Excludes the work inside taps, which is too short to
 * time.
 */
export interface Cost {
  readonly msPerSecond: number;
  readonly eventsPerSecond: number;
}
