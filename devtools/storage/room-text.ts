import type { RoomFacts, StorageSizes } from '../../src/inspect/snapshot/storage-facts.ts';
import { formatBytes, formatDuration } from '../../src/inspect/shared/format.ts';
import type { Fact } from '../../src/inspect/report/headline.ts';

/** The share of the quota that counts as nearly full. */
export const nearlyFull = 0.9;

/** From 0 to 1. Undefined if the browser does not report it. */
export function fullnessOf({ usedBytes, quotaBytes }: RoomFacts): number | undefined {
  if (usedBytes === 'unknown' || quotaBytes === 'unknown' || quotaBytes <= 0) return undefined;
  return Math.min(1, usedBytes / quotaBytes);
}

export interface RoomText {
  readonly used: string;
  readonly of: string;
  readonly left: Fact;
  readonly measured: string;
}

export function describeRoom(room: RoomFacts, nowMs: number): RoomText {
  const { usedBytes, quotaBytes, measuredAtMs } = room;
  const isKnown = usedBytes !== 'unknown' && quotaBytes !== 'unknown';
  return {
    used: usedBytes === 'unknown' ? 'An unknown amount' : formatBytes(usedBytes),
    of:
      quotaBytes === 'unknown'
        ? 'used; the browser does not report the quota'
        : `used of ${formatBytes(quotaBytes)}`,
    left: {
      words: isKnown ? `${formatBytes(Math.max(0, quotaBytes - usedBytes))} left` : '',
      tone: (fullnessOf(room) ?? 0) >= nearlyFull ? 'warn' : 'plain',
    },
    measured:
      measuredAtMs === 'unknown'
        ? 'The browser’s estimate for the whole origin.'
        : `The browser’s estimate for the whole origin, ${formatDuration(nowMs - measuredAtMs)} ago.`,
  };
}

/** The shares of the used storage, by counted type and the rest of the origin. */
export function meterParts(
  { usedBytes }: RoomFacts,
  sizes: StorageSizes | undefined,
): readonly { readonly name: string; readonly share: number }[] {
  const counted = sizes?.kinds.reduce((sum, { bytes }) => sum + bytes, 0) ?? 0;
  // Browsers may compress stored data, so their figure can be smaller than ours; then show no shares.
  const isComparable = sizes?.state === 'done' && usedBytes !== 'unknown' && counted <= usedBytes;
  if (!isComparable || usedBytes === 0) return [{ name: 'used', share: 1 }];
  const parts = rowsOf(sizes).map(({ name, bytes }) => ({ name, share: bytes / usedBytes }));
  return [...parts, { name: 'other data of the origin', share: 1 - counted / usedBytes }];
}

const namesByKind = {
  Account: 'Group, account',
  Group: 'Group, account',
  CoMap: 'CoMap',
  CoList: 'CoList',
  CoStream: 'CoStream',
  Binary: 'Binary stream',
  Text: 'Text',
  unknown: 'Other',
} as const;

export interface SizeRow {
  readonly name: string;
  readonly coValues: number;
  readonly bytes: number;
  /** Its size as a share of the largest row's. */
  readonly share: number;
}

/** Sorted by size, largest first. */
export function rowsOf(sizes: StorageSizes): readonly SizeRow[] {
  const byName = new Map<string, { coValues: number; bytes: number }>();
  for (const { kind, coValues, bytes } of sizes.kinds) {
    const row = byName.get(namesByKind[kind]) ?? { coValues: 0, bytes: 0 };
    byName.set(namesByKind[kind], { coValues: row.coValues + coValues, bytes: row.bytes + bytes });
  }
  const most = Math.max(1, ...[...byName.values()].map(({ bytes }) => bytes));
  return [...byName]
    .map(([name, row]) => ({ name, ...row, share: row.bytes / most }))
    .sort((a, b) => b.bytes - a.bytes);
}

/** The state and age of a count. */
export function describeCount(sizes: StorageSizes, nowMs: number): Fact {
  const { state, of, done, total, unreadable, endedAtMs = nowMs, problem } = sizes;
  const ago = `${formatDuration(nowMs - endedAtMs)} ago`;
  const some = `${done.toLocaleString('en')} of ${total.toLocaleString('en')}`;
  const broken = unreadable > 0 ? ` · ${unreadable.toLocaleString('en')} could not be read` : '';
  switch (state) {
    case 'counting':
      return { words: total === 0 ? 'Finding the data' : `Counting, ${some}`, tone: 'plain' };
    case 'done':
      return {
        words: `${of === 'memory' ? 'In memory' : 'Counted'} ${ago}${broken}`,
        tone: unreadable > 0 ? 'warn' : 'plain',
      };
    case 'stopped':
      return { words: `Stopped at ${some}, ${ago}${broken}`, tone: 'warn' };
    case 'failed':
      return { words: problem ?? 'The count failed', tone: 'fail' };
  }
}
