import type { Account } from 'jazz-tools';
import { setActiveAccount } from 'jazz-tools/testing';

/** The accounts of open managers, the active one last. */
const active: Account[] = [];

/**
 * Makes this the account that owns and loads whatever is not given another one. jazz-tools has one such account for the whole
 * page. Returns a function that gives way to the account before it.
 */
export function activateAccount(me: Account): () => void {
  active.push(me);
  setActiveAccount(me);
  return () => {
    const wasActive = active.at(-1) === me;
    active.splice(active.lastIndexOf(me), 1);
    // jazz-tools takes null, too: its types leave that out.
    if (wasActive) setActiveAccount(active.at(-1) ?? (null as unknown as Account));
  };
}
