import type { Platform } from '../../platform/platform.ts';
import { bytesToBase64url } from '../account/bytes.ts';

/** Lets a page that was frozen during a sign-out detect it after resuming. */
export interface SignedOutMark {
  set(): void;
  /** Calls back when the page resumes and the account was signed out in the meantime. Returns a function that stops it. */
  watch(signedOut: () => void): () => void;
}

export function createSignedOutMark(
  { marks, page, random }: Pick<Platform, 'marks' | 'page' | 'random'>,
  accountID: string,
): SignedOutMark {
  const key = `maia/signed-out/${accountID}`;
  // Each sign-out writes a new value under the same key.
  const atFirst = marks?.getItem(key);
  return {
    set() {
      try {
        marks?.setItem(key, bytesToBase64url(random(9)));
      } catch {
        // Storage is full. A frozen page then notices only that its databases are gone.
      }
    },
    watch: (signedOut) => page.on('show', () => marks?.getItem(key) !== atFirst && signedOut()),
  };
}
