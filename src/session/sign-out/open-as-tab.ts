import type { Platform } from '../../platform/platform.ts';
import type { Remember } from '../session-options.ts';
import { createSessionTabs, type SessionTabs } from './session-tabs.ts';

/**
 * Opens an account so that a sign-out in another tab either precedes it or ends it. Read what this device remembers of the
 * account inside `open`. Rejects with SESSION_CLOSED if a tab signs out meanwhile, or with TIMEOUT if one never finishes.
 */
export function openAsTab<T>(
  platform: Platform,
  accountID: string,
  { remember }: { readonly remember?: Remember },
  open: (tabs: SessionTabs | undefined) => Promise<T>,
): Promise<T> {
  // This run leaves no trace, not even in the names of locks.
  if (remember === 'never') return open(undefined);
  const tabs = createSessionTabs(platform, accountID);
  return tabs.opening(() => open(tabs));
}
