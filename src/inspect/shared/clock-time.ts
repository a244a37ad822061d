/** Local time on a 24-hour clock, as everywhere in the panel: "14:32:04". */
export function formatClock(atMs: number): string {
  return new Date(atMs).toLocaleTimeString('en-GB');
}

/** "12 Oct 2026, 14:32:04" */
export function formatDateAndClock(atMs: number): string {
  return `${formatDay(atMs)}, ${formatClock(atMs)}`;
}

/** "14:32:04", with the date unless it is today. */
export function formatClockOf(atMs: number, nowMs: number): string {
  return isSameDay(atMs, nowMs) ? formatClock(atMs) : formatDateAndClock(atMs);
}

/** "at 22:22" or, unless it is today, "on 24 Nov 2026 at 22:22". Accepts times that others chose, even invalid ones. */
export function formatMoment(atMs: number, nowMs: number): string {
  const date = new Date(atMs);
  if (Number.isNaN(date.getTime())) return 'at an invalid time';
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  return isSameDay(atMs, nowMs) ? `at ${time}` : `on ${formatDay(atMs)} at ${time}`;
}

function formatDay(atMs: number): string {
  return new Date(atMs).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

function isSameDay(oneMs: number, otherMs: number): boolean {
  return new Date(oneMs).toDateString() === new Date(otherMs).toDateString();
}
