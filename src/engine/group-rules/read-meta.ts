/**
 * GROUP-1: a transaction that its author wrote again after a fork names, in its meta, its first place (`s`, `mi`, `b`) and how
 * long ago it was first written (`t`, in ms). cojson shows it at that date, so it is judged by that date, too. Returns this
 * time, 0 without one, and undefined if the meta is malformed: cojson throws on some of it, and believes that another
 * account has written what names a session of theirs.
 */
export function readEarlier(author: string, meta: unknown): number | undefined {
  if (meta === undefined) return 0;
  if (typeof meta !== 'object' || meta === null || Array.isArray(meta)) return undefined;
  // Groups have no branches, and no first writers.
  if ('branch' in meta || 'merged' in meta || 'from' in meta || 'fww' in meta) return undefined;
  const { s, mi, b, t } = meta as Readonly<Record<string, unknown>>;
  if (!('mi' in meta)) return 0;
  const isOwn = typeof s === 'string' && s.startsWith(`${author}_session_`);
  const isPlace = Number.isSafeInteger(mi) && Number(mi) >= 0 && (b === undefined || typeof b === 'string');
  const isEarlier = typeof t === 'number' && Number.isFinite(t) && t > 0;
  return isOwn && isPlace && isEarlier ? t : undefined;
}
