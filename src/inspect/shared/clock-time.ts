/** Local time on a 24-hour clock, as everywhere in the panel: "14:32:04". */
export function formatClock(atMs: number): string {
  return new Date(atMs).toLocaleTimeString('en-GB');
}

/** "12 Oct 2026, 14:32:04" */
export function formatDateAndClock(atMs: number): string {
  const day = new Date(atMs).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  });
  return `${day}, ${formatClock(atMs)}`;
}
