import type { ListedCoValue, ListOrder } from '../../src/inspect/covalue/list/listed-covalue.ts';
import type { CoValueState } from '../../src/inspect/covalue/covalue-facts.ts';
import { formatCount, formatDuration } from '../../src/inspect/shared/format.ts';
import { describeReason } from '../../src/inspect/unsynced/describe-reason.ts';

export interface Column {
  readonly order: ListOrder;
  readonly title: string;
  /** Which end comes first when the column is chosen. */
  readonly direction: 'ascending' | 'descending';
  readonly class: string;
}

/** After the column of glyphs. */
export const columns: readonly Column[] = [
  { order: 'name', title: 'CoValue', direction: 'ascending', class: '' },
  { order: 'kind', title: 'Kind', direction: 'ascending', class: 'middle' },
  { order: 'owner', title: 'Owner', direction: 'ascending', class: 'middle' },
  { order: 'bytes', title: 'Size', direction: 'descending', class: 'number' },
  { order: 'edited', title: 'Edited', direction: 'descending', class: 'number' },
  { order: 'readers', title: 'Readers', direction: 'descending', class: 'number wide-only' },
  { order: 'progress', title: 'Progress', direction: 'descending', class: 'why' },
];

const statesInWords: Readonly<Record<Exclude<CoValueState, 'in-memory' | 'no-id'>, string>> = {
  loading: 'loading',
  unloaded: 'on this device, not in memory',
  'on-device': 'on this device, not loaded',
  'not-found': 'requested, not found',
  'not-asked': 'only its ID is known',
};

export function formatProgress({ state, unsynced }: ListedCoValue, nowMs: number): string {
  if (unsynced) return describeReason(unsynced.reason, nowMs);
  return state === 'in-memory' || state === 'no-id' ? 'no edit is waiting' : statesInWords[state];
}

export function formatReaders({ readers }: ListedCoValue): string {
  if (readers === undefined) return '';
  return readers === 'not-open' ? 'not opened' : typeof readers === 'number' ? String(readers) : readers;
}

export function explainReaders({ readers }: ListedCoValue): string {
  if (readers === undefined) return '';
  if (readers === 'everyone') return 'Everyone who knows the ID can read it.';
  return readers === 'not-open'
    ? 'Its group, or a group above it, has not been opened on this page.'
    : `${formatCount(readers, 'member')} can read it, including this account.`;
}

const firstYearMs = Date.UTC(1971, 0);

export function formatOwner({ owner }: ListedCoValue): string {
  return owner ? (owner.name ?? `…${owner.id.slice(-5)}`) : '';
}

/** Authors choose the dates, so some are in the future. */
export function formatAge({ editedAtMs }: ListedCoValue, nowMs: number): string {
  if (editedAtMs === undefined) return '';
  // Accounts begin at a constant date, the same on all devices.
  if (editedAtMs < firstYearMs) return '–';
  const ms = nowMs - editedAtMs;
  if (Math.abs(ms) < 1000) return 'now';
  return ms < 0 ? `in ${formatDuration(-ms)}` : formatDuration(ms);
}
