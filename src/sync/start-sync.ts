import { beginSync, type SyncToBegin } from './begin-sync.ts';
import type { SyncPeers } from './sync-peers.ts';
import { createTabs } from './tabs/tabs.ts';
import type { TabsSetup } from './tabs/tabs-options.ts';

/** `beginSync` for a session. A separate file, so that `setupSyncPeers` does not bundle `tabs`. */
export function startSync({
  tabs: setup,
  ...options
}: Omit<SyncToBegin, 'createTabs'> & {
  /** How the account's tabs on this device find each other. Default: they do not. */
  readonly tabs?: TabsSetup;
}): SyncPeers {
  return beginSync({
    ...options,
    createTabs: setup && ((parts) => createTabs({ ...parts, setup })),
  });
}
