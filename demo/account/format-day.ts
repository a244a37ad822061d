const dayMs = 24 * 60 * 60 * 1000;

/** The day relative to now. Never fails, even for times in the future. */
export function formatDay(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  if (at.toDateString() === new Date(nowMs).toDateString()) return 'today';
  if (at.toDateString() === new Date(nowMs - dayMs).toDateString()) return 'yesterday';
  const isThisYear = at.getFullYear() === new Date(nowMs).getFullYear();
  return at.toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'long',
    ...(!isThisYear && { year: 'numeric' }),
  });
}

/** 0 means the time is unknown. */
export function formatLastUsed(lastUsedAtMs: number, nowMs: number): string {
  return lastUsedAtMs === 0 ? 'kept on this device' : `last used ${formatDay(lastUsedAtMs, nowMs)}`;
}
