/** "3 s", "46 s", "2 min". Below a second it is a constant phrase, so that it does not flicker. */
export function formatDuration(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  if (seconds < 1) return 'under 1 s';
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

export function formatNextAttempt(retryAtMs: number, nowMs: number): string {
  return retryAtMs <= nowMs ? 'next attempt now' : `next attempt in ${formatDuration(retryAtMs - nowMs)}`;
}

/** "412 B", "1.1 kB", "2.4 MB": decimal units, one decimal place below ten. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'] as const;
  let amount = bytes;
  let unit = 0;
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1000;
    unit++;
  }
  const rounded = unit > 0 && amount < 9.95 ? amount.toFixed(1) : String(Math.round(amount));
  return `${rounded} ${units[unit] ?? 'B'}`;
}

export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** The first eight and last five characters: enough to distinguish two IDs, short enough for a row. */
export function shortID(id: string): string {
  return id.length <= 14 ? id : `${id.slice(0, 8)}…${id.slice(-5)}`;
}

/** The peers that cojson's tracker waits for; `any` is its wildcard. */
export function formatTrackedFor(trackedFor: readonly string[] | 'unknown'): string {
  if (trackedFor === 'unknown') return trackedFor;
  return trackedFor.map((id) => (id === 'any' ? 'any persistent peer' : id)).join(', ') || 'nothing';
}
