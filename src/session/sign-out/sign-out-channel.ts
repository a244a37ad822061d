import { isRecord } from '../../base/record.ts';
import type { UnsyncedEdits, WantedAt } from './unsynced-edits.ts';

/** Messages between the tabs of one account. `turn` matches answers to their question. */
export type TabMessage = Readonly<
  | { v: 1; type: 'ask' | 'hold' | 'end'; turn: string; wantedAt: WantedAt }
  | ({ v: 1; type: 'answer'; turn: string; tab: string } & UnsyncedEdits)
>;

/** Undefined for a message from another version of the kernel. */
export function parseTabMessage(value: unknown): TabMessage | undefined {
  if (!isRecord(value) || value['v'] !== 1 || typeof value['turn'] !== 'string') return undefined;
  const { type, turn, wantedAt, tab, ids, isWhole } = value;
  if (type === 'ask' || type === 'hold' || type === 'end') {
    return wantedAt === 'here' || wantedAt === 'relay' ? { v: 1, type, turn, wantedAt } : undefined;
  }
  if (type !== 'answer' || typeof tab !== 'string' || typeof isWhole !== 'boolean') return undefined;
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) return undefined;
  return { v: 1, type, turn, tab, ids, isWhole };
}
