import { fine, wrong, type Finding } from './finding.ts';

/** Before it, there was no such relay. */
const earliestMs = Date.UTC(2025, 0, 1);
const toleratedMs = 10_000;

/** What this machine's clock can be held against, in ms since the Unix epoch. */
export interface OtherTimes {
  /** The time where the database is. */
  readonly nowMs?: number;
  /** When the database was last written to. */
  readonly touchedAtMs?: number;
}

export function checkClock({ nowMs, touchedAtMs }: OtherTimes, hereMs = Date.now()): Finding {
  const time = new Date(hereMs).toISOString();
  const advice = 'Let the machine take its time from the network.';
  if (hereMs < earliestMs) return wrong('clock', `It is ${time} here, which cannot be. ${advice}`);
  if (nowMs !== undefined && Math.abs(nowMs - hereMs) > toleratedMs) {
    return wrong(
      'clock',
      `It is ${time} here, and ${new Date(nowMs).toISOString()} where the database is. ${advice}`,
    );
  }
  if (touchedAtMs !== undefined && touchedAtMs - hereMs > toleratedMs) {
    const text = `It is ${time} here, and the database was written to at ${new Date(touchedAtMs).toISOString()}. ${advice}`;
    return wrong('clock', text);
  }
  return fine('clock', `It is ${time} here.`);
}
