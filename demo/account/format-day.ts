const dayMs = 24 * 60 * 60 * 1000;

/** The day of a moment, as seen from now. A clock that was wrong then makes no difference but this one. */
export function dayWords(atMs: number, nowMs: number): string {
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

/** 0: when it was cannot be read. */
export function lastUsedWords(lastUsedAtMs: number, nowMs: number): string {
  return lastUsedAtMs === 0 ? 'kept on this device' : `last used ${dayWords(lastUsedAtMs, nowMs)}`;
}
