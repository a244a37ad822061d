import { isRecord } from '../account/records.ts';
import type { UnsyncedEdits, WantedAt } from './unsynced-edits.ts';

/** What tabs of one account say to each other. `turn` tells the answers to one question from those to another. */
export type TabMessage = Readonly<
  | { v: 1; type: 'ask'; turn: string; wantedAt: WantedAt }
  | { v: 1; type: 'end'; turn: string; wantedAt: WantedAt }
  | ({ v: 1; type: 'answer'; turn: string; tab: string } & UnsyncedEdits)
>;

/** Undefined for what another version of the kernel says. */
export function parseTabMessage(value: unknown): TabMessage | undefined {
  if (!isRecord(value) || value['v'] !== 1 || typeof value['turn'] !== 'string') return undefined;
  const { type, turn, wantedAt, tab, ids, isWhole } = value;
  if (type === 'ask' || type === 'end') {
    return wantedAt === 'here' || wantedAt === 'relay' ? { v: 1, type, turn, wantedAt } : undefined;
  }
  if (type !== 'answer' || typeof tab !== 'string' || typeof isWhole !== 'boolean') return undefined;
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) return undefined;
  return { v: 1, type, turn, tab, ids, isWhole };
}
