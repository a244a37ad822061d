import { fine, wrong, type Finding } from './finding.ts';

/** No version of this relay existed before. */
const earliestMs = Date.UTC(2025, 0, 1);
const toleratedMs = 10_000;

/** Times to compare with the clock of this machine, in ms since the Unix epoch. */
export interface OtherTimes {
  /** The time on the database server. */
  readonly nowMs?: number;
  /** When the database was last written to. */
  readonly touchedAtMs?: number;
}

export function checkClock({ nowMs, touchedAtMs }: OtherTimes, hereMs = Date.now()): Finding {
  const time = new Date(hereMs).toISOString();
  const advice = 'Synchronize the clock of this machine over the network.';
  if (hereMs < earliestMs) return wrong('clock', `The time here is ${time}, which is impossible. ${advice}`);
  if (nowMs !== undefined && Math.abs(nowMs - hereMs) > toleratedMs) {
    return wrong(
      'clock',
      `The time is ${time} here, but ${new Date(nowMs).toISOString()} on the database server. ${advice}`,
    );
  }
  if (touchedAtMs !== undefined && touchedAtMs - hereMs > toleratedMs) {
    const text = `The time here is ${time}, but the database was last written to at ${new Date(touchedAtMs).toISOString()}. ${advice}`;
    return wrong('clock', text);
  }
  return fine('clock', `The time here is ${time}.`);
}
