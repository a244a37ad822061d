import type { JudgedWithHeads } from '../revocation-heads.ts';
import { keyEntryAt } from './keys.ts';

/** Who names which key. */
export interface KeyNamings {
  add(keyID: string, author: string, isAdministrator: boolean): void;
  /**
   * Whether a setting, or one of the first so many entries, names the key that is not this author's, or that was made without
   * the role of an administrator.
   */
  isByOthers(keyID: string, author: string, entryCount: number): boolean;
}

/** In the place of an author. */
const several = '';

export function createKeyNamings(entries: readonly number[], judged: JudgedWithHeads): KeyNamings {
  const authors = new Map<string, string>();
  let count = 0;

  function add(keyID: string, author: string, isAdministrator: boolean): void {
    const by = isAdministrator ? author : several;
    const known = authors.get(keyID);
    if (known !== by) authors.set(keyID, known === undefined ? by : several);
  }

  return {
    add,
    isByOthers(keyID, author, entryCount) {
      // When a group opens, nothing is judged that could change.
      for (const place of entries.slice(count, entryCount)) {
        const entry = keyEntryAt(judged, place);
        if (entry) add(entry.change.keyID, entry.author, entry.by === 'administrator');
      }
      count = Math.max(count, entryCount);
      const known = authors.get(keyID);
      return known !== undefined && known !== author;
    },
  };
}
