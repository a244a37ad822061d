import type { Platform } from '../../platform/platform.ts';
import { bytesToBase64url } from '../account/bytes.ts';

/** Tells a page that was set aside during a sign-out, and heard nothing of it. */
export interface SignedOutMark {
  set(): void;
  /** Calls when the page is back and the account was signed out meanwhile. Returns the end. */
  watch(signedOut: () => void): () => void;
}

export function createSignedOutMark(
  { marks, page, random }: Pick<Platform, 'marks' | 'page' | 'random'>,
  accountID: string,
): SignedOutMark {
  const key = `maia/signed-out/${accountID}`;
  // The key stays, with another value after each sign-out.
  const atFirst = marks?.getItem(key);
  return {
    set() {
      try {
        marks?.setItem(key, bytesToBase64url(random(9)));
      } catch {
        // No room for a few bytes. A page that is set aside then learns of it by its databases.
      }
    },
    watch: (signedOut) => page.on('show', () => marks?.getItem(key) !== atFirst && signedOut()),
  };
}
