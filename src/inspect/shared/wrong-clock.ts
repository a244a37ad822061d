import { formatDuration } from './format.ts';

/** The kernel corrects the dates of all edits by smaller offsets. */
const minWrongMs = 5 * 60 * 1_000;
const dayMs = 24 * 60 * 60 * 1_000;

/** In whole minutes, because each ping changes it slightly. Undefined if the clock is right or not measured. */
export function wrongClock(offsetMs: number | undefined): number | undefined {
  if (offsetMs === undefined || Math.abs(offsetMs) <= minWrongMs) return undefined;
  return Math.round(offsetMs / 60_000) * 60_000;
}

/** Beyond what the kernel corrects: relays refuse edits that are dated a day ahead. */
export function isFarOff(offsetMs: number): boolean {
  return Math.abs(offsetMs) > dayMs;
}

/** Without a full stop. A positive offset means that the relay's clock is ahead. */
export function describeClock(offsetMs: number): string {
  const by = formatDuration(Math.abs(offsetMs));
  return `This device’s clock is ${by} ${offsetMs > 0 ? 'behind' : 'ahead of'} the relay’s`;
}

export const clockAdvice =
  'Correct the device’s date and time. Until then, relays may refuse edits, and other devices may put them in the wrong order.';
