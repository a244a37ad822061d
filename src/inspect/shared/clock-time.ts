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

/** "22:22", with the date unless it is today: "24 Nov 2026, 22:22". For times that others chose, too. */
export function formatMoment(atMs: number, nowMs: number): string {
  const date = new Date(atMs);
  if (Number.isNaN(date.getTime())) return 'an invalid time';
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  return isSameDay(atMs, nowMs) ? time : `${formatDay(atMs)}, ${time}`;
}

function formatDay(atMs: number): string {
  return new Date(atMs).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

function isSameDay(oneMs: number, otherMs: number): boolean {
  return new Date(oneMs).toDateString() === new Date(otherMs).toDateString();
}
