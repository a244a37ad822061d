import type { Reading } from '../../src/inspect/snapshot/measures.ts';
import { formatBytes } from '../../src/inspect/shared/format.ts';

/** A dash means unknown; a note below the table explains it. */
export function formatReading(reading: Reading, unit: 'count' | 'bytes' = 'count'): string {
  if (reading === 'unknown') return '–';
  return unit === 'bytes' ? formatBytes(reading) : reading.toLocaleString('en');
}

export function formatRate(perSecond: number): string {
  if (perSecond === 0) return '0';
  return perSecond < 9.95 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en');
}
