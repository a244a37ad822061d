import type { Reading } from '../../src/inspect/snapshot.ts';
import { bytesWords } from '../../src/inspect/shared/format.ts';

/** A dash stands only where nobody can know; the reason for it stands below the table. */
export function readingWords(reading: Reading, unit: 'count' | 'bytes' = 'count'): string {
  if (reading === 'unknown') return '–';
  return unit === 'bytes' ? bytesWords(reading) : reading.toLocaleString('en');
}

export function rateWords(perSecond: number): string {
  if (perSecond === 0) return '0';
  return perSecond < 9.95 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en');
}
