import type { Marks } from '../../platform/platform.ts';

/**
 * Marks accounts whose databases are to be deleted, where a full disk takes no record of that. They hold as long as
 * `localStorage` does, which has its own quota; a lost mark leaves data behind that opens only with a passkey or phrase.
 */
export interface RemovalMarks {
  add(accountID: string): void;
  remove(accountID: string): void;
  has(accountID: string): boolean;
  all(): readonly string[];
}

/** One key for all accounts, because a start must find them. */
const key = 'maia/removals';

export function createRemovalMarks(marks: Marks | undefined): RemovalMarks {
  function all(): readonly string[] {
    try {
      const value: unknown = JSON.parse(marks?.getItem(key) ?? '[]');
      return Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];
    } catch {
      return []; // Storage is suddenly denied, or another script wrote this.
    }
  }

  function write(accountIDs: readonly string[]): void {
    try {
      if (accountIDs.length > 0) marks?.setItem(key, JSON.stringify(accountIDs));
      else marks?.removeItem(key);
    } catch {
      // Storage is full or suddenly denied: treat it as a lost mark.
    }
  }

  return {
    all,
    has: (accountID) => all().includes(accountID),
    add: (accountID) => write([...new Set([...all(), accountID])]),
    remove(accountID) {
      const before = all();
      if (before.includes(accountID)) write(before.filter((id) => id !== accountID));
    },
  };
}
